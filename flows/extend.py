"""Give an environment another end."""

from prefect import flow

from flows.carry_out import RUNNER
from flows.forms import Account, Region, Role
from flows.perform import Work, plan_and_perform
from tasks.extending import plan_extension, tell
from tasks.operation import Operation
from tasks.scope import Scope


@flow(name="extend", flow_run_name="extend {environment} to {until}", task_runner=RUNNER)
def extend(
    environment: str,
    region: Region,
    until: str = "8h",
    sooner: bool = False,
    account: Account = "",
    role: Role = "",
    approved: str = "",
) -> Operation:
    """Give an environment another end, by the tags of all its resources. Run it again after any failure: it goes on.

    Args:
        environment: Its name.
        region: Where it stands, such as `eu-west-1`.
        until: `8h` or `3d` from now on, a moment such as `2027-01-02T18:00Z`, or `never`.
        sooner: Whether it may end sooner than it does, or end at all.
        account: If given, checked against the credentials before anything is done.
        role: The ARN of a role to assume, for work in another account.
        approved: The fingerprint of a plan that was agreed to; refused if the world has moved since.
    """
    scope = Scope(environment, region, account=account, role=role)

    def plan() -> tuple[Operation, Work]:
        planned = plan_extension(scope, until, sooner)
        return planned, lambda deed: tell(scope, deed, str(planned.figures["ends"]))

    return plan_and_perform(plan, scope, f"Extending {environment}", approved)
