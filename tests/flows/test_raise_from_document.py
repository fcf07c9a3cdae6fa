"""A blueprint from a form: its text, or a path of a file that the worker has; what is wrong is told with its place."""

from pathlib import Path

import pytest
import yaml

from blueprints.environment import Environment
from blueprints.problem import Invalid
from flows.raise_from_document import environment_of, raise_from_document
from flows.tear_down import tear_down
from tests.flows.world import REGION, ROOT, scope, small, small_document, standing, whole
from tests.physics import Physics


@pytest.mark.usefixtures("prefect")
def test_text_that_is_pasted_is_raised_and_ends_when_the_form_says(aws: Physics, name: str) -> None:
    report = raise_from_document(yaml.safe_dump(small_document(name)), expires_after="8h")
    assert standing(name) == whole(small(name))
    assert report.expires is not None
    assert 7 * 3600 < (report.expires - scope(name).now).total_seconds() <= 8 * 3600
    tear_down(name, REGION)


def test_a_path_is_one_of_the_workers_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(ROOT)
    web = environment_of(" examples/web.yaml\n")
    assert isinstance(web, Environment)
    assert web.name == "web"
    outside = tmp_path / "web.yaml"
    outside.write_text("name: web\nregion: eu-west-1\n")
    for path in (str(outside), f"examples/../../{tmp_path.name}/web.yaml"):
        with pytest.raises(Invalid, match="it's outside of the worker's folder"):
            environment_of(path)
    with pytest.raises(Invalid, match="there's no such file"):
        environment_of("examples/nothing.yaml")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("web", "should be a mapping"),
        ("name: web\nregion: [", "it isn't YAML"),
        ("name: web\nregion: eu-west-1\nnetwrk: {cidr: 10.0.0.0/16}\n", "netwrk"),
    ],
)
def test_text_that_does_not_fit_is_told_with_its_place(text: str, why: str) -> None:
    with pytest.raises(Invalid, match=why):
        environment_of(text)
