"""What's just been made isn't seen everywhere at once: EC2's reads lag, and so does what others know of IAM."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before, during
from tests.physics.protocol import Params, Request
from tests.physics.world import World

MADE = {
    "CreateVpc": "vpcId",
    "CreateSubnet": "subnetId",
    "CreateSecurityGroup": "groupId",
    "CreateInternetGateway": "internetGatewayId",
    "CreateRouteTable": "routeTableId",
    "CreateNatGateway": "natGatewayId",
    "CreateNetworkInterface": "networkInterfaceId",
    "CreateVolume": "volumeId",
    "CreateSnapshot": "snapshotId",
    "CreateImage": "imageId",
    "CopyImage": "imageId",
    "CreateLaunchTemplate": "launchTemplateId",
    "CreateVpcEndpoint": "vpcEndpointId",
    "RunInstances": "instanceId",
}
"""EC2's creating operations and the element of the answer with the new id."""

TABLES = (
    *("vpcs", "internet_gateways", "route_tables", "nat_gateways", "enis"),
    *("volumes", "snapshots", "amis", "launch_templates", "vpc_end_points"),
)


@after(*(f"ec2:{operation}" for operation in MADE))
def hide_new(request: Request, answer: Answer, world: World) -> None:
    """Hide what the answer names, for as long as the profile's `hidden.ec2` says."""
    found = re.search(rf"<{MADE[request.operation]}>([^<]+)<".encode(), answer.body)
    if found:
        world.hide("ec2", found[1].decode())


@during("ec2:Describe*")
@contextmanager
def veil(request: Request, world: World) -> Iterator[None]:
    """Take what's hidden out of moto's tables while it reads them."""
    kept: list[tuple[dict[str, Any], dict[str, Any]]] = []
    if world.anything_hidden():
        for table in tables(world.backend(request)):
            seen = {key: each for key, each in table.items() if not concealed(key, each, world)}
            if len(seen) < len(table):
                kept.append((table, dict(table)))
                replace(table, seen)
    try:
        yield
    finally:
        for table, whole in kept:
            replace(table, whole)


def tables(ec2: Any) -> Iterator[dict[str, Any]]:
    yield from (getattr(ec2, name) for name in TABLES)
    yield from list(ec2.subnets.values())
    yield from list(ec2.groups.values())
    yield ec2.reservations


def concealed(key: str, thing: Any, world: World) -> bool:
    """A reservation is hidden with its first instance."""
    instances = getattr(thing, "instances", None)
    return world.hidden(instances[0].id) if isinstance(instances, list) and instances else world.hidden(key)


def replace(table: dict[str, Any], content: dict[str, Any]) -> None:
    table.clear()
    table.update(content)


@after("iam:CreateInstanceProfile")
def hide_profile(request: Request, answer: Answer, world: World) -> None:
    """A name that was there before is known again sooner."""
    name = request.text("InstanceProfileName")
    seen: set[str] = world.recall("profile names", set)
    world.hide("instance_profile_again" if name in seen else "instance_profile", f"instance-profile/{name}")
    seen.add(name)


@after("iam:CreateRole")
def hide_role(request: Request, answer: Answer, world: World) -> None:
    world.hide("role", f"role/{request.text('RoleName')}")


@before("lambda:CreateFunction", "lambda:UpdateFunctionConfiguration")
def role_assumable(request: Request, world: World) -> None:
    """Lambda takes a role that trusts it, once it has heard of it."""
    name = request.text("Role").rsplit("/", 1)[-1]
    role = next((each for each in world.backend(request, "iam").roles.values() if each.name == name), None)
    if role and (world.hidden(f"role/{name}") or not trusts(role.assume_role_policy_document, "lambda.amazonaws.com")):
        why = "The role defined for the function cannot be assumed by Lambda."
        raise Refused("InvalidParameterValueException", why)


def trusts(document: str, service: str) -> bool:
    statements = json.loads(document)["Statement"]
    named: list[Params] = statements if isinstance(statements, list) else [statements]
    return any(service in json.dumps(each.get("Principal")) for each in named if each["Effect"] == "Allow")
