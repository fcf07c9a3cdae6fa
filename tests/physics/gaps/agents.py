"""The agents of Systems Manager: moto doesn't know which instances have one that AWS hears."""

import json
from typing import Any

from tests.physics.answers import Answer
from tests.physics.hooks import instead
from tests.physics.protocol import Request
from tests.physics.world import World

CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
SERVICES = {"ssm", "ssmmessages"}


@instead("ssm:DescribeInstanceInformation")
def heard(request: Request, world: World) -> Answer:
    """Those that run, whose role has AWS's policy for it, and that have a way to the service."""
    ec2 = world.backend(request, "ec2")
    asked = {id for one in request.params.get("Filters", []) if one["Key"] == "InstanceIds" for id in one["Values"]}
    instances = [one for held in ec2.reservations.values() for one in held.instances]
    told = [
        {"InstanceId": one.id, "PingStatus": "Online", "PlatformType": "Linux", "ResourceType": "EC2Instance"}
        for one in instances
        if one._state.name == "running" and (not asked or one.id in asked) and _may(ec2, one) and _gets_out(ec2, one)
    ]
    body = json.dumps({"InstanceInformationList": told}).encode()
    return Answer(200, [("Content-Type", "application/x-amz-json-1.1")], body)


def _may(ec2: Any, instance: Any) -> bool:
    association = ec2.iam_instance_profile_associations.get(instance.id)
    return association is not None and any(
        CORE in role.managed_policies for role in association.iam_instance_profile.roles
    )


def _gets_out(ec2: Any, instance: Any) -> bool:
    """By the internet, or by interface endpoints in its VPC."""
    tables = ec2.describe_route_tables(filters={"association.subnet-id": [instance.subnet_id]})
    routes = [route for table in tables for route in table.routes if route.destination_cidr_block == "0.0.0.0/0"]
    if any(route.nat_gateway or (route.gateway and instance.public_ip) for route in routes):
        return True
    endpoints = {
        one.service_name.rpartition(".")[2] for one in ec2.vpc_end_points.values() if one.vpc_id == instance.vpc_id
    }
    return endpoints >= SERVICES
