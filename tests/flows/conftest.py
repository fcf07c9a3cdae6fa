"""A Prefect server for all tests of flows, with a home of its own, and what they raise on it."""

import itertools
import os
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

# Importing Prefect reads its home and makes it: never a person's own.
HOME = Path(tempfile.mkdtemp(prefix="castra-prefect-"))
os.environ["PREFECT_HOME"] = str(HOME)
for _setting in ("PREFECT_API_URL", "PREFECT_PROFILE"):
    os.environ.pop(_setting, None)

from tests.flows.server import prefect_server  # noqa: E402

_numbers = itertools.count(1)


@pytest.fixture(scope="session", autouse=True)
def prefect_home() -> Iterator[Path]:
    """Where Prefect keeps what it keeps, for this process and those it starts."""
    from prefect.settings import PREFECT_HOME, temporary_settings

    with temporary_settings({PREFECT_HOME: HOME}), pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(HOME))
        yield HOME
    shutil.rmtree(HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def prefect(prefect_home: Path) -> Iterator[str]:
    """A server that runs are told to: the API only, which keeps no task runs. Heartbeats cost a second a run."""
    from prefect.settings import (
        PREFECT_API_URL,
        PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
        PREFECT_LOGGING_TO_API_ENABLED,
        temporary_settings,
    )

    with prefect_server(prefect_home, "--no-services", "--no-ui") as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_API_URL", f"{url}/api")
        patch.setenv("PREFECT_LOGGING_TO_API_ENABLED", "false")
        settings = {
            PREFECT_API_URL: f"{url}/api",
            PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None,
            PREFECT_LOGGING_TO_API_ENABLED: False,
        }
        with temporary_settings(settings):
            yield url


@pytest.fixture
def name() -> str:
    """An environment's name that no other test of this process has."""
    return f"e{next(_numbers)}"


@dataclass(frozen=True)
class Heard:
    """An event as Prefect is given it."""

    event: str
    resource: dict[str, str]
    payload: dict[str, Any]


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[Heard]:
    """The events that flows emit; `tests/deployments/test_alarms.py` follows one on its way to people."""
    from flows import alarms

    events: list[Heard] = []
    monkeypatch.setattr(alarms, "emit_event", lambda **told: events.append(Heard(**told)))
    return events
