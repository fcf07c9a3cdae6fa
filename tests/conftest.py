"""What all tests share: an emulated AWS of their own, and credentials that could never reach a real one."""

import itertools
import logging
import os
from collections.abc import Iterator

import pytest
from moto.server import ThreadedMotoServer

from tasks.scope import Scope

logging.getLogger("werkzeug").setLevel(logging.ERROR)
FAKE = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_EC2_METADATA_DISABLED": "true"}


_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def aws() -> Iterator[str]:
    """An AWS on this machine, shared by a process; its URL. Each test has an environment of its own in it."""
    os.environ.update(FAKE, MOTO_IAM_LOAD_MANAGED_POLICIES="true")
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    os.environ["AWS_ENDPOINT_URL"] = f"http://{host}:{port}"
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def scope(aws: str) -> Scope:
    """An environment that nobody else has, empty: resetting the emulator would take a second."""
    return Scope(f"t{next(_numbers)}", "eu-west-1", poll_seconds=0.05)
