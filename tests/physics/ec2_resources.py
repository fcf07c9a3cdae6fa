"""Which actions on which of its resources a call of EC2 must be allowed: by ids and tags.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
"""

import re
from collections.abc import Iterator
from typing import Any

from tests.physics.protocol import Request
from tests.physics.world import World

Need = tuple[str, str, dict[str, str]]
"""Action, ARN, and the context that its conditions see."""

CREATED = {
    "AllocateAddress": "elastic-ip",
    "CopySnapshot": "snapshot",
    "CreateFlowLogs": "vpc-flow-log",
    "CreateInternetGateway": "internet-gateway",
    "CreateLaunchTemplate": "launch-template",
    "CreateNatGateway": "natgateway",
    "CreateRouteTable": "route-table",
    "CreateSecurityGroup": "security-group",
    "CreateSnapshot": "snapshot",
    "CreateSubnet": "subnet",
    "CreateVolume": "volume",
    "CreateVpc": "vpc",
    "CreateVpcEndpoint": "vpc-endpoint",
    "ImportKeyPair": "key-pair",
    "RegisterImage": "image",
    "RunInstances": "instance",
}
TYPES = {
    "acl": "network-acl",
    "ami": "image",
    "eipalloc": "elastic-ip",
    "eni": "network-interface",
    "fl": "vpc-flow-log",
    "i": "instance",
    "igw": "internet-gateway",
    "key": "key-pair",
    "lt": "launch-template",
    "nat": "natgateway",
    "rtb": "route-table",
    "sg": "security-group",
    "snap": "snapshot",
    "subnet": "subnet",
    "vol": "volume",
    "vpc": "vpc",
    "vpce": "vpc-endpoint",
}
"""EC2's types of resources by the beginning of their ids."""
ID = re.compile(rf"^({'|'.join(TYPES)})-(?=[a-z]*[0-9])[0-9a-z]{{8,}}$")
ASIDE = frozenset({"GatewayId", "LaunchTemplateData", "Groups", "UserIdGroupPairs"})
"""Parameters that only name something: a route's target isn't authorised, nor whom a rule admits, nor a template's."""


def of_ec2(action: str, request: Request, world: World) -> Iterator[Need]:
    if re.match(r"Describe|Get", request.operation):
        yield action, "*", {}
        return
    ec2 = world.backend(request)
    where = f"arn:aws:ec2:{request.region}:{ec2.account_id}"
    asked = {name: value for name, value in request.params.items() if name != "NatGatewayId" or not a_route(request)}
    if request.operation == "DeleteKeyPair" and (pair := ec2.key_pairs.get(request.text("KeyName"))):
        asked["KeyPairId"] = pair.id
    named = sorted({ids for ids in ids_in(asked, ec2) if action != "ec2:RunInstances" or ids[0] != "i"})
    for id in named:
        tags = {tag["key"]: tag["value"] for tag in ec2.describe_tags(filters={"resource-id": [id]})}
        context = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
        yield action, f"{where}:{type_of(id)}/{id}", context
    if made := CREATED.get(request.operation):
        given = {f"aws:RequestTag/{tag['Key']}": tag["Value"] for tag in tags_given(request)}
        yield action, f"{where}:{made}/*", given
        if given:
            yield "ec2:CreateTags", f"{where}:{made}/*", {**given, "ec2:CreateAction": request.operation}
    elif not named:
        yield action, "*", {}


def a_route(request: Request) -> bool:
    return request.operation in ("CreateRoute", "ReplaceRoute")


def tags_given(request: Request) -> list[dict[str, str]]:
    rows = request.rows("TagSpecification", "TagSpecifications")
    return [tag for row in rows for tag in row.get("Tag", row.get("Tags", []))]


def type_of(id: str) -> str:
    return TYPES[id.rpartition("-")[0]]


def ids_in(value: Any, ec2: Any) -> Iterator[str]:
    """Every id in a call's parameters; what stands for a bond between two of them is both."""
    match value:
        case str() if ID.match(value):
            yield value
        case str() if value.startswith("rtbassoc-"):
            for table in ec2.route_tables.values():
                if value in table._associations:
                    yield from ids_in([table.id, table._associations[value]], ec2)
        case str() if value.startswith("eipassoc-"):
            yield from (one.allocation_id for one in ec2.addresses.values() if one.association_id == value)
        case list():
            for inner in value:
                yield from ids_in(inner, ec2)
        case dict():
            for name, inner in value.items():
                if name not in ASIDE:
                    yield from ids_in(inner, ec2)
