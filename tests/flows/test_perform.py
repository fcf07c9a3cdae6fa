"""Deeds as Prefect tasks: side by side, in batches where there are many, each failure told by its name."""

from collections.abc import Callable
from threading import Lock
from typing import Any

import pytest
from prefect import flow

from flows.carry_out import RUNNER
from flows.perform import MOST_TASKS, Work, perform
from tasks.errors import CastraError, Failed, Halted
from tasks.operation import Deed, Operation
from tasks.scope import Scope


def planned(count: int) -> Operation:
    deeds = tuple(Deed(what=f"thing-{number}", action="take") for number in range(count))
    return Operation(verb="take", subject="t", region="eu-west-1", deeds=(*deeds, Deed(what="old", action="keep")))


@pytest.fixture
def run(prefect: str, scope: Scope) -> Callable[[Operation, Work], Operation]:
    @flow(task_runner=RUNNER)
    def verb(operation: Operation, work: Work) -> Operation:
        return perform(operation, work, scope, "Taking things")

    return verb


def test_each_deed_that_writes_is_done_once_and_told_with_its_id(
    run: Callable[[Operation, Work], Operation],
) -> None:
    seen: list[str] = []
    lock = Lock()

    def work(deed: Deed) -> Deed:
        with lock:
            seen.append(deed.what)
        return deed.model_copy(update={"id": f"id-of-{deed.what}"})

    done = run(planned(2 * MOST_TASKS + 1), work)
    assert sorted(seen) == sorted(deed.what for deed in done.changes)
    assert all(deed.id == f"id-of-{deed.what}" and deed.seconds is not None for deed in done.changes)
    assert done.seconds is not None


@pytest.mark.parametrize("count", [3, MOST_TASKS + 3])
def test_one_that_fails_is_named_and_the_others_are_done(
    run: Callable[[Operation, Work], Operation], count: int
) -> None:
    seen: list[str] = []

    def work(deed: Deed) -> Deed:
        seen.append(deed.what)
        if deed.what == "thing-1":
            raise CastraError(deed.what, "it is locked", "Unlock it")
        return deed

    with pytest.raises(Failed, match="it is locked") as failed:
        run(planned(count), work)
    assert "thing-1" in str(failed.value)
    assert len(seen) == count


def test_a_run_that_may_write_no_more_does_nothing(run: Callable[[Operation, Work], Operation], scope: Scope) -> None:
    class No:
        def check(self) -> None:
            raise Halted("halt", "the run was asked to stop", "Run it again")

    scope.go_ahead = No()
    with pytest.raises(Halted):
        run(planned(3), lambda deed: pytest.fail(f"did {deed.what}"))


@pytest.mark.usefixtures("prefect")
def test_a_table_of_very_many_deeds_shows_what_is_changed_and_counts_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    from flows import artifacts

    made: dict[str, Any] = {}
    monkeypatch.setattr(artifacts, "create_table_artifact", lambda **told: made.update(told))
    kept = tuple(Deed(what=f"kept-{number}", action="keep") for number in range(artifacts.MOST_ROWS))
    many = planned(3)
    artifacts.show_operation(many.model_copy(update={"deeds": (*kept, *many.changes)}))
    assert [row["what"] for row in made["table"][:4]] == ["thing-0", "thing-1", "thing-2", "kept-0"]
    assert len(made["table"]) == artifacts.MOST_ROWS
    assert "; 3 more deeds aren't in this table" in made["description"]
