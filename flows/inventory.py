"""All environments of an account and region, from tags alone."""

from prefect import flow
from prefect.artifacts import create_table_artifact

from flows.forms import Region
from tasks.reading import Standing
from tasks.reading import inventory as read_inventory
from tasks.scope import Scope


@flow(name="inventory", flow_run_name="inventory of {region}")
def inventory(region: Region) -> list[Standing]:
    """List the environments that stand: parts, age, owner. Writes nothing in AWS.

    Args:
        region: Where to look, such as `eu-west-1`.
    """
    standing = read_inventory(Scope(None, region))
    rows = [one.model_dump(mode="json") for one in standing]
    create_table_artifact(table=rows, key=f"inventory-{region}", description=f"Environments in {region}")
    return standing
