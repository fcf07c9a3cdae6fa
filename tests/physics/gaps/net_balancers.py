"""Network load balancers: static addresses, one zone only, and HTTP health checks of what isn't HTTP."""

from typing import Any

from moto.ec2.models import ec2_backends
from moto.elbv2.exceptions import LoadBalancerNotFoundError, SubnetNotFoundError
from moto.elbv2.models import AvailabilityZone, ELBv2Backend, FakeLoadBalancer

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World

CREATE, SET_SUBNETS = ELBv2Backend.create_load_balancer, ELBv2Backend.set_subnets
MODIFY_TARGETS = ELBv2Backend.modify_target_group
COMPATIBLE = {
    "HTTP": {"HTTP", "HTTPS"},
    "HTTPS": {"HTTP", "HTTPS"},
    "TCP": {"TCP", "TCP_UDP"},
    "TLS": {"TCP", "TLS"},
    "UDP": {"UDP", "TCP_UDP"},
    "TCP_UDP": {"TCP_UDP"},
}
"""What a listener's target groups may speak."""


def create_load_balancer(elbv2: Any, *positional: Any, **named: Any) -> Any:
    """With the addresses that it was given."""
    balancer = CREATE(elbv2, *positional, **named)
    balancer.allocated = allocated(named.get("subnet_mappings"))
    return balancer


def set_subnets(elbv2: Any, arn: str, subnets: list[str], subnet_mappings: list[dict[str, Any]]) -> Any:
    """One zone is enough, and a zone that stays keeps its address."""
    balancer = elbv2.load_balancers.get(arn)
    if balancer is None:
        raise LoadBalancerNotFoundError()
    if balancer.type != "network":
        return SET_SUBNETS(elbv2, arn, subnets, subnet_mappings)
    asked = subnets or [each["SubnetId"] for each in subnet_mappings]
    found = [elbv2.ec2_backend.get_subnet(each) for each in asked]
    if not found or None in found:
        raise SubnetNotFoundError()
    before, now = balancer.__dict__.get("allocated", {}), allocated(subnet_mappings)
    staying = {each.id for each in balancer.subnets} & set(asked)
    if any(before.get(each) != now.get(each) for each in staying):
        why = "You cannot change the allocation of a subnet that is in use"
        raise Refused("InvalidConfigurationRequest", why)
    balancer.subnets, balancer.allocated = found, now
    return balancer.availability_zones


def allocated(mappings: list[dict[str, Any]] | None) -> dict[str, str]:
    return {each["SubnetId"]: each["AllocationId"] for each in mappings or [] if each.get("AllocationId")}


def availability_zones(balancer: Any) -> list[Any]:
    """Each zone with its static address; moto tells none."""
    account, region = balancer.arn.split(":")[4], balancer.arn.split(":")[3]
    addresses = {each.allocation_id: each.public_ip for each in ec2_backends[account][region].addresses}
    zones = [AvailabilityZone(each) for each in balancer.subnets]
    for zone in zones:
        given = balancer.__dict__.get("allocated", {}).get(zone.subnet_id)
        told = [{"AllocationId": given, "IpAddress": addresses.get(given)}] if given else []
        zone.load_balancer_addresses = told
    return zones


def modify_target_group(elbv2: Any, arn: str, *positional: Any, **named: Any) -> Any:
    """Codes of an HTTP check, whatever the targets speak."""
    group = MODIFY_TARGETS(elbv2, arn, *positional, **named)
    codes = positional[7] if len(positional) > 7 else named.get("http_codes")
    group.matcher = {"HttpCode": codes} if codes else getattr(group, "matcher", None)
    return group


@before("elbv2:CreateListener", "elbv2:ModifyListener")
def protocols_fit(request: Request, world: World) -> None:
    """Moto sends TLS to HTTP, and TCP to UDP."""
    groups, protocol = world.backend(request).target_groups, request.text("Protocol")
    text = repr(request.params.get("DefaultActions", ""))
    for group in (each for each in groups.values() if each.arn in text):
        if protocol and group.protocol not in COMPATIBLE[protocol]:
            why = f"The protocols '{group.protocol}' and '{protocol}' are incompatible"
            raise Refused("IncompatibleProtocols", why)


ELBv2Backend.create_load_balancer = create_load_balancer
ELBv2Backend.set_subnets = set_subnets
ELBv2Backend.modify_target_group = modify_target_group
FakeLoadBalancer.availability_zones = property(availability_zones)
