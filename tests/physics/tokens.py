"""ClientToken: the same call with the same token gets the first answer again, and makes nothing.

The rule is in the EC2 API reference under *Ensuring idempotency*: other parameters under a used token are refused.
"""

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before
from tests.physics.protocol import Params, Request
from tests.physics.world import World

OPERATIONS = (
    "ec2:RunInstances",
    "ec2:CreateNatGateway",
    "ec2:CreateRouteTable",
    "ec2:CreateVpcEndpoint",
    "ec2:CreateFlowLogs",
    "ec2:CreateLaunchTemplate",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:CreateVolume",
    "ec2:CopyImage",
)
Used = dict[tuple[str, str, str], tuple[Answer, Params]]


@before("ec2:*")
def again(request: Request, world: World) -> Answer | None:
    """The first answer, from the time of the first call; None where the token is new."""
    answer, asked = used(world).get(key(request), (None, None))
    if answer and asked != request.params:
        why = "Arguments on this idempotent request are inconsistent with arguments used in previous request(s)."
        raise Refused("IdempotentParameterMismatch", why)
    return answer


@after(*OPERATIONS)
def remember(request: Request, answer: Answer, world: World) -> None:
    if request.text("ClientToken"):
        used(world)[key(request)] = (answer, request.params)


def key(request: Request) -> tuple[str, str, str]:
    return request.region, request.operation, request.text("ClientToken")


def used(world: World) -> Used:
    """First answers and parameters, by region, operation and token."""
    memory: Used = world.recall("tokens", dict)
    return memory
