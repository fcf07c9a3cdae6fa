"""submit and settle: a plan's steps as Prefect futures, and one answer when all of them have ended."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

from prefect.futures import PrefectFuture

from blueprints.part import Part
from flows.artifacts import show_plan, show_result, this_run
from flows.runners import RUNNER as RUNNER
from flows.watching import wait_for
from tasks.converge import await_ready, ensure, remove
from tasks.decide import Plan, outputs
from tasks.elsewhere import count
from tasks.errors import CastraError, Failed, Halted, LeaseLost, explain
from tasks.lease import lease
from tasks.reading import plan_beside
from tasks.registry import KINDS
from tasks.report import Outcome, Report, report_on
from tasks.retry import counted
from tasks.scope import Scope
from tasks.survey import look


@dataclass
class Submitted:
    """Futures by the name of the step: what was made or changed, and what is awaited apart."""

    steps: dict[str, PrefectFuture[Any]] = field(default_factory=dict)
    waits: dict[str, PrefectFuture[Any]] = field(default_factory=dict)


def submit(plan: Plan, scope: Scope) -> Submitted:
    """Submit all that makes or changes something, in topological order, each with the futures of what it needs."""
    submitted = Submitted()
    for step in plan.steps:
        if step.action == "delete" or step.asked is None:
            continue
        kind = KINDS[step.kind]
        if step.action != "keep":
            upstream = {key: submitted.steps[key] for key in step.asked.needs if key in submitted.steps}
            told = [output for output in step.asked.outputs if output.partition(".")[0] not in upstream]
            needs = (*step.asked.needs, *step.asked.lookups, *told)
            known = {key: plan.ids[key] for key in needs if key in plan.ids}
            ready = [submitted.waits[key] for key in step.asked.awaits if key in submitted.waits]
            submitted.steps[step.part] = ensure.submit(
                kind, step, scope, known, upstream, return_state=False, wait_for=ready
            )
        if kind.waits and (step.action != "keep" or step.pending):
            outcome: Any = submitted.steps.get(step.part) or Outcome(part=step.part, action="keep", id=str(step.id))
            submitted.waits[step.part] = await_ready.submit(kind, outcome, scope)
    return submitted


def submit_removals(plan: Plan, scope: Scope) -> Submitted:
    """Submit every removal, each with the futures of what must be gone before it."""
    submitted = Submitted()
    for removal in plan.removals:
        if removal.along:
            continue
        first = [submitted.steps[label] for label in removal.after]
        submitted.steps[removal.label] = remove.submit(
            KINDS[removal.kind], removal, scope, return_state=False, wait_for=first
        )
    return submitted


def settle(submitted: Submitted, what: str) -> list[Any]:
    """Wait until all have ended; give the outcomes, or raise one error that names each failure with its reason.

    Raises LeaseLost or Halted where that is what ended the run, Failed otherwise.
    """
    named = [*submitted.steps.items(), *((f"await {part}", future) for part, future in submitted.waits.items())]
    wait_for(named, what)
    outcomes = [future.result() for future in submitted.steps.values() if future.state.is_completed()]
    errors: dict[str, CastraError] = {}
    held_back: list[str] = []
    for name, future in named:
        if future.state.is_completed():
            continue
        error = _failure(future)
        if error is None or isinstance(error, Halted):
            held_back.append(name)
        else:
            errors[name] = _explained(error, name)
    if lost := next((error for error in errors.values() if isinstance(error, LeaseLost)), None):
        raise lost
    if not errors and not held_back:
        return outcomes
    if not errors:
        why = f"the run was asked to stop: {len(outcomes)} steps are done, {len(held_back)} weren't started"
        raise Halted(what, why, "Run the same command again: it goes on from what stands")
    reasons = {name: f"{error.why.rstrip('.')}. {error.way_out}".strip() for name, error in errors.items()}
    raise Failed(what, reasons, held_back, len(outcomes))


def carry_out(plan: Plan, scope: Scope, what: str) -> list[Outcome]:
    """Bring about what the plan says; nothing is removed unless all that is wanted stands and is ready."""
    scope.expires = plan.expires or scope.expires
    outcomes = _counted(submit(plan, scope), scope, what) + _counted(submit_removals(plan, scope), scope, what)
    taken_along = (removal for removal in plan.removals if removal.along)
    return outcomes + [Outcome(part=one.part, action="delete", id=one.id) for one in taken_along]


def _counted(submitted: Submitted, scope: Scope, what: str) -> list[Outcome]:
    """Settle, and count what steps have cost in other processes."""
    outcomes: list[Outcome] = settle(submitted, what)
    for outcome in (*outcomes, *(future.result() for future in submitted.waits.values())):
        count(outcome, scope)
    return outcomes


def deploy(parts: Sequence[Part], told: Collection[str], scope: Scope, what: str) -> Report:
    """Under the lease, bring these parts about and leave all else as it is; outputs are those of the kinds `told`."""
    started = time.monotonic()
    with lease(scope, this_run()), counted() as retries:
        planned = plan_beside(parts, scope)
        show_plan(planned)
        outcomes = carry_out(planned, scope, what)
        found = [one for part in parts if part.kind in told for one in look(scope, KINDS[part.kind], part.name)]
        report = report_on(
            planned,
            scope.calls.summary(),
            outcomes=tuple(outcomes),
            outputs=outputs(found),
            seconds=round(time.monotonic() - started, 3),
            retries=retries.summary,
        )
    show_result(report)
    return report


def _failure(future: PrefectFuture[Any]) -> Any:
    """Why a step failed; None where it was held back. What ends without a state of its own was lost with its worker."""
    if future.state.is_final():
        return future.result(raise_on_failure=False)
    if future.state.name == "NotReady":
        return None
    try:
        return future.result(timeout=0, raise_on_failure=False)
    except TimeoutError:
        return None
    except Exception as error:  # noqa: BLE001 - Dask's own, to be told
        return error


def _explained(error: Any, name: str) -> CastraError:
    kind = KINDS.get(name.removeprefix("await ").partition("/")[0])
    actions = kind.actions if kind else ()
    return explain(error, name, actions) if isinstance(error, BaseException) else CastraError(name, str(error))
