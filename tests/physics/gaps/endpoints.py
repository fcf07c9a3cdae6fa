"""Endpoints with interfaces: moto's are in no group, and it looks past what it's told about DNS and policies."""

import json
from typing import Any

from tests.physics import interfaces
from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World


def with_interfaces(endpoint: Any) -> bool:
    return str(endpoint.vpc_endpoint_type).lower() == "interface"


@after("ec2:CreateVpcEndpoint")
def interfaces_made(request: Request, answer: Answer, world: World) -> None:
    ec2 = world.backend(request)
    endpoint = next(reversed(ec2.vpc_end_points.values()))
    if with_interfaces(endpoint):
        place(ec2, endpoint)


@after("ec2:ModifyVpcEndpoint")
def changed(request: Request, answer: Answer, world: World) -> None:
    ec2 = world.backend(request)
    endpoint = ec2.vpc_end_points[request.text("VpcEndpointId")]
    if request.flag("ResetPolicy"):
        endpoint.policy_document = json.dumps(endpoint.DEFAULT_POLICY)
    if request.text("PrivateDnsEnabled"):
        endpoint.private_dns_enabled = request.flag("PrivateDnsEnabled")
    if with_interfaces(endpoint):
        place(ec2, endpoint)


def place(ec2: Any, endpoint: Any) -> None:
    """One interface in each of its subnets, in its groups, in place of those that it had."""
    remove(ec2, endpoint)
    kind, description = "vpc_endpoint", f"VPC Endpoint Interface {endpoint.id}"
    made = (
        interfaces.make(ec2, subnet, list(endpoint.security_group_ids), description, kind)
        for subnet in endpoint.subnet_ids
    )
    endpoint.network_interface_ids = [eni.id for eni in made]


def remove(ec2: Any, endpoint: Any) -> None:
    for id in endpoint.network_interface_ids:
        ec2.enis.pop(id, None)
    endpoint.network_interface_ids = []
