"""An AWS that refuses, waits and breaks as the real one does, for what a plain emulator can't show."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tasks.scope import Scope
from tests.conftest import FAKE
from tests.physics import Physics

Weather = Callable[..., Physics]


@pytest.fixture
def weather(monkeypatch: pytest.MonkeyPatch) -> Iterator[Weather]:
    """Opens one: `weather(scale=1000, times={"nat_available": 90})`. Scopes made afterwards use it."""
    opened: list[Physics] = []

    def open_it(**settings: Any) -> Physics:
        physics = Physics("calm", region="eu-west-1", **settings)
        opened.append(physics.__enter__())
        for name, value in {**FAKE, "AWS_ENDPOINT_URL": physics.url}.items():
            monkeypatch.setenv(name, value)
        return physics

    yield open_it
    for physics in opened:
        physics.__exit__(None, None, None)


@pytest.fixture
def physics(weather: Weather) -> Physics:
    """One without delays and faults."""
    return weather()


@pytest.fixture
def strict(physics: Physics) -> Scope:
    """An environment in it."""
    return Scope("strict", "eu-west-1", poll_seconds=0.05)
