"""A living environment as a blueprint again."""

from prefect import flow

from flows.artifacts import show_export
from flows.forms import Account, Region, Role
from tasks.exporting.export import Exported
from tasks.exporting.export import export as read_and_write
from tasks.scope import Scope


@flow(name="export", flow_run_name="export of {environment}")
def export(environment: str, region: Region, account: Account = "", role: Role = "") -> Exported:
    """Write the blueprint that what stands would come from. Writes nothing in AWS; raising it changes nothing.

    What has code or pages is refused: these lie beside a document, which needs a folder. `castra export` writes them.

    Args:
        environment: Its name.
        region: Where it stands, such as `eu-west-1`.
        account: If given, checked against the credentials before anything is done.
        role: The ARN of a role to assume, for what stands in another account.
    """
    exported = read_and_write(Scope(environment, region, account=account, role=role))
    show_export(exported)
    return exported
