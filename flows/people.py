"""Who there is in an environment, in which groups, and what nobody used for long."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from flows.artifacts import show_people
from flows.forms import Account, Region, Role
from tasks.identity.last_used import UNUSED, LastUsed, last_used
from tasks.scope import Scope


@flow(name="people", flow_run_name="people of {environment}")
def people(
    environment: str,
    region: Region,
    unused: Annotated[int, Field(ge=1)] = UNUSED,
    account: Account = "",
    role: Role = "",
) -> LastUsed:
    """Tell an environment's users, keys and groups, and mark those that nobody used for long. Writes nothing in AWS.

    Args:
        environment: Its name.
        region: Where it stands, such as `eu-west-1`.
        unused: Days; what wasn't used for longer is marked.
        account: If given, checked against the credentials before anything is done.
        role: The ARN of a role to assume, for what stands in another account.
    """
    report = last_used(Scope(environment, region, account=account, role=role), unused)
    show_people(report)
    return report
