"""An operation's deeds as Prefect tasks, and one answer when all of them have ended."""

import time
from collections.abc import Callable, Sequence
from typing import Any

from prefect import task
from prefect.cache_policies import NO_CACHE
from prefect.task_runners import ThreadPoolTaskRunner

from flows.artifacts import show_operation, this_run
from flows.carry_out import Submitted, settle
from tasks.each import each
from tasks.errors import Failed, Halted, LeaseLost, explain
from tasks.lease import lease
from tasks.operation import Deed, Operation
from tasks.progress import Event, announce, step
from tasks.scope import Scope

MOST_TASKS = 200  # Prefect records each task; beyond that, several deeds share one
NARROW: Any = ThreadPoolTaskRunner(max_workers=16)
"""For flows whose deeds don't wait for each other: a task has up to 32 threads of its own, and the calls are paced."""

Work = Callable[[Deed], Deed]
"""Carries one deed out, and gives it with its id. Looks first whether it's done already: it may be tried again."""


def plan_and_perform(
    plan: Callable[[], tuple[Operation, Work]],
    scope: Scope,
    what: str,
    approved: str,
    *,
    of: str = "",
) -> Operation:
    """A verb's whole course: plan under the lease, see that it's what was agreed to, carry it out, and show it.

    Where there's nothing to do, and nothing was agreed to, no lease is taken. `of` says of what in the environment the
    lease is, if not of all. Raises Moved, Held, and what `perform` raises.
    """
    started = time.monotonic()
    _ = scope.account
    if not approved and (planned := plan()[0]).settled:
        done = planned.done((), time.monotonic() - started, scope.calls.summary())
        show_operation(done)
        return done
    with lease(scope, this_run(), of=of):
        planned, work = plan()
        planned.refuse_unless(approved)
        show_operation(planned)
        done = perform(planned, work, scope, what)
    done = done.model_copy(update={"seconds": round(time.monotonic() - started, 3)})
    show_operation(done)
    return done


def perform(planned: Operation, work: Work, scope: Scope, what: str, deeds: Sequence[Deed] | None = None) -> Operation:
    """Carry the deeds that write out, side by side; one that fails holds up no other.

    `deeds` are some of them, where others have to wait. Raises Failed with the reason of each that failed.
    """
    started, chosen = time.monotonic(), planned.changes if deeds is None else deeds
    submitted = Submitted()
    for batch in _batches(chosen, -(-len(chosen) // MOST_TASKS)):
        label = batch[0].what if len(batch) == 1 else f"{batch[0].what} and {len(batch) - 1} more"
        name = f"{batch[0].action} {label}"
        submitted.steps[name] = _do.submit(name, batch, work, scope, return_state=False)
    ended = tuple(deed for batch in settle(submitted, what) for deed in batch)
    return planned.done(ended, time.monotonic() - started, scope.calls.summary())


@task(name="do", task_run_name="{name}", cache_policy=NO_CACHE)
def _do(name: str, batch: Sequence[Deed], work: Work, scope: Scope) -> list[Deed]:
    """Carry several deeds of one action out, at once. All are tried before an error is raised."""
    if len(batch) == 1:
        return [_one(batch[0], work, scope)]
    tried = [(deed, ended) for deed, ended in each(lambda deed: _tried(deed, work, scope), batch)]
    failures = {deed.what: ended for deed, ended in tried if isinstance(ended, Exception)}
    for error in failures.values():
        if isinstance(error, Halted | LeaseLost):
            raise error
    if failures:
        reasons = {what: explain(error, what).why for what, error in failures.items()}
        raise Failed(name, reasons, (), len(tried) - len(failures))
    return [ended for _, ended in tried if isinstance(ended, Deed)]


def _tried(deed: Deed, work: Work, scope: Scope) -> Deed | Exception:
    try:
        return _one(deed, work, scope)
    except Exception as error:  # noqa: BLE001 - told by whom it's given to, with those of the others
        return error


def _one(deed: Deed, work: Work, scope: Scope) -> Deed:
    """One deed, told as it goes, unless the run may write no more."""
    what, started = f"{deed.action} {deed.what}", time.monotonic()
    with step(what):
        scope.go_ahead.check()
        done = work(deed)
    seconds = time.monotonic() - started
    announce(Event("done", what, done.id or "", seconds))
    return done.model_copy(update={"seconds": round(seconds, 3)})


def _batches(deeds: Sequence[Deed], size: int) -> list[list[Deed]]:
    """Of one action each, in their order."""
    by_action: dict[str, list[Deed]] = {}
    for deed in deeds:
        by_action.setdefault(deed.action, []).append(deed)
    return [same[start : start + size] for same in by_action.values() for start in range(0, len(same), size)]
