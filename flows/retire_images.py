"""Retire the images that nothing reaches any more, a step at a time."""

from datetime import UTC, datetime

from prefect import flow

from blueprints.retiring import Retiring
from flows.artifacts import show_operation, this_run
from flows.carry_out import RUNNER
from flows.perform import perform
from tasks.images.stepping import carry_out
from tasks.images.stock import plan_retirement, take_stock
from tasks.lease import lease
from tasks.operation import Operation
from tasks.scope import Scope


@flow(name="retire-images", flow_run_name="retire images in {region}", task_runner=RUNNER)
def retire_images(
    policy: Retiring,
    region: str,
    account: str | None = None,
    role: str | None = None,
    approved: str | None = None,
) -> Operation:
    """Deprecate, disable and deregister images that nothing reaches, with days between, and undo what was too early.

    Run it daily: each run does the steps that are due. Run it again after any failure: it goes on.

    Args:
        policy: Which images are looked at, how many stay, and the days between two steps.
        region: Where they are.
        account: If given, checked against the credentials before anything is done.
        role: The ARN of a role to assume, for work in another account.
        approved: The fingerprint of the plan that somebody agreed to; if the world has moved since, nothing is done.
    """
    scope, now = Scope(None, region, account=account, role=role), datetime.now(UTC)
    _ = scope.account
    with lease(scope, this_run(), of="images"):
        stock = take_stock(scope, policy, now)
        planned = plan_retirement(stock, policy, region, now)
        planned.refuse_unless(approved)
        done = perform(planned, lambda deed: carry_out(scope, deed, stock), scope, f"retire images in {region}")
    show_operation(done)
    return done
