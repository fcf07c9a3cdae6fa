"""Groups, endpoints and routes."""

from typing import Any

from moto.ec2.models.internet_gateways import InternetGateway
from moto.ec2.models.route_tables import Route

from tests.physics.answers import Answer
from tests.physics.hooks import after, before
from tests.physics.protocol import Request
from tests.physics.rewrite import insert
from tests.physics.world import World


@after("ec2:CreateSecurityGroup")
def tags_answered(request: Request, answer: Answer, world: World) -> Answer | None:
    """AWS answers with the tags that it was given."""
    specs = [row for row in request.rows("TagSpecification") if row.get("ResourceType") == "security-group"]
    tags = [tag for row in specs for tag in row.get("Tag", [])]
    if not tags or b"<tagSet>" in answer.body:
        return None
    return insert(
        answer, "CreateSecurityGroupResponse", {"tagSet": [{"key": t["Key"], "value": t["Value"]} for t in tags]}
    )


@before("ec2:DeleteVpcEndpoints")
def endpoint_typed(request: Request, world: World) -> None:
    """Without a type it's a gateway's; moto crashes when it deletes such a one."""
    for endpoint in world.backend(request).vpc_end_points.values():
        endpoint.vpc_endpoint_type = endpoint.vpc_endpoint_type or "Gateway"


def state_of(route: Any) -> str:
    """A route whose gateway is gone, or attached to nothing, is a blackhole; in moto all are active for ever."""
    nat, gateway = route.nat_gateway, route.gateway
    if nat is not None and nat.state in ("deleting", "deleted", "failed"):
        return "blackhole"
    return "blackhole" if isinstance(gateway, InternetGateway) and gateway.vpc is None else "active"


Route.state = property(state_of)  # type: ignore[method-assign,assignment]
