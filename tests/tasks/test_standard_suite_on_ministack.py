"""The standard suite once more, on an emulator that shares no code with the first: for the kinds that both know."""

import itertools
from collections.abc import Iterator

import pytest

from tasks.scope import Scope
from tests.ministack import ministack
from tests.tasks.rows import ROWS
from tests.tasks.test_standard_suite import *  # noqa: F403

CHOSEN = {name: ROWS[name] for name in ("managed-policy", "instance-profile", "layer")}
"""Those that ministack keeps whole. It forgets the permissions boundary of a role, and its VPCs,
scaling groups and load balancers are too thin."""
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """One for the file."""
    with ministack() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        yield url


@pytest.fixture
def scope(aws: str) -> Scope:
    """An environment that nobody else has, empty."""
    return Scope(f"m{next(_numbers)}", "eu-west-1", poll_seconds=0.05)
