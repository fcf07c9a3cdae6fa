"""Pause an environment: nothing of it runs until it's resumed."""

import time

from prefect import flow

from flows.artifacts import show_operation, this_run
from flows.carry_out import RUNNER
from flows.perform import perform
from tasks import pausing
from tasks.lease import lease
from tasks.operation import Operation
from tasks.scope import Scope


@flow(name="pause", flow_run_name="pause {environment}", task_runner=RUNNER)
def pause(
    environment: str,
    region: str,
    account: str | None = None,
    role: str | None = None,
    approved: str | None = None,
) -> Operation:
    """Take groups to no servers and stop instances, with how they were written into their tags first.

    Run it again after any failure: it goes on.

    Args:
        environment: Its name.
        region: Where it stands, such as `eu-west-1`.
        account: If given, checked against the credentials before anything is done.
        role: The ARN of a role to assume, for work in another account.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
    """
    started, scope = time.monotonic(), Scope(environment, region, account=account, role=role)
    if approved is None and (planned := pausing.plan_pause(scope)).settled:
        return planned.done((), time.monotonic() - started, scope.calls.summary())
    with lease(scope, this_run()):
        planned = pausing.plan_pause(scope)
        planned.refuse_unless(approved)
        show_operation(planned)
        done = perform(planned, lambda deed: pausing.pause(scope, deed), scope, f"Pausing {environment}")
    show_operation(done)
    return done
