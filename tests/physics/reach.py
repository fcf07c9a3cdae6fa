"""Whether a packet would get from a load balancer to an instance and back: security groups, and network ACLs."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address, ip_network
from typing import Any

BACK = 32768
"""A port that answers go back to: any of the ephemeral ones, which balancers take theirs from."""


def reaches(ec2: Any, balancer: Any, instance: Any, port: int) -> bool:
    """Whether it does by TCP, from any of the balancer's subnets."""
    groups = [each.id for each in instance.security_groups]
    if balancer.security_groups and not admitted(
        ec2, balancer.security_groups, "egress", port, groups, [instance.private_ip]
    ):
        return False
    sources = [subnet.cidr_block for subnet in balancer.subnets]
    if not admitted(ec2, groups, "ingress", port, balancer.security_groups or [], sources):
        return False
    there = ec2.get_subnet(instance.subnet_id)
    return any(passes(ec2, subnet, there, port) for subnet in balancer.subnets)


def admitted(ec2: Any, groups: list[str], way: str, port: int, peers: Iterable[str], addresses: list[str]) -> bool:
    """Whether a rule of these groups lets TCP on a port to or from one of the peers, by group or by address."""
    for group in filter(None, map(ec2.get_security_group_from_id, groups)):
        for rule in getattr(group, f"{way}_rules"):
            if not over(rule.ip_protocol, rule.from_port, rule.to_port, port):
                continue
            if rule.source_group.get("GroupId") in set(peers):
                return True
            if any(within(one, rule.ip_range.get("CidrIp")) for one in addresses):
                return True
    return False


def over(protocol: Any, first: Any, last: Any, port: int) -> bool:
    """Whether a rule is for TCP on this port."""
    if str(protocol) == "-1":
        return True
    return str(protocol) in ("tcp", "6") and (first in (None, "") or int(first) <= port <= int(last))


def within(inner: str, outer: str | None) -> bool:
    """Whether an address or network lies in another one."""
    if not outer or ":" in outer:
        return False
    net = ip_network(outer, strict=False)
    return ip_network(inner).subnet_of(net) if "/" in inner else ip_address(inner) in net


def passes(ec2: Any, here: Any, there: Any, port: int) -> bool:
    """Whether the network ACLs of two subnets let a question through, and its answer back."""
    if here.id == there.id:
        return True
    asked = allowed(ec2, here, True, port, there.cidr_block) and allowed(ec2, there, False, port, here.cidr_block)
    return (
        asked and allowed(ec2, there, True, BACK, here.cidr_block) and allowed(ec2, here, False, BACK, there.cidr_block)
    )


def allowed(ec2: Any, subnet: Any, egress: bool, port: int, peer: str) -> bool:
    """What the first entry that fits says, in the order of their numbers; nothing said is no."""
    for entry in sorted(entries(ec2, subnet), key=lambda each: int(each.rule_number)):
        if (
            str(entry.egress).lower() == str(egress).lower()
            and over(entry.protocol, entry.port_range_from, entry.port_range_to, port)
            and within(peer, entry.cidr_block)
        ):
            return bool(entry.rule_action == "allow")
    return False


def entries(ec2: Any, subnet: Any) -> Iterator[Any]:
    """Those of the ACL that a subnet has."""
    for acl in ec2.network_acls.values():
        if any(each.subnet_id == subnet.id for each in acl.associations):
            yield from acl.network_acl_entries
