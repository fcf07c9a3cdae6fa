"""Gateway endpoints: the private way to S3 and DynamoDB."""

from collections.abc import Iterator, Mapping
from uuid import uuid4

from blueprints.network import GatewayEndpoint
from tasks.errors import CastraError, gone_is_fine
from tasks.kind import Fixed, Found, Kind, Phase, State, Unordered
from tasks.retry import when_visible
from tasks.scope import Scope, as_dict
from tasks.waiting import wait_until

PHASES: Mapping[str, Phase] = {
    "pending": "pending",
    "available": "standing",
    "deleting": "leaving",
    "failed": "failed",
    "rejected": "failed",
    "expired": "failed",
}


class GatewayEndpointState(State):
    """https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"""

    vpc: Fixed[str]
    service: Fixed[str]
    route_tables: Unordered[str]


class GatewayEndpointKind(Kind[GatewayEndpoint, GatewayEndpointState]):
    """Gateway endpoints: the private way to S3 and DynamoDB."""

    name = "gateway-endpoint"
    actions = (
        "ec2:CreateTags",
        "ec2:CreateVpcEndpoint",
        "ec2:DeleteTags",
        "ec2:DeleteVpcEndpoints",
        "ec2:DescribeVpcEndpoints",
        "ec2:ModifyVpcEndpoint",
    )

    def owned(self, scope: Scope) -> Iterator[Found[GatewayEndpointState]]:
        """DescribeVpcEndpoints, filtered by tag."""
        for endpoint in scope.pages("ec2", "describe_vpc_endpoints", "VpcEndpoints", Filters=scope.filters):
            tags = as_dict(endpoint.get("Tags"))
            name, phase = self.named_in(tags), PHASES.get(endpoint["State"].lower())
            if name and phase:
                state = GatewayEndpointState(
                    vpc=endpoint["VpcId"],
                    service=endpoint["ServiceName"].rpartition(".")[2],
                    route_tables=tuple(endpoint.get("RouteTableIds", ())),
                )
                yield Found(self.name, name, endpoint["VpcEndpointId"], state, tags, phase)

    def wanted(self, part: GatewayEndpoint, ids: Mapping[str, str]) -> GatewayEndpointState:
        """See the base."""
        tables = tuple(ids[table] for table in part.route_tables)
        return GatewayEndpointState(vpc=ids[part.vpc], service=part.service, route_tables=tables)

    def create(self, scope: Scope, name: str, wanted: GatewayEndpointState) -> str:
        """A token for this call alone: sent again it makes no second one, and never answers with one since deleted."""
        endpoint = when_visible(
            f"vpc {wanted.vpc} and its route tables",
            scope.ec2.create_vpc_endpoint,
            VpcEndpointType="Gateway",
            VpcId=wanted.vpc,
            ServiceName=f"com.amazonaws.{scope.region}.{wanted.service}",
            RouteTableIds=list(wanted.route_tables),
            ClientToken=str(uuid4()),
            TagSpecifications=self.tag_specifications(scope, name, wanted, "vpc-endpoint"),
        )
        return str(endpoint["VpcEndpoint"]["VpcEndpointId"])

    def ready(self, scope: Scope, id: str) -> None:
        """Takes a few seconds, in which it may not even be visible."""
        what = f"gateway endpoint {id}"
        wait_until(scope, lambda: _phase(scope, id) not in (None, "pending"), what, 300)
        if (phase := _phase(scope, id)) != "standing":
            raise CastraError(what, f"it is {phase}", "Run again: one that failed is replaced")

    def update(self, scope: Scope, id: str, wanted: GatewayEndpointState, changed: frozenset[str]) -> None:
        """Tables are added and removed in one call; AWS keeps the routes in them."""
        (endpoint,) = scope.ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"]
        before, after = set(endpoint.get("RouteTableIds", ())), set(wanted.route_tables)
        tables = {"AddRouteTableIds": sorted(after - before), "RemoveRouteTableIds": sorted(before - after)}
        given = {key: ids for key, ids in tables.items() if ids}
        if given:
            when_visible("its route tables", scope.ec2.modify_vpc_endpoint, VpcEndpointId=id, **given)

    def delete(self, scope: Scope, id: str) -> None:
        """Returns once its routes are gone. DeleteVpcEndpoints tells failures in its answer, not as an error."""
        if _phase(scope, id) not in (None, "leaving"):
            for failure in scope.ec2.delete_vpc_endpoints(VpcEndpointIds=[id])["Unsuccessful"]:
                if not failure["Error"]["Code"].endswith(".NotFound"):
                    raise CastraError(f"gateway endpoint {id}", f"it can't be deleted: {failure['Error']['Message']}")
        wait_until(scope, lambda: _phase(scope, id) is None, f"deleting gateway endpoint {id}", 300)


def _phase(scope: Scope, id: str) -> Phase | None:
    """None once it's gone."""
    with gone_is_fine("InvalidVpcEndpointId.NotFound", "InvalidVpcEndpoint.NotFound"):
        (endpoint,) = scope.ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"]
        return PHASES.get(endpoint["State"].lower())
    return None
