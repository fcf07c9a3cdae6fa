"""Classic load balancers: what moto mixes up in their ports and policies, and interfaces that hold subnets."""

from typing import Any

from moto.autoscaling.models import AutoScalingBackend
from moto.elb.exceptions import LoadBalancerNotFoundError
from moto.elb.models import ELBBackend, FakeListener

from tests.physics import interfaces
from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before
from tests.physics.protocol import Request
from tests.physics.world import World

FREE = {"CreateLoadBalancer", "DeleteLoadBalancer"}


@before("elb:*")
def balancer_stands(request: Request, world: World) -> None:
    """Moto breaks where it doesn't."""
    name = request.text("LoadBalancerName")
    if name and request.operation not in FREE and name not in world.backend(request).load_balancers:
        raise Refused("LoadBalancerNotFound", f"There is no ACTIVE Load Balancer named '{name}'")


@before("elb:CreateLBCookieStickinessPolicy", "elb:CreateAppCookieStickinessPolicy", "elb:CreateLoadBalancerPolicy")
def policy_once(request: Request, world: World) -> None:
    balancer = world.backend(request).load_balancers[request.text("LoadBalancerName")]
    if request.text("PolicyName") in {each.policy_name for each in balancer.policies}:
        raise Refused("DuplicatePolicyName", f"A policy named '{request.text('PolicyName')}' already exists")


@before("elb:SetLoadBalancerPoliciesOfListener")
def policies_there(request: Request, world: World) -> None:
    balancer = world.backend(request).load_balancers[request.text("LoadBalancerName")]
    asked = set(request.texts("PolicyNames"))
    if missing := asked - {each.policy_name for each in balancer.policies}:
        raise Refused("PolicyNotFound", f"There is no policy named {', '.join(missing)}")
    if request.text("LoadBalancerPort") not in {str(each.load_balancer_port) for each in balancer.listeners}:
        raise Refused("ListenerNotFound", f"There is no listener on port {request.text('LoadBalancerPort')}")


@after("elb:CreateLoadBalancer", "elb:CreateLoadBalancerListeners")
def instance_protocols(request: Request, answer: Answer, world: World) -> None:
    """Moto takes the visitors' protocol for the servers' too."""
    spoken = {row["LoadBalancerPort"]: row.get("InstanceProtocol", "") for row in request.rows("Listeners")}
    balancer = world.backend(request).load_balancers[request.text("LoadBalancerName")]
    for listener in balancer.listeners:
        if said := spoken.get(str(listener.load_balancer_port)):
            listener.__dict__["spoken"] = said


FakeListener.instance_protocol = property(lambda listener: listener.__dict__.get("spoken") or listener.protocol)


def delete_load_balancer_listeners(elb: Any, name: str, ports: list[Any]) -> Any:
    """Moto doubles those that stay, where several go."""
    balancer = elb.get_load_balancer(name)
    if balancer is None:
        raise LoadBalancerNotFoundError(name)
    going = {str(port) for port in ports}
    balancer.listeners = [each for each in balancer.listeners if str(each.load_balancer_port) not in going]
    return balancer


ELBBackend.delete_load_balancer_listeners = delete_load_balancer_listeners


def detach_load_balancers(scaling: Any, group_name: str, load_balancer_names: list[str]) -> None:
    """Moto takes the instances out of those that stay, too; and stumbles over one that's gone."""
    group = scaling.autoscaling_groups[group_name]
    members = {state.instance.id for state in group.instance_states}
    for name in set(load_balancer_names) & scaling.elb_backend.load_balancers.keys():
        scaling.elb_backend.deregister_instances(name, members, from_autoscaling=True)
    group.load_balancer_names = [each for each in group.load_balancer_names if each not in load_balancer_names]


AutoScalingBackend.detach_load_balancers = detach_load_balancers


# ---------------------------------------------------------------------- interfaces


@after(
    "elb:CreateLoadBalancer",
    "elb:AttachLoadBalancerToSubnets",
    "elb:DetachLoadBalancerFromSubnets",
    "elb:ApplySecurityGroupsToLoadBalancer",
)
def place(request: Request, answer: Answer, world: World) -> None:
    """An interface in each subnet."""
    name, ec2 = request.text("LoadBalancerName"), world.backend(request, "ec2")
    balancer = world.backend(request).load_balancers[name]
    for eni in placed(world).pop(name, []):
        interfaces.drop(ec2, eni)
    groups, public = list(balancer.security_groups), balancer.scheme != "internal"
    placed(world)[name] = [
        interfaces.make(ec2, subnet, groups, f"ELB {name}", "interface", public) for subnet in balancer.subnets
    ]


@after("elb:DeleteLoadBalancer")
def leave(request: Request, answer: Answer, world: World) -> None:
    """It's off the list at once; its interfaces stay for a while."""
    ec2, enis = world.backend(request, "ec2"), placed(world).pop(request.text("LoadBalancerName"), [])

    def gone() -> None:
        for eni in enis:
            interfaces.drop(ec2, eni)

    world.later("balancer_gone", gone)


def placed(world: World) -> dict[str, list[Any]]:
    """Interfaces by their balancer's name."""
    memory: dict[str, list[Any]] = world.recall("classic balancers placed", dict)
    return memory
