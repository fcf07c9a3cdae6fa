"""What all tests share: an emulated AWS with its physics, and credentials that could never reach a real one."""

import itertools
import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from tasks.scope import Scope
from tests.physics import Physics

FAKE = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}
_numbers = itertools.count(1)
settings.register_profile("castra", deadline=None)  # what else a machine does is no fault of what's tested
settings.load_profile("castra")


@pytest.fixture(scope="session", autouse=True)
def no_real_aws() -> Iterator[None]:
    """Without an emulator, calls go to a port where nobody listens."""
    patch = pytest.MonkeyPatch()
    for name, value in FAKE.items():
        patch.setenv(name, value)
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_REGION", "AWS_DEFAULT_REGION"):
        patch.delenv(name, raising=False)
    patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    yield
    patch.undo()


@pytest.fixture(scope="module")
def aws() -> Iterator[Physics]:
    """A calm AWS on this machine, one for a file. Each test has an environment of its own in it."""
    with Physics("calm") as physics, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", physics.url)
        yield physics


@pytest.fixture
def scope(aws: Physics) -> Iterator[Scope]:
    """An environment that nobody else has, empty. Fails the test if a call broke the emulator."""
    before = len(aws.crashes())
    yield Scope(f"t{next(_numbers)}", "eu-west-1", poll_seconds=0.05)
    assert aws.crashes()[before:] == []
