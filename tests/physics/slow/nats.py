"""NAT gateways: a minute and a half to come, a while to go; interface and address are theirs until they're gone."""

from typing import Any

from tests.physics import interfaces
from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.rewrite import restate
from tests.physics.world import World


@after("ec2:CreateNatGateway")
def come(request: Request, answer: Answer, world: World) -> Answer:
    ec2 = world.backend(request)
    nat = next(reversed(ec2.nat_gateways.values()))
    interfaces.own(nat._eni, "nat_gateway", f"Interface for NAT Gateway {nat.id}")
    nat._eni._group_set = []
    nat.state = "pending"
    world.later("nat_available", lambda: arrive(ec2, nat))
    return restate(answer, "state", "available", "pending")


def arrive(ec2: Any, nat: Any) -> None:
    """A public one fails where its VPC has no internet gateway; AWS finds out only then."""
    attached = any(gateway.vpc and gateway.vpc.id == nat.vpc_id for gateway in ec2.internet_gateways.values())
    if nat.state != "pending":
        return
    if attached or nat.connectivity_type == "private":
        nat.state = "available"
    else:
        nat.state, nat.failure_code = "failed", "Gateway.NotAttached"
        nat.failure_message = f"Network {nat.vpc_id} has no Internet gateway attached"
        interfaces.drop(ec2, nat._eni)


@after("ec2:DeleteNatGateway")
def go(request: Request, answer: Answer, world: World) -> None:
    ec2 = world.backend(request)
    nat = ec2.nat_gateways[request.text("NatGatewayId")]
    nat.state = "deleting"

    def gone() -> None:
        nat.state = "deleted"
        interfaces.drop(ec2, nat._eni)

    world.later("nat_deleted", gone)
