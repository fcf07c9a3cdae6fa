"""A raising that is killed at any moment is gone on with by the next one, and nothing is made twice."""

import random
import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from blueprints.environment import Environment
from blueprints.reading import load
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tests.flows.shell import LIMIT, killed, start
from tests.flows.world import (
    REGION,
    age_the_lease,
    standing,
    web,
    web_document,
    whole,
    witness,
    writes,
    written,
)
from tests.physics import Physics
from tests.physics.rules import When

pytestmark = pytest.mark.usefixtures("prefect")
MOMENTS = (2, random.Random(1848).randrange(3, 80))
"""At which of the eighty or so writes of a raising it is killed: just after the lease was taken, and anywhere."""


@pytest.fixture(scope="module")
def undisturbed(aws: Physics, prefect: str) -> Counter[str]:
    """How many of each thing a raising makes that nobody kills."""
    before = witness()
    first = len(writes(aws, lease=True))
    spin_up(web("undisturbed"))
    assert max(MOMENTS) < len(writes(aws, lease=True)) - first
    made = witness() - before
    assert tear_down("undisturbed", REGION).left == 0
    return made


@pytest.fixture
def blueprint(tmp_path: Path, name: str) -> Path:
    """The example under a name of its own, as a file."""
    return written(web_document(name), tmp_path)


@pytest.fixture(autouse=True)
def orders_end(aws: Physics) -> Iterator[None]:
    """No rule outlives its test."""
    yield
    aws.rules.clear()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_at_a_write_the_next_run_ends_where_an_undisturbed_one_would(
    aws: Physics, blueprint: Path, name: str, undisturbed: Counter[str], moment: int, when: When
) -> None:
    environment: Environment = load(blueprint)
    before = witness()
    killed(aws, blueprint, moment, when)
    assert standing(name) != whole(environment)
    age_the_lease(name)
    spin_up(environment)
    assert standing(name) == whole(environment)
    assert witness() - before == undisturbed
    assert tear_down(name, REGION).left == 0
    assert witness() == before


def test_killed_while_it_strikes_the_next_run_leaves_nothing(
    aws: Physics, blueprint: Path, name: str, undisturbed: Counter[str]
) -> None:
    before = witness()
    spin_up(load(blueprint))
    process = start("down", name, "--region", REGION, "--yes")
    aws.kill(process.pid, 20, "after")
    process.communicate(timeout=LIMIT)
    assert process.returncode == -signal.SIGKILL
    assert 0 < len(standing(name)) < sum(undisturbed.values())
    age_the_lease(name)
    assert tear_down(name, REGION).left == 0
    assert witness() == before


@pytest.mark.thorough
def test_a_dead_runs_lease_is_waited_for_until_it_expires_by_s3s_clock(
    aws: Physics, blueprint: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(aws, blueprint, 1, "after", "CreateVpc")
    age_the_lease(name, -300)  # so that it lasts on a busy machine
    made = standing(name)
    with start("up", blueprint, "--yes") as process:
        assert process.stderr is not None
        told = next(line for line in process.stderr if "waiting to see whether it's alive" in line)
        assert "held by flow run raise" in told
        assert standing(name) == made
        age_the_lease(name, 330)
        _, errors = process.communicate(timeout=LIMIT)
    assert process.returncode == 0, errors
    assert standing(name) == whole(load(blueprint))
    tear_down(name, REGION)
