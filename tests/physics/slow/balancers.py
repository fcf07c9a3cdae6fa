"""Load balancers: provisioning, and interfaces that hold subnets and groups, for a while even after the balancer."""

from typing import Any

from tests.physics import interfaces
from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World


@after("elbv2:CreateLoadBalancer")
def provision(request: Request, answer: Answer, world: World) -> None:
    balancer = next(reversed(world.backend(request).load_balancers.values()))
    place(balancer, request, world)
    if world.time("balancer_active") <= 0:
        return
    balancer.activate = lambda: None  # moto makes it active when it's first looked at

    def active() -> None:
        balancer.state = "active"

    world.later("balancer_active", active)


@after("elbv2:SetSubnets", "elbv2:SetSecurityGroups")
def move(request: Request, answer: Answer, world: World) -> None:
    balancer = world.backend(request).load_balancers[request.text("LoadBalancerArn")]
    for eni in placed(world).pop(balancer.arn, []):
        interfaces.drop(world.backend(request, "ec2"), eni)
    place(balancer, request, world)


def place(balancer: Any, request: Request, world: World) -> None:
    """An interface in each subnet, as AWS makes and names them."""
    ec2, public = world.backend(request, "ec2"), balancer.scheme != "internal"
    name = f"ELB {balancer.arn.split(':loadbalancer/')[-1]}"
    groups = list(balancer.security_groups or [])
    enis = [interfaces.make(ec2, each.id, groups, name, "load_balancer", public) for each in balancer.subnets]
    placed(world)[balancer.arn] = enis
    given = {allocation: subnet for subnet, allocation in balancer.__dict__.get("allocated", {}).items()}
    for address in (address for address in ec2.addresses if address.allocation_id in given):
        address.eni = next(eni for eni in enis if eni.subnet.id == given[address.allocation_id])


def placed(world: World) -> dict[str, list[Any]]:
    """Interfaces by their balancer's ARN."""
    memory: dict[str, list[Any]] = world.recall("balancers placed", dict)
    return memory


@after("elbv2:DeleteLoadBalancer")
def leave(request: Request, answer: Answer, world: World) -> None:
    """It's off the list at once; its interfaces stay."""
    ec2, arn = world.backend(request, "ec2"), request.text("LoadBalancerArn")
    enis = placed(world).pop(arn, [])
    for group in world.backend(request).target_groups.values():
        group.load_balancer_arns = [each for each in group.load_balancer_arns if each != arn]

    def gone() -> None:
        for eni in enis:
            interfaces.drop(ec2, eni)

    world.later("balancer_gone", gone)
