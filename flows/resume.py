"""Resume an environment that was paused."""

from prefect import flow

from flows.carry_out import RUNNER
from flows.forms import Account, Region, Role
from flows.perform import Work, plan_and_perform
from tasks import pausing
from tasks.operation import Operation
from tasks.scope import Scope


@flow(name="resume", flow_run_name="resume {environment}", task_runner=RUNNER)
def resume(
    environment: str,
    region: Region,
    account: Account = "",
    role: Role = "",
    approved: str = "",
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
    scope = Scope(environment, region, account=account, role=role)

    def plan() -> tuple[Operation, Work]:
        return pausing.plan_resume(scope), lambda deed: pausing.resume(scope, deed)

    return plan_and_perform(plan, scope, f"Resuming {environment}", approved)
