"""Strike an environment: remove all that carries its tag, and prove it."""

import time

from prefect import flow

from flows.alarms import tell_failure
from flows.approval import approval_of
from flows.artifacts import show_plan, show_result, this_run
from flows.carry_out import carry_out
from flows.forms import Account, Region, Role
from flows.runners import STEPS
from tasks.decide import Plan
from tasks.errors import Failed
from tasks.lease import lease
from tasks.leftovers import left_over
from tasks.reading import plan_to_strike
from tasks.report import Outcome, Report, report_on
from tasks.retry import Retries, counted
from tasks.scope import Scope


@flow(name="tear-down", flow_run_name="strike {environment}", task_runner=STEPS, on_failure=[tell_failure])
def tear_down(
    environment: str,
    region: Region,
    account: Account = "",
    approved: str = "",
    role: Role = "",
    expired: bool = False,
    ask: bool = False,
) -> Report:
    """Remove all that carries the environment's tag. Needs no blueprint; ends with a fresh look at what is left.

    Args:
        environment: Its name.
        region: Where it stands, such as `eu-west-1`.
        account: If given, checked against the credentials before anything is done.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
        role: The ARN of a role to assume, for work in another account.
        expired: Strike it only if its time is over, as its tags say when the lease is taken.
        ask: Plan, then wait until somebody has answered the run's form; nothing is written before.
    """
    started, scope = time.monotonic(), Scope(environment, region, account=account, role=role)
    if not approved:
        planned = plan_to_strike(scope, expired=expired)
        if planned.settled:
            return _report(planned, scope, started, [], Retries())
        if ask:
            approved, started = approval_of(planned), time.monotonic()
    with lease(scope, this_run()), counted() as retries:
        planned = plan_to_strike(scope, expired=expired)
        planned.refuse_unless(approved)
        show_plan(planned)
        try:
            outcomes = carry_out(planned, scope, f"Striking {environment}")
        except Failed as error:
            raise error.leaving(left_over(scope)) from None
        report = _report(planned, scope, started, outcomes, retries)
    show_result(report)
    return report


def _report(planned: Plan, scope: Scope, started: float, outcomes: list[Outcome], retries: Retries) -> Report:
    """The report, with a fresh look at what is left."""
    remaining = left_over(scope)
    return report_on(
        planned,
        scope.calls.summary(),
        outcomes=tuple(outcomes),
        seconds=round(time.monotonic() - started, 3),
        retries=retries.summary,
        left=len(remaining),
        remaining=remaining or None,
    )
