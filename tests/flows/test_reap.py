"""Environments are struck once their time is over, by nothing but their tags."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from flows.extend import extend
from flows.reap import reap
from flows.spin_up import spin_up
from tasks.converge import tasks_of
from tasks.errors import Failed
from tasks.operation import Operation
from tasks.registry import KINDS
from tasks.scope import Scope
from tests.flows.conftest import Heard
from tests.flows.shell import LIMIT, castra, start
from tests.flows.world import REGION, age_the_lease, client, ids, nothing_written, small, standing, whole
from tests.physics import Physics

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture(autouse=True)
def orders_end(aws: Physics) -> Iterator[None]:
    """No rule outlives its test, and no environment that has an end."""
    yield
    aws.rules.clear()
    aws.advance(400 * 86400)
    reap(REGION)


def actions(done: Operation) -> dict[str, str]:
    return {deed.what: deed.action for deed in done.deeds}


def test_struck_is_what_is_over_and_nothing_else(aws: Physics, name: str) -> None:
    over, later, endless = f"{name}-over", f"{name}-later", f"{name}-endless"
    spin_up(small(over, expires_after="8h"))
    spin_up(small(later, expires_after="9h"))
    spin_up(small(endless))
    with nothing_written(aws, lease=True):
        assert actions(reap(REGION)) == {over: "keep", later: "keep"}
    aws.advance(8 * 3600 + 60)
    done = reap(REGION)
    assert actions(done) == {over: "strike", later: "keep"}
    assert standing(over) == []
    assert standing(later) == whole(small(later))
    assert standing(endless) == whole(small(endless))
    assert "0 resources left" in next(deed.because for deed in done.deeds if deed.what == over)


def test_a_resource_without_the_tag_holds_its_environment(aws: Physics, name: str) -> None:
    spin_up(small(name, expires_after="8h"))
    vpc = ids(name)["vpc/main"]
    client("ec2").delete_tags(Resources=[vpc], Tags=[{"Key": "castra:expires"}])
    aws.advance(9 * 3600)
    assert name not in actions(reap(REGION))
    assert standing(name) == whole(small(name))
    client("ec2").create_tags(Resources=[vpc], Tags=[{"Key": "castra:expires", "Value": "2020-01-01T00:00:00Z"}])
    reap(REGION)
    assert standing(name) == []


def test_a_proof_of_a_backup_that_was_left_behind_is_struck(aws: Physics, name: str) -> None:
    """Its tag is one of its own tags, as the proof gives it."""
    scope = Scope(f"proof-{name}", REGION, tags={"castra:expires": "2020-01-01T00:00:00Z"}, poll_seconds=0.05)
    vpc = next(part for part in small(name).parts() if part.kind == "vpc")
    make, _ = tasks_of(KINDS["vpc"])
    make.fn(scope, vpc)
    assert actions(reap(REGION))[f"proof-{name}"] == "strike"
    assert standing(f"proof-{name}") == []


@pytest.mark.thorough
def test_one_that_fails_holds_up_no_other_and_the_next_run_goes_on(aws: Physics, name: str) -> None:
    both = {f"{name}-a", f"{name}-b"}
    for each in both:
        spin_up(small(each, expires_after="8h"))
    aws.advance(9 * 3600)
    aws.rule("DeleteVpc", "error:UnauthorizedOperation:403", nth=1)
    with pytest.raises(Failed) as failed:
        reap(REGION)
    (bad,) = (one for one in both if f"strike {one}" in failed.value.failures)
    (good,) = both - {bad}
    assert standing(good) == []
    assert [part for part, _ in standing(bad)] == ["vpc/main"]
    aws.rules.clear()
    reap(REGION)
    assert standing(bad) == []


@pytest.mark.thorough
def test_killed_while_it_strikes_the_next_run_leaves_nothing(aws: Physics, name: str) -> None:
    spin_up(small(name, expires_after="8h"))
    aws.advance(9 * 3600)
    process = start("reap", "--region", REGION, "--yes")
    aws.kill(process.pid, 6, "after")
    process.communicate(timeout=LIMIT)
    assert process.returncode == -signal.SIGKILL
    assert 0 < len(standing(name)) < len(whole(small(name)))
    age_the_lease(name)
    ended = castra("reap", "--region", REGION, "--yes")
    assert ended.returncode == 0, ended.stderr
    assert standing(name) == []


@pytest.mark.thorough
def test_what_was_extended_since_it_was_looked_at_is_left_alone(
    aws: Physics, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spin_up(small(name, expires_after="8h"))
    aws.advance(9 * 3600)
    from flows import reap as module
    from flows.tear_down import tear_down

    def extended_first(*words: Any, **more: Any) -> Any:
        extend(name, REGION, "2d")
        return tear_down(*words, **more)

    monkeypatch.setattr(module, "tear_down", extended_first)
    done = reap(REGION)
    assert [deed.because for deed in done.deeds if deed.what == name] == [
        "it ends later than it did when it was looked at"
    ]
    assert standing(name) == whole(small(name))


def test_a_warning_comes_before_and_a_word_after(aws: Physics, name: str, heard: list[Heard]) -> None:
    spin_up(small(name, expires_after="8h", owner="ada"))
    heard.clear()
    reap(REGION, warn="1h")
    assert heard == []
    aws.advance(7 * 3600 + 1800)
    reap(REGION, warn="1h")
    (warned,) = heard
    assert warned.event == "castra.environment.expiring"
    assert warned.resource["prefect.resource.id"] == f"castra.environment.{name}"
    assert warned.resource["castra.region"] == REGION
    assert warned.payload["owner"] == "ada"
    assert 1200 < warned.payload["seconds_left"] <= 1800
    assert f"castra extend {name}" in warned.payload["reason"]
    aws.advance(3600)
    reap(REGION, warn="1h")
    ended = heard[-1]
    assert (ended.event, ended.payload["owner"], ended.payload["left"]) == ("castra.environment.expired", "ada", 0)
