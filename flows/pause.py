"""Pause an environment: nothing of it runs until it's resumed."""

from prefect import flow

from flows.carry_out import RUNNER
from flows.forms import Account, Region, Role
from flows.perform import Work, plan_and_perform
from tasks import pausing
from tasks.operation import Operation
from tasks.scope import Scope


@flow(name="pause", flow_run_name="pause {environment}", task_runner=RUNNER)
def pause(
    environment: str,
    region: Region,
    account: Account = "",
    role: Role = "",
    approved: str = "",
) -> Operation:
    """Take groups to no servers and stop instances and databases, with how they were written into their tags first.

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
        return pausing.plan_pause(scope), lambda deed: pausing.pause(scope, deed)

    return plan_and_perform(plan, scope, f"Pausing {environment}", approved)
