"""Resume an environment that was paused."""

import time

from prefect import flow

from flows.artifacts import show_operation, this_run
from flows.carry_out import RUNNER
from flows.perform import perform
from tasks import pausing
from tasks.lease import lease
from tasks.operation import Operation
from tasks.scope import Scope


@flow(name="resume", flow_run_name="resume {environment}", task_runner=RUNNER)
def resume(
    environment: str,
    region: str,
    account: str | None = None,
    role: str | None = None,
    approved: str | None = None,
) -> Operation:
    """Give groups the sizes that they had before their pause, and start what was stopped by it.

    Run it again after any failure: it goes on.

    Args:
        environment: Its name.
        region: Where it stands, such as `eu-west-1`.
        account: If given, checked against the credentials before anything is done.
        role: The ARN of a role to assume, for work in another account.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
    """
    started, scope = time.monotonic(), Scope(environment, region, account=account, role=role)
    if approved is None and (planned := pausing.plan_resume(scope)).settled:
        return planned.done((), time.monotonic() - started, scope.calls.summary())
    with lease(scope, this_run()):
        planned = pausing.plan_resume(scope)
        planned.refuse_unless(approved)
        show_operation(planned)
        done = perform(planned, lambda deed: pausing.resume(scope, deed), scope, f"Resuming {environment}")
    show_operation(done)
    return done
