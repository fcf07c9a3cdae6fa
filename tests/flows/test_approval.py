"""A run that asks: it pauses on a real server with its plan and a form, and does what was agreed to, or nothing."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any

import pytest

from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tasks.converge import tasks_of
from tasks.errors import Declined, Moved
from tasks.registry import KINDS
from tests.flows.server import post
from tests.flows.shell import LIMIT
from tests.flows.world import REGION, keys, nothing_written, scope, small, standing, whole
from tests.physics import Physics


class Asked:
    """A run in a thread of its own, that waits for an answer."""

    def __init__(self, url: str, label: str, run: Callable[[], Any], pool: ThreadPoolExecutor) -> None:
        self.url, known = url, {one["id"] for one in self._runs(url, label)}
        self.ending: Future[Any] = pool.submit(copy_context().run, run)
        deadline = time.monotonic() + LIMIT
        while True:
            new = [one for one in self._runs(url, label) if one["id"] not in known]
            if new and new[0]["state_type"] == "PAUSED":
                break
            assert not self.ending.done(), self.ending.exception()
            assert time.monotonic() < deadline, new
            time.sleep(0.2)
        self.id = str(new[0]["id"])

    def answer(self, **given: Any) -> str:
        """Fill in the form; whether the server took it."""
        return str(post(self.url, f"flow_runs/{self.id}/resume", run_input=given)["status"])

    @property
    def state(self) -> str:
        """The run's state, as the server has it."""
        return str(post(self.url, "flow_runs/filter", flow_runs={"id": {"any_": [self.id]}})[0]["state_type"])

    def artifact(self, key: str) -> Any:
        """The rows of a table that the run left."""
        found = post(self.url, "artifacts/filter", artifacts={"flow_run_id": {"any_": [self.id]}})
        return next(json.loads(one["data"]) for one in found if one["key"] == key)

    @staticmethod
    def _runs(url: str, label: str) -> list[Any]:
        return list(post(url, "flow_runs/filter", flow_runs={"name": {"any_": [label]}}))


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


def test_a_no_ends_the_run_with_its_reason_and_nothing_was_written(
    aws: Physics, prefect: str, name: str, pool: ThreadPoolExecutor
) -> None:
    with nothing_written(aws):
        asked = Asked(prefect, f"raise {name}", lambda: spin_up(small(name), ask=True), pool)
        assert {row["part"] for row in asked.artifact(f"plan-{name}")} == set(keys(small(name)))
        assert asked.answer(approve="perhaps") == "REJECT"
        assert asked.state == "PAUSED"
        assert asked.answer(approve=False, why="not on a Friday") == "ACCEPT"
        with pytest.raises(Declined, match="the plan was declined: not on a Friday"):
            asked.ending.result(LIMIT)
    assert asked.state == "FAILED"
    assert asked.artifact(f"approval-{name}")[0]["why"] == "not on a Friday"


def test_a_yes_to_a_plan_that_isnt_true_any_more_is_refused(
    aws: Physics, prefect: str, name: str, pool: ThreadPoolExecutor
) -> None:
    asked = Asked(prefect, f"raise {name}", lambda: spin_up(small(name), ask=True), pool)
    make, _ = tasks_of(KINDS["vpc"])
    make.fn(scope(name), next(part for part in small(name).parts() if part.kind == "vpc"))
    assert asked.answer(approve=True) == "ACCEPT"
    with pytest.raises(Moved):
        asked.ending.result(LIMIT)
    assert [part for part, _ in standing(name)] == ["vpc/main"]


@pytest.mark.thorough
def test_a_yes_does_what_was_agreed_to_and_no_lease_is_held_before(
    aws: Physics, prefect: str, name: str, pool: ThreadPoolExecutor
) -> None:
    asked = Asked(prefect, f"raise {name}", lambda: spin_up(small(name), ask=True), pool)
    assert asked.answer(approve=True, why="agreed") == "ACCEPT"
    asked.ending.result(LIMIT)
    assert standing(name) == whole(small(name))
    asked = Asked(prefect, f"strike {name}", lambda: tear_down(name, REGION, ask=True), pool)
    spin_up(small(name, network={"endpoints": ["s3", "dynamodb"]}))  # another run may go on meanwhile
    asked.answer(approve=True)
    with pytest.raises(Moved):
        asked.ending.result(LIMIT)
    asked = Asked(prefect, f"strike {name}", lambda: tear_down(name, REGION, ask=True), pool)
    assert asked.answer(approve=True, why="it has served") == "ACCEPT"
    assert asked.ending.result(LIMIT).left == 0
    assert tear_down(name, REGION, ask=True).left == 0  # where there's nothing to do, nobody is asked
