"""Some of `make crash-test`: a few writes of one blueprint, chosen by a seed, in every way of going wrong."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.crash.cases import Life, Undisturbed
from tests.crash.disturbing import Case, Mode
from tests.crash.operations import Run
from tests.crash.stage import Stage, prefect, stage
from tests.flows.world import small_document

DRAWN = random.Random(753)
MODES: tuple[Mode, ...] = ("kill-before", "kill-after", "lose")
CASES = [(mode, DRAWN.randint(3, 14)) for mode in MODES]
"""Both directions of each: raising takes some twenty writes, striking some fifteen."""


@pytest.fixture(scope="module")
def scene() -> Iterator[Stage]:
    """One emulator, and one Prefect server, for all."""
    with prefect(), stage() as scene:
        yield scene


@pytest.fixture(scope="module")
def blueprint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network in one zone: nine parts of seven kinds. `make crash-test` takes the examples."""
    file = tmp_path_factory.mktemp("crash") / "crash.yaml"
    file.write_text(yaml.safe_dump(small_document("crash")))
    return file


@pytest.fixture(scope="module")
def reference(scene: Stage, blueprint: Path) -> Undisturbed:
    return Life(Case(str(blueprint), "lose", 0), scene).undisturbed()


@pytest.mark.parametrize(("mode", "k"), CASES)
def test_disturbed_at_a_write_both_ways_it_ends_as_if_nothing_had_been(
    scene: Stage, blueprint: Path, reference: Undisturbed, mode: Mode, k: int
) -> None:
    result = Life(Case(str(blueprint), mode, k), scene, reference).live()
    assert (result.wrong, result.struck) == ([], 2)


@pytest.mark.thorough
def test_two_that_race_each_other_leave_exactly_one_of_everything(
    scene: Stage, blueprint: Path, reference: Undisturbed
) -> None:
    result = Life(Case(str(blueprint), "race", 5, "up"), scene, reference).live()
    assert (result.wrong, result.struck) == ([], 1)


@pytest.mark.thorough
@pytest.mark.parametrize("mode", MODES)
def test_an_operation_disturbed_at_a_write_ends_as_if_nothing_had_been(scene: Stage, mode: Mode) -> None:
    whole = Run(Case("publish", "lose", 0, operation=True), scene).undisturbed()
    result = Run(Case("publish", mode, DRAWN.randint(1, whole.writes), operation=True), scene, whole).live()
    assert (result.wrong, result.struck) == ([], 1)


def test_what_is_missing_doubled_or_left_is_told(scene: Stage, blueprint: Path, reference: Undisturbed) -> None:
    """The test's own eyes: a world that isn't as it should be is never called right."""
    life = Life(Case(str(blueprint), "lose", 0), scene, reference)
    scene.reset()
    ec2 = scene.client("ec2")
    assert scene.castra(*life.raising).code == 0
    life._standing(reference.whole)
    assert life.result.wrong == []
    tags = [{"Key": "castra:environment", "Value": "crash"}, {"Key": "castra:part", "Value": "vpc/main"}]
    ec2.create_vpc(CidrBlock="10.30.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])
    table = next(one for one in ec2.describe_route_tables()["RouteTables"] if one["Tags"])
    ec2.create_tags(Resources=[table["RouteTableId"]], Tags=[{"Key": "Name", "Value": "by hand"}])
    ec2.allocate_address(Domain="vpc")
    life._left(reference.struck)
    life._compare(reference.whole)
    told = {(wrong, what.partition(":")[0]) for wrong, what in life.result.wrong}
    assert {("doubled", "Vpcs vpc/main"), ("doubled", "Addresses "), ("left", "Vpcs vpc/main")} <= told
    assert any(wrong == "lost" and what.startswith("RouteTables") for wrong, what in told)
