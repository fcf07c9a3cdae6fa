"""A bar in Prefect for what takes long: how many steps have ended, and which are to come."""

import threading
from typing import Any
from uuid import UUID

import pytest
from prefect import flow, task
from prefect.runtime import flow_run

from flows import watching
from tests.flows.server import post


def test_what_takes_long_shows_how_far_it_is_and_ends_at_a_hundred(
    prefect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "PATIENCE", 0.2)
    monkeypatch.setattr(watching, "PERIOD", 0.05)
    monkeypatch.setattr(watching, "NAMED", 1)
    let_go, told = threading.Event(), []

    def show(*given: Any) -> UUID:
        try:
            artifact = original(*given)
            told.append(_shown(prefect))
            return artifact
        finally:
            let_go.set()

    original = watching._show
    monkeypatch.setattr(watching, "_show", show)

    @task
    def step(wait: bool) -> None:
        assert not wait or let_go.wait(60)

    @flow
    def long() -> None:
        names = {"create a": False, "create b": True, "await b": True}
        steps = [(name, step.submit(wait)) for name, wait in names.items()]
        steps[0][1].wait()
        watching.wait_for(steps, "Raising camp")

    long()
    assert told[0] == (33, "Raising camp: 1 of 3 steps have ended; to come: create b and 1 more")
    assert told[-1] == (100, "Raising camp: 3 of 3 steps have ended")


def test_what_ends_soon_has_no_bar(prefect: str) -> None:
    @task
    def step() -> None:
        raise RuntimeError("not well")

    @flow
    def quick() -> Any:
        future = step.submit(return_state=False)
        watching.wait_for([("create a", future)], "Raising camp")
        assert future.state.is_failed()
        return _shown(prefect)

    assert quick() is None


def _shown(prefect: str) -> tuple[int, str] | None:
    """The bar of the current run: the percentage and the words."""
    found = post(prefect, "artifacts/filter", artifacts={"flow_run_id": {"any_": [str(flow_run.id)]}})
    if not found:
        return None
    (bar,) = found
    assert bar["type"] == "progress"
    return int(float(bar["data"])), bar["description"]
