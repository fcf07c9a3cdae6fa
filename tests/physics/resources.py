"""Which actions on which resources a call must be allowed, by the Service Authorization Reference.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Callable, Iterator

from moto.core import DEFAULT_ACCOUNT_ID as ACCOUNT

from tests.physics.actions import iam_action
from tests.physics.ec2_resources import Need, of_ec2
from tests.physics.on_behalf import on_behalf
from tests.physics.protocol import Request
from tests.physics.world import World

LAUNCHING = frozenset({"CreateAutoScalingGroup", "UpdateAutoScalingGroup"})
LINKED = frozenset({"CreateAutoScalingGroup", "CreateLoadBalancer"})
"""The first of its kind in an account makes the service's own role; which one is the first isn't remembered here."""


def needs_of(request: Request, world: World) -> Iterator[Need]:
    """All that a call needs."""
    action = action_of(request)
    if request.service == "ec2":
        yield from of_ec2(action, request, world)
        return
    resources = (ARNS.get(request.service) or (lambda *_: ["*"]))(request, world)
    for resource in resources:
        yield action, resource, {}
    yield from on_behalf(request, world)
    for role in passed(request, world):
        yield "iam:PassRole", role, {}
    if request.operation in LAUNCHING:  # of a launch template, which a group's maker must be able to launch
        yield "ec2:RunInstances", f"{home(request, 'ec2', world)}:instance/*", {}
    if request.operation in LINKED:
        yield "iam:CreateServiceLinkedRole", f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/{request.service}/it", {}


def action_of(request: Request) -> str:
    if request.service == "s3" and request.operation == "DeleteObject" and "versionId" in request.params:
        return "s3:DeleteObjectVersion"
    if request.service == "s3" and request.operation.startswith("ListObjects"):
        return "s3:ListBucket"
    try:
        return iam_action(f"{request.service}:{request.operation}")
    except Exception:  # noqa: BLE001 - an address that botocore's models don't know has no action
        return f"{request.service}:{request.operation}"


def home(request: Request, service: str, world: World) -> str:
    account = world.backend(request, "ec2").account_id
    return f"arn:aws:{service}:{request.region}:{account}"


# ---------------------------------------------------------------------- services that know names


def of_iam(request: Request, world: World) -> list[str]:
    """By the entity's path, which the call doesn't say where it stands already."""
    if re.match(
        r"List(?!.*For|Attached|RolePol|PolicyTags|PolicyVersions|EntitiesFor|Access)|GetAccount", request.operation
    ):
        return ["*"]
    iam = world.backend(request)
    for noun, table, title in (
        ("InstanceProfileName", iam.instance_profiles, "instance-profile"),
        ("GroupName", iam.groups, "group"),
        ("UserName", iam.users, "user"),
        ("RoleName", iam.roles, "role"),
    ):
        if name := request.text(noun):
            there = [one for one in table.values() if one.name == name]
            path = there[0].path if there else request.text("Path") or "/"
            return [f"arn:aws:iam::{iam.account_id}:{title}{path}{name}"]
    if service := request.text("AWSServiceName"):
        return [f"arn:aws:iam::{iam.account_id}:role/aws-service-role/{service}/it"]
    made = f"arn:aws:iam::{iam.account_id}:policy{request.text('Path') or '/'}{request.text('PolicyName')}"
    return [request.text("PolicyArn") or (made if request.text("PolicyName") else "*")]


def passed(request: Request, world: World) -> list[str]:
    """Roles that a call hands on."""
    iam = world.backend(request, "iam")
    if (request.service, request.operation) == ("iam", "AddRoleToInstanceProfile"):
        return [one.arn for one in iam.roles.values() if one.name == request.text("RoleName")]
    if request.service in ("lambda", "events") and (role := request.text("Role") or request.text("RoleArn")):
        return [role]
    return []


def of_autoscaling(request: Request, world: World) -> list[str]:
    where = home(request, "autoscaling", world)
    names = request.texts("AutoScalingGroupName") or [str(tag["ResourceId"]) for tag in request.rows("Tags")]
    if request.operation == "DeletePolicy" and not names:
        names = [policy.auto_scaling_group_name for policy in world.backend(request).policies.values()]
    return [f"{where}:autoScalingGroup:1:autoScalingGroupName/{name}" for name in names if written(request)] or ["*"]


def of_balancing(request: Request, world: World) -> list[str]:
    where, name = home(request, "elasticloadbalancing", world), request.text("Name")
    if not written(request):
        return ["*"]
    if request.operation == "CreateLoadBalancer" and name:
        kind = {"network": "net"}.get(request.text("Type"), "app")
        return [f"{where}:loadbalancer/{kind}/{name}/1"]
    if request.operation == "CreateTargetGroup":
        return [f"{where}:targetgroup/{name}/1"]
    if classic := request.texts("LoadBalancerName", "LoadBalancerNames"):
        return [f"{where}:loadbalancer/{one}" for one in classic]
    said = ("LoadBalancerArn", "TargetGroupArn", "ListenerArn", "RuleArn")
    first = next((request.text(one) for one in said if request.text(one)), "")
    rules = [str(row["RuleArn"]) for row in request.rows("RulePriorities")]
    return [first] if first else rules or request.texts("ResourceArns") or ["*"]


def of_queues(request: Request, world: World) -> list[str]:
    name = request.text("QueueName") or request.text("QueueUrl").rpartition("/")[2]
    return [f"{home(request, 'sqs', world)}:{name}" if name else "*"]


def of_buckets(request: Request, world: World) -> list[str]:
    bucket, key = request.text("Bucket"), request.text("Key")
    if not bucket:
        return ["*"]
    return [f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"]


def of_functions(request: Request, world: World) -> list[str]:
    where, text = home(request, "lambda", world), request.text
    if request.operation in ("CreateEventSourceMapping", "ListEventSourceMappings", "ListFunctions", "ListLayers"):
        return ["*"]
    if name := text("LayerName"):
        version = text("VersionNumber")
        return [f"{where}:layer:{name.rpartition(':')[2]}{f':{version}' if version else ''}"]
    if text("UUID"):
        return [f"{where}:event-source-mapping:{text('UUID')}"]
    name = text("FunctionName") or text("Resource") or text("ARN")
    return [name if name.startswith("arn:") else f"{where}:function:{name}"]


def of_logs(request: Request, world: World) -> list[str]:
    name = request.text("logGroupName")
    return [f"{home(request, 'logs', world)}:log-group:{name}" if name else request.text("resourceArn") or "*"]


def of_events(request: Request, world: World) -> list[str]:
    name = request.text("Name") or request.text("Rule")
    return [f"{home(request, 'events', world)}:rule/{name}" if name else request.text("ResourceARN") or "*"]


def of_alarms(request: Request, world: World) -> list[str]:
    names = request.texts("AlarmName", "AlarmNames") if written(request) else []
    return [f"{home(request, 'cloudwatch', world)}:alarm:{name}" for name in names] or [
        request.text("ResourceARN") or "*"
    ]


def of_secrets(request: Request, world: World) -> list[str]:
    """By its name; AWS adds six characters of chance to it."""
    asked = request.text("SecretId") or request.text("Name")
    if not asked:
        return ["*"]
    return [asked if asked.startswith("arn:") else f"{home(request, 'secretsmanager', world)}:secret:{asked}-abcdef"]


def of_parameters(request: Request, world: World) -> list[str]:
    """By their names, each behind a slash; AWS's own are nobody's. Commands and what lists are on `*`."""
    typed = request.text("ResourceId") if request.text("ResourceType") == "Parameter" else ""
    named = [request.text("Name"), typed, *request.texts("Names")] if written(request) else []
    names = [name.partition(":")[0] for name in named if name]
    return [f"{_keeper(request, name, world)}:parameter/{name.removeprefix('/')}" for name in names] or ["*"]


def _keeper(request: Request, parameter: str, world: World) -> str:
    where = home(request, "ssm", world)
    return where.rpartition(":")[0] + ":" if parameter.startswith("/aws/service/") else where


def of_topics(request: Request, world: World) -> list[str]:
    """A subscription's end knows no resource."""
    made = f"{home(request, 'sns', world)}:{request.text('Name')}" if request.text("Name") else ""
    return [request.text("TopicArn") or request.text("ResourceArn") or made or "*"]


RDS = {
    "DBInstanceIdentifier": "db",
    "DBParameterGroupName": "pg",
    "DBSnapshotIdentifier": "snapshot",
    "DBSubnetGroupName": "subgrp",
    "FinalDBSnapshotIdentifier": "snapshot",
    "SourceDBInstanceIdentifier": "db",
}
"""Parameters that name resources, with the type in their ARNs."""
CACHES = {
    "CacheClusterId": "cluster",
    "CacheParameterGroupName": "parametergroup",
    "CacheSubnetGroupName": "subnetgroup",
    "FinalSnapshotIdentifier": "snapshot",
    "ReplicationGroupId": "replicationgroup",
    "SnapshotName": "snapshot",
}


def of_databases(request: Request, world: World) -> list[str]:
    """All that a call names; of what is made, the option group that AWS takes, too."""
    options = "og:default:postgres-17" if request.operation == "CreateDBInstance" else ""
    return _all_named(request, home(request, "rds", world), RDS, options)


def of_caches(request: Request, world: World) -> list[str]:
    """All that a call names."""
    return _all_named(request, home(request, "elasticache", world), CACHES, "")


def _all_named(request: Request, where: str, types: dict[str, str], more: str) -> list[str]:
    if not written(request):
        return ["*"]
    names = [f"{kind}:{request.text(name)}" for name, kind in types.items() if request.text(name)]
    told = [f"{where}:{one}" for one in [*names, *([more] if more else [])]]
    return told or [request.text("ResourceName") or "*"]


def written(request: Request) -> bool:
    """Listings that name something can't be narrowed to it."""
    return not request.operation.startswith("Describe")


ARNS: dict[str, Callable[[Request, World], list[str]]] = {
    "autoscaling": of_autoscaling,
    "cloudwatch": of_alarms,
    "elasticache": of_caches,
    "elb": of_balancing,
    "elbv2": of_balancing,
    "events": of_events,
    "iam": of_iam,
    "lambda": of_functions,
    "logs": of_logs,
    "rds": of_databases,
    "s3": of_buckets,
    "secretsmanager": of_secrets,
    "sns": of_topics,
    "sqs": of_queues,
    "ssm": of_parameters,
}
"""Every other service's calls are on `*`: nothing there is narrowed."""
