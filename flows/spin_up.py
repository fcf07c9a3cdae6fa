"""Raise an environment, or bring it up to date."""

import time

from prefect import flow

from flows.alarms import tell, tell_failure
from flows.approval import approval_of
from flows.artifacts import show_outputs, show_picture, show_plan, show_result, this_run
from flows.carry_out import carry_out
from flows.forms import Blueprint, LifetimeOrNone
from flows.runners import STEPS
from tasks.decide import Plan
from tasks.expiry import as_tag
from tasks.lease import lease
from tasks.reading import outputs_of, plan_of, scope_of
from tasks.report import Outcome, Report, report_on
from tasks.retry import Retries, counted
from tasks.scope import Scope


@flow(name="spin-up", flow_run_name="raise {blueprint.name}", task_runner=STEPS, on_failure=[tell_failure])
def spin_up(
    blueprint: Blueprint,
    expires_after: LifetimeOrNone = "",
    ask: bool = False,
    replace: tuple[str, ...] = (),
    approved: str = "",
) -> Report:
    """Raise this environment, or bring it up to date. Run it again after any failure: it goes on from what stands.

    Args:
        blueprint: The environment that is wanted: YAML, or the path of its file, such as examples/web.yaml.
        expires_after: How long it stands, such as 8h or 3d, before it ends itself; as the document says, if left empty.
        ask: Plan, then wait until somebody has answered the run's form; nothing is written before.
        replace: Parts that may be replaced though they hold something, such as `subnet/public-a`.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
    """
    if expires_after:
        blueprint = blueprint.model_copy(update={"expires_after": expires_after})
    started, scope = time.monotonic(), scope_of(blueprint)
    if not approved:
        planned = plan_of(blueprint, scope, replace)
        if planned.settled:
            show_plan(planned)
            show_outputs(blueprint.name, planned.outputs)
            return _report(planned, scope, started, [], planned.outputs, Retries())
        if ask:
            approved, started = approval_of(planned), time.monotonic()
    with lease(scope, this_run()), counted() as retries:
        planned = plan_of(blueprint, scope, replace)
        planned.refuse_unless(approved)
        show_plan(planned)
        outcomes = carry_out(planned, scope, f"Raising {blueprint.name}")
    report = _report(planned, scope, started, outcomes, outputs_of(scope), retries)
    show_result(report)
    show_outputs(blueprint.name, report.outputs or {})
    show_picture(blueprint)
    reason = f"it stands as asked for: {len(planned.changes)} parts changed in {report.seconds} s"
    tell("castra.environment.raised", blueprint, reason, expires=as_tag(report.expires), outputs=report.outputs)
    return report


def _report(
    planned: Plan, scope: Scope, started: float, outcomes: list[Outcome], outputs: dict[str, str], retries: Retries
) -> Report:
    return report_on(
        planned,
        scope.calls.summary(),
        outcomes=tuple(outcomes),
        outputs=outputs,
        seconds=round(time.monotonic() - started, 3),
        retries=retries.summary,
    )
