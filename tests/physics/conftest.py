"""One calm emulator for each test file, reset before each test; `make` builds what the tests stand on."""

from collections.abc import Iterator

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds


@pytest.fixture(scope="module")
def stage() -> Iterator[Builds]:
    """An emulator with its clients, which take longest to make."""
    with Physics("calm") as aws:
        yield Builds(aws)


@pytest.fixture
def make(stage: Builds) -> Builds:
    """AWS's refusals, no delay, no fault."""
    stage.aws.reset()
    return stage


@pytest.fixture
def aws(make: Builds) -> Physics:
    return make.aws
