"""Network interfaces: on AWS they are what holds subnets, groups and gateways back, so here too."""

from collections.abc import Iterator
from typing import Any


def make(ec2: Any, subnet_id: str, groups: list[str], description: str, kind: str, public: bool = False) -> Any:
    """An interface of a service's own, in use from the start; a public one gets an address."""
    eni = ec2.create_network_interface(ec2.get_subnet(subnet_id), None, group_ids=groups, description=description)
    if not groups:
        eni._group_set = []
    own(eni, kind)
    if public:
        eni.public_ip_auto_assign = True
        eni.check_auto_public_ip()
    return eni


def own(eni: Any, kind: str, description: str = "") -> None:
    """Mark an interface as a service's own."""
    eni.status, eni.interface_type, eni.requester_managed = "in-use", kind, True
    eni.description = description or eni.description


def drop(ec2: Any, eni: Any) -> None:
    """Remove an interface: its address is free again, and so are its subnet and groups."""
    for address in ec2.addresses:
        if address.eni is eni:
            address.eni = address.instance = address.association_id = None
    ec2.enis.pop(eni.id, None)
    for held in eni.private_ip_addresses:
        eni.subnet.del_subnet_ip(held["PrivateIpAddress"])


def in_subnet(ec2: Any, subnet_id: str) -> Iterator[Any]:
    return (eni for eni in ec2.enis.values() if eni.subnet.id == subnet_id)


def in_vpc(ec2: Any, vpc_id: str) -> Iterator[Any]:
    return (eni for eni in ec2.enis.values() if eni.subnet.vpc_id == vpc_id)


def of_group(ec2: Any, group_id: str) -> Iterator[Any]:
    return (eni for eni in ec2.enis.values() if any(group.id == group_id for group in eni.group_set))


def holder(eni: Any) -> str:
    """What an interface belongs to, for a message."""
    return eni.instance.id if eni.instance else eni.description or eni.id
