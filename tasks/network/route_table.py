"""Route tables, with their routes and the subnets that they are for."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.gateways import RouteTable
from tasks.errors import code_of, gone_is_fine
from tasks.kind import Fixed, Found, Kind, State, Unordered
from tasks.network.route import RouteState, destination_of, request_of, routes_of
from tasks.retry import when_released, when_visible
from tasks.scope import Scope, as_dict


class RouteTableState(State):
    """https://docs.aws.amazon.com/vpc/latest/userguide/VPC_Route_Tables.html"""

    vpc: Fixed[str]
    routes: Unordered[RouteState]
    subnets: Unordered[str]


class RouteTableKind(Kind[RouteTable, RouteTableState]):
    """Route tables, with their routes and the subnets that they are for."""

    name = "route-table"
    whole_at_birth = False
    actions = (
        "ec2:AssociateRouteTable",
        "ec2:CreateRoute",
        "ec2:CreateRouteTable",
        "ec2:CreateTags",
        "ec2:DeleteRoute",
        "ec2:DeleteRouteTable",
        "ec2:DeleteTags",
        "ec2:DescribeRouteTables",
        "ec2:DisassociateRouteTable",
        "ec2:ReplaceRoute",
        "ec2:ReplaceRouteTableAssociation",
    )

    def owned(self, scope: Scope) -> Iterator[Found[RouteTableState]]:
        """DescribeRouteTables, filtered by tag; it tells routes and subnets too."""
        for table in scope.pages("ec2", "describe_route_tables", "RouteTables", Filters=scope.filters):
            tags = as_dict(table.get("Tags"))
            if name := self.named_in(tags):
                yield Found(self.name, name, table["RouteTableId"], _state(table), tags)

    def wanted(self, part: RouteTable, ids: Mapping[str, str]) -> RouteTableState:
        """See the base."""
        return RouteTableState(
            vpc=ids[part.vpc],
            routes=tuple(
                RouteState(destination=str(route.destination), target=ids[route.target]) for route in part.routes
            ),
            subnets=tuple(ids[subnet] for subnet in part.subnets),
        )

    def create(self, scope: Scope, name: str, wanted: RouteTableState) -> str:
        """Its ClientToken is botocore's, one a call: sent again it makes no second one. Routes and subnets follow."""
        table = when_visible(
            f"vpc {wanted.vpc}",
            scope.ec2.create_route_table,
            VpcId=wanted.vpc,
            TagSpecifications=self.tag_specifications(scope, name, wanted, "route-table"),
        )
        id = str(table["RouteTable"]["RouteTableId"])
        self.update(scope, id, wanted, frozenset({"routes", "subnets"}))
        return id

    def update(self, scope: Scope, id: str, wanted: RouteTableState, changed: frozenset[str]) -> None:
        """From how the table is now: new and changed routes first, so that nothing is cut off that needn't be."""
        (table,) = when_visible(f"route table {id}", scope.ec2.describe_route_tables, RouteTableIds=[id])["RouteTables"]
        if "routes" in changed:
            _bring_routes(scope, id, _state(table), wanted)
        if "subnets" in changed:
            _bring_subnets(scope, id, table, wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """Its subnets go back to the VPC's main table first."""
        with gone_is_fine("InvalidRouteTableID.NotFound"):
            (table,) = scope.ec2.describe_route_tables(RouteTableIds=[id])["RouteTables"]
            for association in _associations(table).values():
                _disassociate(scope, association)
            when_released(f"what uses route table {id} to go", scope.ec2.delete_route_table, RouteTableId=id)


def _state(table: Mapping[str, Any]) -> RouteTableState:
    subnets = tuple(target for target in _associations(table) if target.startswith("subnet-"))
    return RouteTableState(vpc=table["VpcId"], routes=routes_of(table["Routes"]), subnets=subnets)


def _associations(table: Mapping[str, Any]) -> dict[str, str]:
    """Subnets (and gateways) to the ids of their associations, without that of the VPC's main table."""
    return {
        each.get("SubnetId") or each["GatewayId"]: each["RouteTableAssociationId"]
        for each in table["Associations"]
        if not each["Main"] and each.get("AssociationState", {}).get("State") not in ("disassociating", "disassociated")
    }


def _bring_routes(scope: Scope, id: str, found: RouteTableState, wanted: RouteTableState) -> None:
    before = {route.destination: route for route in found.routes}
    after = {route.destination: route for route in wanted.routes}
    for destination, route in after.items():
        if before.get(destination) != route:
            _set_route(scope, id, route, there=destination in before)
    for destination in sorted(before.keys() - after.keys()):
        with gone_is_fine("InvalidRoute.NotFound"):
            scope.ec2.delete_route(RouteTableId=id, **destination_of(destination))


def _set_route(scope: Scope, id: str, route: RouteState, *, there: bool) -> None:
    """CreateRoute sent again after a lost answer finds its own route: replaced then, by the same."""
    call = scope.ec2.replace_route if there else scope.ec2.create_route
    try:
        when_visible(route.target, call, RouteTableId=id, **request_of(route))
    except ClientError as error:
        if there or code_of(error) != "RouteAlreadyExists":
            raise
        _set_route(scope, id, route, there=True)


def _bring_subnets(scope: Scope, id: str, table: Mapping[str, Any], wanted: RouteTableState) -> None:
    """A subnet has one table: one that has another is moved over in one call, never in between without its routes.

    These calls are sent once: what a lost answer left behind is found by the next look.
    """
    here = _associations(table)
    lacking = [subnet for subnet in wanted.subnets if subnet not in here]
    elsewhere = _elsewhere(scope, lacking) if lacking else {}
    for subnet in lacking:
        if subnet in elsewhere:
            move = scope.ec2_once.replace_route_table_association
            move(AssociationId=elsewhere[subnet], RouteTableId=id)
        else:
            when_visible(subnet, scope.ec2_once.associate_route_table, SubnetId=subnet, RouteTableId=id)
    for subnet, association in here.items():
        if subnet.startswith("subnet-") and subnet not in wanted.subnets:
            _disassociate(scope, association)


def _elsewhere(scope: Scope, subnets: list[str]) -> dict[str, str]:
    """Subnets to their associations with any table, as far as they have one."""
    filters = [{"Name": "association.subnet-id", "Values": subnets}]
    tables = scope.pages("ec2", "describe_route_tables", "RouteTables", Filters=filters)
    return {subnet: association for table in tables for subnet, association in _associations(table).items()}


def _disassociate(scope: Scope, association: str) -> None:
    with gone_is_fine("InvalidAssociationID.NotFound"):
        scope.ec2.disassociate_route_table(AssociationId=association)
