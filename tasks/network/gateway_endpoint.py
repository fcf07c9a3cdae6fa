"""Gateway endpoints: the private way to S3 and DynamoDB."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from blueprints.endpoints import GatewayEndpoint
from tasks.errors import Invalid
from tasks.kind import Fixed, Found, Kind, State, Unordered
from tasks.network import endpoint as both
from tasks.retry import when_visible
from tasks.scope import Scope, as_dict


class GatewayEndpointState(State):
    """https://docs.aws.amazon.com/vpc/latest/privatelink/gateway-endpoints.html"""

    vpc: Fixed[str]
    service: Fixed[str]
    route_tables: Unordered[str]
    policy: str | None = None


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
        """DescribeVpcEndpoints, filtered by tag: one listing for this kind and for `interface-endpoint`."""
        for endpoint in both.endpoints(scope):
            tags = as_dict(endpoint.get("Tags"))
            name, phase = self.named_in(tags), both.PHASES.get(endpoint["State"].lower())
            if name and phase:
                state = GatewayEndpointState(
                    vpc=endpoint["VpcId"],
                    service=both.short_name(scope, endpoint["ServiceName"]),
                    route_tables=tuple(endpoint.get("RouteTableIds", ())),
                    policy=both.policy_text(endpoint.get("PolicyDocument")),
                )
                yield Found(self.name, name, endpoint["VpcEndpointId"], state, tags, phase)

    def wanted(self, part: GatewayEndpoint, ids: Mapping[str, str]) -> GatewayEndpointState:
        """See the base. Raises Invalid with the place of all that's wrong in its policy."""
        if wrong := list(both.policy_problems(part.policy, f"{part.where or part.key}.policy")):
            raise Invalid("The blueprint", wrong)
        tables = tuple(ids[table] for table in part.route_tables)
        policy = both.policy_text(part.policy)
        return GatewayEndpointState(vpc=ids[part.vpc], service=part.service, route_tables=tables, policy=policy)

    def create(self, scope: Scope, name: str, wanted: GatewayEndpointState) -> str:
        """A token for this call alone: sent again it makes no second one, and never answers with one since deleted."""
        endpoint = when_visible(
            f"vpc {wanted.vpc} and its route tables",
            scope.ec2.create_vpc_endpoint,
            VpcEndpointType="Gateway",
            VpcId=wanted.vpc,
            ServiceName=both.service_name(scope, wanted.service),
            RouteTableIds=list(wanted.route_tables),
            ClientToken=str(uuid4()),
            TagSpecifications=self.tag_specifications(scope, name, wanted, "vpc-endpoint"),
            **({"PolicyDocument": wanted.policy} if wanted.policy else {}),
        )
        return str(endpoint["VpcEndpoint"]["VpcEndpointId"])

    def ready(self, scope: Scope, id: str) -> None:
        """Takes a few seconds, in which it may not even be visible."""
        both.await_endpoint(scope, id)

    def update(self, scope: Scope, id: str, wanted: GatewayEndpointState, changed: frozenset[str]) -> None:
        """All in one call; AWS keeps the routes in the tables."""
        (endpoint,) = scope.ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"]
        before, after = set(endpoint.get("RouteTableIds", ())), set(wanted.route_tables)
        given: dict[str, Any] = {**both.difference("AddRouteTableIds", "RemoveRouteTableIds", before, after)}
        if "policy" in changed:
            given |= both.policy_arguments(wanted.policy)
        if given:
            when_visible("its route tables", scope.ec2.modify_vpc_endpoint, VpcEndpointId=id, **given)

    def delete(self, scope: Scope, id: str) -> None:
        """Returns once its routes are gone."""
        both.delete_endpoint(scope, id)
