"""Every example and every blueprint of the catalogue comes back as one that changes nothing, or is refused by name."""

from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from blueprints.environment import Environment
from blueprints.reading import data_in, load
from tasks.errors import Refused
from tasks.exporting.writing import export_to
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.wheels import ask_no_index, wheel

ROOT = Path(__file__).parents[3]
FILES = sorted([*ROOT.glob("examples/*.yaml"), *ROOT.glob("blueprints/catalog/*.yaml")])
QUICK = ("examples/people.yaml", "blueprints/catalog/batch.yaml")
"""The others are covered by the shorter tests beside this one, and tried by `make thorough`."""
REFUSED: dict[str, str] = {}
"""By file, what an export of it is refused with, as a regular expression. Take out what can be written."""


def names() -> Iterator[object]:
    for path in FILES:
        name = path.relative_to(ROOT).as_posix()
        yield pytest.param(path, id=name, marks=() if name in QUICK else pytest.mark.thorough)


def make_ready(environment: Environment) -> None:
    """What must be there before: an image that it boots from."""
    ec2 = boto3.client("ec2", region_name=environment.region)
    for name in environment.images:
        tags = [{"Key": "castra:image", "Value": name}]
        said = [{"ResourceType": "image", "Tags": tags}]
        ec2.register_image(Name=f"{environment.name}-{name}", TagSpecifications=said, RootDeviceName="/dev/xvda")


@pytest.fixture(scope="module")
def scope(aws: Physics) -> Scope:
    """One for all, as making its clients takes as long as an export."""
    return Scope("none", "eu-west-1", poll_seconds=0.05)


@pytest.fixture(autouse=True)
def alone(aws: Physics) -> Iterator[None]:
    """Some are called alike, and striking each would take longer than all the rest."""
    yield
    aws.reset()


@pytest.fixture(autouse=True)
def index(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the examples' layers are made from."""
    folder = tmp_path_factory.mktemp("index")
    wheel(folder, "requests")
    ask_no_index(folder, monkeypatch)


@pytest.mark.parametrize("path", tuple(names()))
def test_it_comes_back_as_a_blueprint_that_changes_nothing(
    aws: Physics, scope: Scope, path: Path, tmp_path: Path
) -> None:
    environment, name = load(path), path.relative_to(ROOT).as_posix()
    make_ready(environment)
    kinds, out = {part.kind for part in environment.parts()}, tmp_path / "again.yaml"
    assert environment.region == scope.region
    scope.environment, scope.tags = environment.name, environment.all_tags
    raise_all(scope, environment.parts(), among=kinds)
    before = len(aws.writes())
    if name in REFUSED:
        with pytest.raises(Refused, match=REFUSED[name]):
            export_to(scope, out)
        assert list(tmp_path.iterdir()) == []
        return
    told = export_to(scope, out)
    again = load(out)
    planned = look_and_plan(scope, again.parts(), among=kinds)
    assert [(step.part, step.changes) for step in planned.changes] == []
    assert {step.action for step in planned.steps} == {"keep"}
    assert {part.key for part in again.parts()} == {part.key for part in environment.parts()}
    assert aws.writes()[before:] == []
    assert data_in(out.read_text()) == told.document


def test_what_is_refused_is_there() -> None:
    assert set(REFUSED) <= {path.relative_to(ROOT).as_posix() for path in FILES}
