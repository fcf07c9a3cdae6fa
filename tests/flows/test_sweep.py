"""A verb for every environment of a folder: which ones, where, and what becomes of one that fails."""

from pathlib import Path
from threading import Barrier, Lock
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from prefect.client.schemas.objects import State
from prefect.states import Completed, Crashed
from prefect.states import Failed as FailedState

from blueprints.problem import Invalid
from flows import sweep as sweeping
from flows.sweep import Place, environments_in, sweep
from tasks.errors import Failed
from tests.flows.world import REGION, small_document

POLICY = {"select": {"tags": {"backup": "yes"}}, "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}}
ROLE = "arn:aws:iam::222222222222:role/castra"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two environments, of which one has backups."""
    documents = {"web": small_document("web"), "shop": {"name": "shop", "region": REGION, "backups": {"all": POLICY}}}
    for name, document in documents.items():
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(document))
    (tmp_path / "README.md").write_text("not a blueprint")
    return tmp_path


def test_a_verb_takes_the_environments_that_it_concerns(folder: Path) -> None:
    assert list(environments_in(folder, "back-up")) == ["shop in eu-west-1"]
    assert list(environments_in(folder, "drift")) == ["shop in eu-west-1", "web in eu-west-1"]
    assert environments_in(folder, "prove-backups") == {}


def test_places_take_the_place_of_the_documents_own(folder: Path) -> None:
    places = [Place(region="eu-west-1"), Place(region="us-east-1", role=ROLE)]
    there = environments_in(folder, "back-up", places)
    assert list(there) == ["shop in eu-west-1", f"shop in us-east-1 as {ROLE}"]
    assert [(one.region, one.role, one.account) for one in there.values()][1] == ("us-east-1", ROLE, None)


def test_what_cant_be_read_is_told_before_anything_is_started(folder: Path) -> None:
    (folder / "wrong.yaml").write_text("name: wrong\n")
    with pytest.raises(Invalid, match="region"):
        environments_in(folder, "back-up")
    with pytest.raises(Invalid, match="there's no folder"):
        environments_in(folder / "nowhere", "back-up")


class Started:
    """Prefect's `run_deployment`, which notes what was started, and ends each run as the test says."""

    def __init__(self, **states: "State[Any]") -> None:
        self.states, self.asked = states, []  # type: ignore[var-annotated]

    def __call__(self, name: str, *, parameters: Any, idempotency_key: str, poll_interval: float) -> Any:
        self.asked.append((name, parameters["blueprint"], idempotency_key))
        return SimpleNamespace(name=name, state=self.states[parameters["blueprint"]["name"]])


def test_each_environment_gets_a_run_of_its_own_with_its_whole_document(
    prefect: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = Started(shop=Completed(), web=Completed())
    monkeypatch.setattr(sweeping, "run_deployment", started)
    swept = sweep("drift", str(folder))
    assert set(swept.ended) == {"shop in eu-west-1", "web in eu-west-1"}
    assert {name for name, _, _ in started.asked} == {"drift/castra"}
    documents = {document["name"]: document for _, document, _ in started.asked}
    assert documents["web"] == small_document("web") | documents["web"]
    assert documents["shop"]["backups"]["all"]["when"]["cron"] == "0 2 * * *"
    assert len({key for _, _, key in started.asked}) == 2


class Counting:
    """A `run_deployment` that waits until as many are under way as may be, and notes the most that there were."""

    def __init__(self, wide: int) -> None:
        self.gate, self.lock, self.under_way, self.most = Barrier(wide), Lock(), 0, 0

    def __call__(self, name: str, **asked: Any) -> Any:
        with self.lock:
            self.under_way += 1
            self.most = max(self.most, self.under_way)
        self.gate.wait(60)
        with self.lock:
            self.under_way -= 1
        return SimpleNamespace(name=name, state=Completed())


def test_no_more_runs_are_under_way_than_may_be(prefect: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counting = Counting(2)
    monkeypatch.setattr(sweeping, "run_deployment", counting)
    places = [Place(region=region) for region in ("eu-west-1", "us-east-1", "us-west-2")]
    assert len(sweep("spin-up", str(folder), places, at_once=2).ended) == 6
    assert counting.most == 2


def test_one_that_fails_holds_up_no_other_and_is_named(
    prefect: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = Started(shop=FailedState(message="instance/db: it is locked"), web=Completed())
    monkeypatch.setattr(sweeping, "run_deployment", started)
    with pytest.raises(Failed, match="instance/db: it is locked") as failed:
        sweep("drift", str(folder))
    assert list(failed.value.failures) == ["shop in eu-west-1"]
    assert len(started.asked) == 2
    monkeypatch.setattr(sweeping, "run_deployment", Started(shop=Crashed(), web=Completed()))
    with pytest.raises(Failed, match="crashed"):
        sweep("drift", str(folder))


def test_retirement_takes_the_documents_that_build_images_and_not_those_whose_images_are_parts(tmp_path: Path) -> None:
    built = {"bake": {"base": {"id": "ami-12345678"}, "commands": ["true"]}}
    for name, image in {"golden": built, "plain": {"from_snapshot": "snap-12345678"}}.items():
        document = {"name": name, "region": REGION, "images": {"web": image}}
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(document))
    assert list(environments_in(tmp_path, "retire-images")) == [f"golden in {REGION}"]
