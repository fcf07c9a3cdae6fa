"""What a tear-down has left, and why: an independent look at more than the kinds know."""

from collections.abc import Iterator
from typing import Any

from tasks.registry import KINDS
from tasks.scope import Scope, as_dict
from tasks.survey import survey

ALIVE = ["pending", "running", "shutting-down", "stopping", "stopped"]
AGAIN = "Run castra down again"


def left_over(scope: Scope) -> dict[str, str]:
    """Each thing that is left to its reason and what to do. Reads only.

    Every kind is listed afresh; then what else carries the environment's tag; then, if a VPC of it still stands, what
    hangs in that and was made by others. Nothing can hang in a VPC that is gone.
    """
    found = survey(scope, KINDS.values()).found
    left = {f"{one.key} {one.id}": f"it is {one.phase}. {AGAIN}" for one in found}
    known = {one.id for one in found}
    left |= {what: why for what, id, why in _tagged(scope) if id not in known}
    vpcs = [one.id for one in found if one.kind == "vpc"]
    if vpcs:
        left |= {what: why for what, id, why in _hanging(scope, vpcs) if id not in known}
    return left


Left = tuple[str, str, str]  # what it is, its id, and why it's there with what to do


def _tagged(scope: Scope) -> Iterator[Left]:
    """Instances, volumes and interfaces that carry the tag: a group's own, or made by hand."""
    state = {"Name": "instance-state-name", "Values": ALIVE}
    for reservation in scope.pages("ec2", "describe_instances", "Reservations", Filters=[*scope.filters, state]):
        for instance in reservation["Instances"]:
            id, now = instance["InstanceId"], instance["State"]["Name"]
            yield (
                f"instance {id}",
                id,
                f"it is {now} and carries the tag. Terminate it, or take castra:environment off it",
            )
    for volume in scope.pages("ec2", "describe_volumes", "Volumes", Filters=scope.filters):
        id = volume["VolumeId"]
        why = f"it is {volume['State']}; a volume with keep: true outlives its instance"
        yield f"volume {id}", id, f"{why}. Delete it once you have what you need of it"
    for interface in scope.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=scope.filters):
        yield _interface(interface, "carries the tag")


def _hanging(scope: Scope, vpcs: list[str]) -> Iterator[Left]:
    """What others made in the environment's VPCs; an instance is told by its interface."""
    within = [{"Name": "vpc-id", "Values": vpcs}]
    for interface in scope.pages("ec2", "describe_network_interfaces", "NetworkInterfaces", Filters=within):
        yield _interface(interface, f"is in {interface['VpcId']}")
    for subnet in scope.pages("ec2", "describe_subnets", "Subnets", Filters=within):
        yield _foreign("subnet", subnet["SubnetId"], subnet)
    for group in scope.pages("ec2", "describe_security_groups", "SecurityGroups", Filters=within):
        if group["GroupName"] != "default":
            yield _foreign("security group", group["GroupId"], group)
    for table in scope.pages("ec2", "describe_route_tables", "RouteTables", Filters=within):
        if not any(association.get("Main") for association in table.get("Associations", [])):
            yield _foreign("route table", table["RouteTableId"], table)


def _interface(interface: dict[str, Any], where: str) -> Left:
    id = interface["NetworkInterfaceId"]
    holder = interface.get("Attachment", {}).get("InstanceId") or interface.get("Description") or "nobody says whose"
    return (
        f"network interface {id}",
        id,
        f"it {where} ({holder}). Remove what it belongs to, then run castra down again",
    )


def _foreign(noun: str, id: str, thing: dict[str, Any]) -> Left:
    name = as_dict(thing.get("Tags")).get("Name", "no name")
    why = f"it is in {thing['VpcId']}, and Castra didn't make it ({name})"
    return f"{noun} {id}", id, f"{why}. Delete it, then run castra down again"
