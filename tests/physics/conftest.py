"""An emulator for each test, reset before; `make` builds what the tests stand on."""

from collections.abc import Iterator

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds


@pytest.fixture(scope="module")
def calm() -> Iterator[Physics]:
    with Physics("calm") as aws:
        yield aws


@pytest.fixture
def aws(calm: Physics) -> Physics:
    """AWS's refusals, no delay, no fault."""
    calm.reset()
    return calm


@pytest.fixture
def make(aws: Physics) -> Builds:
    return Builds(aws)
