"""Raise an item of the catalogue: a form in Prefect's UI with nothing to write but a name."""

from typing import Annotated, Any

from prefect import flow
from pydantic import Field

from blueprints.catalog.items import Choice, Item, Size
from blueprints.environment import LONGEST_NAME
from blueprints.part import NAME
from flows.forms import LifetimeOrNone, Region
from flows.spin_up import spin_up
from tasks.report import Report


@flow(name="raise-from-catalogue", flow_run_name="raise {name} from the catalogue: {item}")
def raise_from_catalogue(
    item: Item,
    name: Annotated[str, Field(pattern=NAME, max_length=LONGEST_NAME)],
    region: Region = "eu-west-1",
    owner: Annotated[str, Field(max_length=256)] = "",
    expires_after: LifetimeOrNone = "",
    size: Size = "small",
    count: Annotated[int, Field(ge=0, le=100)] = 0,
    ssh_from: tuple[str, ...] = (),
    public_key: str = "",
) -> Report:
    """Raise a ready-made environment, or bring one up to date. Run it again after any failure.

    Args:
        item: What is raised. `web`: servers behind a load balancer. `jamstack`: pages, an API and a function.
            `internal-tool`: the same as web, with pages, within the VPC only. `batch`: files worked off by a function.
            `bastion`: one server by way of which people reach private ones.
        name: The environment's name: small letters, digits and single hyphens. Raised again under it, it's changed.
        region: The AWS region, such as eu-west-1.
        owner: Whom to ask; becomes a tag of all that is made.
        expires_after: How long it stands, such as 8h or 3d, before it ends itself; for ever, if left empty.
        size: Of each server and function.
        count: How many servers there are at least, where the item has servers; as the item says, if 0.
        ssh_from: Networks that people come from to a bastion by SSH, such as 203.0.113.0/24. None opens nothing.
        public_key: The public key of those who come by SSH; a line that begins with ssh-ed25519 or ssh-rsa.
    """
    lasting = {"owner": owner or None, "expires_after": expires_after or None}
    opening: dict[str, Any] = {"ssh_from": ssh_from, "public_key": public_key or None}
    choice = Choice(item=item, name=name, region=region, size=size, count=count or None, **lasting, **opening)
    return spin_up(choice.environment())
