"""Load balancers: zones, names, ports, certificates. What is asked for twice with the same settings is given again."""

from collections.abc import Iterator
from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before, instead
from tests.physics.protocol import Params, Request
from tests.physics.world import World

NAME_LENGTH = 32
SECURE = {"HTTPS", "TLS"}


@before("elbv2:CreateLoadBalancer", "elbv2:CreateTargetGroup")
def name_short(request: Request, world: World) -> None:
    what = "Load balancer" if request.operation == "CreateLoadBalancer" else "Target group"
    if len(name := request.text("Name")) > NAME_LENGTH:
        raise Refused("ValidationError", f"{what} name '{name}' cannot be longer than '{NAME_LENGTH}' characters")


@before("elbv2:CreateLoadBalancer")
def zones_enough(request: Request, world: World) -> None:
    ec2 = world.backend(request, "ec2")
    subnets = [ec2.get_subnet(each) for each in subnets_of(request)]
    zones = [subnet.availability_zone for subnet in subnets]
    if len(set(zones)) < len(zones):
        why = "A load balancer cannot be attached to multiple subnets in the same Availability Zone"
        raise Refused("InvalidConfigurationRequest", why)
    if request.params.get("Type", "application") == "application" and len(zones) < 2:
        why = "At least two subnets in two different Availability Zones must be specified"
        raise Refused("ValidationError", why)
    vpcs = {subnet.vpc_id for subnet in subnets}
    attached = {gateway.vpc.id for gateway in ec2.internet_gateways.values() if gateway.vpc}
    default = {vpc.id for vpc in ec2.vpcs.values() if str(vpc.is_default).lower() == "true"}
    if request.params.get("Scheme") != "internal" and (bare := vpcs - attached - default):
        raise Refused("InvalidSubnet", f"VPC {', '.join(bare)} has no internet gateway")


def subnets_of(request: Request) -> list[str]:
    return request.texts("Subnets") or [row["SubnetId"] for row in request.rows("SubnetMappings")]


@instead("elbv2:CreateLoadBalancer", "elbv2:CreateTargetGroup")
def same_again(request: Request, world: World) -> Answer | None:
    """The same name: the same one with the same settings, an error with others."""
    name = request.text("Name")
    if not any(each.name == name for each in standing(request, world)):
        return None
    answer, settings = made(request, world).get(name, (None, None))
    if answer and settings == settings_of(request):
        return answer
    if request.operation == "CreateLoadBalancer":
        why = f"A load balancer with the same name '{name}' exists, but with different settings"
        raise Refused("DuplicateLoadBalancerName", why)
    why = f"A target group with the same name '{name}' exists, but with different settings"
    raise Refused("DuplicateTargetGroupName", why)


@after("elbv2:CreateLoadBalancer", "elbv2:CreateTargetGroup")
def remember(request: Request, answer: Answer, world: World) -> None:
    made(request, world)[request.text("Name")] = (answer, settings_of(request))


def made(request: Request, world: World) -> dict[str, tuple[Answer, Params]]:
    """What was answered to whom, by name, per kind and region."""
    memory: dict[str, tuple[Answer, Params]] = world.recall(f"made {request.operation} {request.region}", dict)
    return memory


def settings_of(request: Request) -> Params:
    """A request without the order of its lists."""
    return {
        name: sorted(value, key=str) if isinstance(value, list) else value for name, value in request.params.items()
    }


def standing(request: Request, world: World) -> Iterator[Any]:
    elbv2 = world.backend(request)
    kind = elbv2.load_balancers if request.operation == "CreateLoadBalancer" else elbv2.target_groups
    yield from kind.values()


@before("elbv2:CreateListener")
def listener_sound(request: Request, world: World) -> None:
    balancer = world.backend(request).load_balancers.get(request.text("LoadBalancerArn"))
    if balancer and any(str(each.port) == request.text("Port") for each in balancer.listeners.values()):
        why = f"A listener already exists on this port for this load balancer '{balancer.arn}'"
        raise Refused("DuplicateListener", why)
    if request.text("Protocol") in SECURE and not request.params.get("Certificates"):
        why = f"A certificate must be specified for {request.text('Protocol')} listeners"
        raise Refused("ValidationError", why)


@before("elbv2:RegisterTargets")
def targets_running(request: Request, world: World) -> None:
    group = world.backend(request).target_groups.get(request.text("TargetGroupArn"))
    if group is None or group.target_type != "instance":
        return
    states = {each.id: each.state for each in world.backend(request, "ec2").all_instances()}
    asked = [row.get("Id", "") for row in request.rows("Targets")]
    if unknown := [each for each in asked if each not in states]:
        raise Refused("InvalidTarget", f"The following targets are not valid instances: '{', '.join(unknown)}'")
    if idle := [each for each in asked if states[each] != "running"]:
        why = f"The following targets are not in a running state and cannot be registered: '{', '.join(idle)}'"
        raise Refused("InvalidTarget", why)
