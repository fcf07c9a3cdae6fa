"""A flow of your own out of Castra's tasks: a VPC, two subnets and a way out, raised and struck without a blueprint.

`python -m examples.own_flow` runs it with the credentials of your shell. Run it again after any failure: what it made
is found by its tags, and not made twice.
"""

from prefect import flow

from blueprints.gateways import InternetGateway, Route, RouteTable
from blueprints.network import Subnet, Vpc
from tasks import (
    create_internet_gateway,
    create_route_table,
    create_subnet,
    create_vpc,
    remove_internet_gateway,
    remove_route_table,
    remove_subnet,
    remove_vpc,
)
from tasks.scope import Scope

ZONES = {"a": "10.40.0.0/24", "b": "10.40.1.0/24"}


@flow(name="raise-lab", flow_run_name="raise {name}")
def raise_lab(name: str, region: str) -> dict[str, str]:
    """Raise it, and give the id of each part. A task takes the futures of what it needs as its last argument."""
    scope = Scope(name, region)
    vpc = create_vpc.submit(scope, Vpc(name="main", cidr="10.40.0.0/16"))
    gateway = create_internet_gateway.submit(scope, InternetGateway(name="main", vpc="vpc/main"), [vpc])
    subnets = [
        create_subnet.submit(scope, Subnet(name=zone, vpc="vpc/main", cidr=cidr, zone=f"{region}{zone}"), [vpc])
        for zone, cidr in ZONES.items()
    ]
    out = Route(destination="0.0.0.0/0", target="internet-gateway/main")
    table = RouteTable(name="main", vpc="vpc/main", routes=(out,), subnets=tuple(f"subnet/{zone}" for zone in ZONES))
    routes = create_route_table.submit(scope, table, [vpc, gateway, *subnets])
    return {made.part: made.id for made in (future.result() for future in (vpc, gateway, *subnets, routes))}


@flow(name="strike-lab", flow_run_name="strike {name}")
def strike_lab(name: str, region: str) -> list[str]:
    """Strike it by its parts' names, the other way round, and give the ids of what was removed."""
    scope = Scope(name, region)
    routes = remove_route_table.submit(scope, "main")
    subnets = [remove_subnet.submit(scope, zone, wait_for=[routes]) for zone in ZONES]
    gateway = remove_internet_gateway.submit(scope, "main", wait_for=[routes])
    vpc = remove_vpc.submit(scope, "main", wait_for=[*subnets, gateway])
    return [gone.id for future in (routes, *subnets, gateway, vpc) for gone in future.result()]


if __name__ == "__main__":
    for part, id in raise_lab("lab", "eu-west-1").items():
        print(f"{part} = {id}")
    print(f"removed {', '.join(strike_lab('lab', 'eu-west-1'))}")
