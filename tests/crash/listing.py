"""All that stands in an account as plain clients tell it, comparable between runs: ids become the parts they carry."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from tasks.backups.tagging import PROVEN
from tasks.identity.access_key import BEFORE, KEY
from tasks.images.owned import STEPS
from tasks.images.provenance import BUILT_BY, REFUSED
from tasks.scope import CREATED, EXPIRES, FINGERPRINT, PART
from tests.crash.alarms import alarms, topics
from tests.crash.apis import api_domains, http_apis, rest_apis, usage_plans
from tests.crash.caches import caches
from tests.crash.databases import databases
from tests.crash.functions import functions, queues, rules
from tests.crash.people import people
from tests.crash.secrets import parameters, secrets
from tests.crash.stage import Stage

Thing = tuple[str, str, str]  # what it is, its part or name, and all else about it as JSON
LISTINGS = (
    ("ec2", "describe_vpcs", "Vpcs"),
    ("ec2", "describe_subnets", "Subnets"),
    ("ec2", "describe_internet_gateways", "InternetGateways"),
    ("ec2", "describe_nat_gateways", "NatGateways"),
    ("ec2", "describe_addresses", "Addresses"),
    ("ec2", "describe_route_tables", "RouteTables"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints"),
    ("ec2", "describe_security_groups", "SecurityGroups"),
    ("ec2", "describe_launch_templates", "LaunchTemplates"),
    ("ec2", "describe_flow_logs", "FlowLogs"),
    ("ec2", "describe_key_pairs", "KeyPairs"),
    ("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups"),
    ("autoscaling", "describe_policies", "ScalingPolicies"),
    ("autoscaling", "describe_scheduled_actions", "ScheduledUpdateGroupActions"),
    ("elb", "describe_load_balancers", "LoadBalancerDescriptions"),
    ("elbv2", "describe_load_balancers", "LoadBalancers"),
    ("elbv2", "describe_target_groups", "TargetGroups"),
    ("iam", "list_instance_profiles", "InstanceProfiles"),
    ("logs", "describe_log_groups", "logGroups"),
)
OWN = {
    "Vpcs": "VpcId",
    "Subnets": "SubnetId",
    "InternetGateways": "InternetGatewayId",
    "NatGateways": "NatGatewayId",
    "Addresses": "AllocationId",
    "RouteTables": "RouteTableId",
    "VpcEndpoints": "VpcEndpointId",
    "SecurityGroups": "GroupId",
    "LaunchTemplates": "LaunchTemplateId",
    "FlowLogs": "FlowLogId",
    "Instances": "InstanceId",
    "Volumes": "VolumeId",
    "Images": "ImageId",
    "Snapshots": "SnapshotId",
}
"""The field with a thing's own id, where others name it."""
GONE = {"deleted", "deleting", "terminated", "shutting-down"}
ID = re.compile(r"\b([a-z][a-z-]*)-(?:[0-9a-f]{17}|[0-9a-f]{8})\b(?!-[0-9a-f]{4}-)")
UUID = r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
NOISE = re.compile(
    UUID + r"|\b[0-9a-f]{16}\b|(?<=-)[0-9a-f]{6}\b|(?<=/)\d{10,}\b|(?<=distribution/)[A-Z0-9]+"
    r"|(?<=:\d{12}:)[a-z0-9]{8,10}(?=/)|(?<=-)[A-Za-z0-9]{6}$"
)
"""What chance decides inside texts; at last an API's id where a policy names it, and the end of a secret's ARN."""
NOTES = (CREATED, EXPIRES, FINGERPRINT, REFUSED, PROVEN, BUILT_BY, *STEPS, "castra:firewall", KEY, BEFORE)
"""Castra's own notes: when, and what was applied last. What a dead run has finished but not noted stands as wanted."""
CHANCE = re.compile(
    "Ip$|IpAddress|D[Nn][Ss]Name|RoleId|PolicyId|InstanceProfileId|ClientToken|HostedZone|^Instances$|Version"
    "|LastModified|[cC]reationTime|ApiGatewayDomainName"
)
"""Fields whose values are AWS's own choice, or that count how often something was changed."""


def listing(stage: Stage) -> "Counter[Thing]":
    """All that stands, whoever made it and whatever tags it carries."""
    items = [(what, item) for what, item in _items(stage) if not _gone(item)]
    parts = {item[OWN[what]]: part for what, item in items if what in OWN and (part := _part(item))}
    return Counter((what, _part(item) or _name(item), json.dumps(_plain(item, parts))) for what, item in items)


def _items(stage: Stage) -> Iterator[tuple[str, Any]]:
    for service, operation, key in LISTINGS:
        client = stage.client(service)
        paged = client.can_paginate(operation)
        for page in client.get_paginator(operation).paginate() if paged else [getattr(client, operation)()]:
            yield from ((key, item) for item in page[key])
    yield from _instances(stage.client("ec2"))
    yield from _kept(stage.client("ec2"))
    yield from _listeners(stage.client("elbv2"))
    yield from _roles(stage.client("iam"))
    yield from people(stage.client("iam"), stage.client("secretsmanager"))
    yield from _layers(stage.client("lambda"))
    yield from _delivery(stage.client("cloudfront"))
    yield from functions(stage.client("lambda"))
    yield from queues(stage.client("sqs"))
    yield from databases(stage.client("rds"))
    yield from rules(stage.client("events"))
    yield from http_apis(stage.client("apigatewayv2"))
    yield from api_domains(stage.client("apigatewayv2"))
    yield from rest_apis(stage.client("apigateway"))
    yield from usage_plans(stage.client("apigateway"))
    yield from alarms(stage.client("cloudwatch"))
    yield from topics(stage.client("sns"))
    yield from _buckets(stage.client("s3"))
    yield from secrets(stage.client("secretsmanager"))
    yield from parameters(stage.client("ssm"))
    yield from caches(stage.client("elasticache"))


def _instances(ec2: Any) -> Iterator[tuple[str, Any]]:
    """What groups launched: into which zone is chance."""
    for reservation in ec2.describe_instances()["Reservations"]:
        for one in reservation["Instances"]:
            about = {"InstanceId": one["InstanceId"], "State": one["State"]["Name"], "Type": one["InstanceType"]}
            yield "Instances", {**about, "Tags": one.get("Tags", [])}
    for one in ec2.describe_volumes()["Volumes"]:
        about = {key: one[key] for key in ("VolumeId", "Size", "VolumeType", "Encrypted", "State")}
        attached = [[attachment["InstanceId"], attachment["Device"]] for attachment in one["Attachments"]]
        yield "Volumes", {**about, "Attached": attached, "Tags": one.get("Tags", [])}


def _kept(ec2: Any) -> Iterator[tuple[str, Any]]:
    """Images and snapshots of one's own; their names have ids in them."""
    for image in ec2.describe_images(Owners=["self"], IncludeDisabled=True)["Images"]:
        named = ID.sub(r"\1-*", image["Name"])
        about = {"ImageId": image["ImageId"], "ImageName": named, "State": image["State"]}
        about["Deprecated"] = "DeprecationTime" in image
        disks = [[disk["DeviceName"], disk["Ebs"]["SnapshotId"]] for disk in image["BlockDeviceMappings"]]
        yield "Images", {**about, "Disks": disks, "Tags": image.get("Tags", [])}
    for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        about = {"SnapshotId": one["SnapshotId"], "Size": one["VolumeSize"], "State": one["State"]}
        yield "Snapshots", {**about, "Encrypted": one["Encrypted"], "Tags": one.get("Tags", [])}


def _listeners(elbv2: Any) -> Iterator[tuple[str, Any]]:
    for balancer in elbv2.describe_load_balancers()["LoadBalancers"]:
        for listener in elbv2.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]:
            yield "Listeners", listener
            for rule in elbv2.describe_rules(ListenerArn=listener["ListenerArn"])["Rules"]:
                yield "Rules", rule


def _delivery(cloudfront: Any) -> Iterator[tuple[str, Any]]:
    for one in cloudfront.list_distributions()["DistributionList"].get("Items", []):
        yield "Distributions", {"Name": one["Comment"], "Enabled": one["Enabled"], "Price": one["PriceClass"]}
    for one in cloudfront.list_origin_access_controls()["OriginAccessControlList"].get("Items", []):
        yield "OriginAccessControls", {key: value for key, value in one.items() if key != "Id"}
    for one in cloudfront.list_functions()["FunctionList"].get("Items", []):
        yield "EdgeFunctions", {"Name": one["Name"], "Status": one["Status"]}


def _layers(functions: Any) -> Iterator[tuple[str, Any]]:
    for layer in functions.list_layers()["Layers"]:
        for version in functions.list_layer_versions(LayerName=layer["LayerName"])["LayerVersions"]:
            yield "LayerVersions", {"LayerName": layer["LayerName"], "Description": version.get("Description")}


def _roles(iam: Any) -> Iterator[tuple[str, Any]]:
    for role in iam.list_roles(PathPrefix="/castra/")["Roles"]:
        attached = iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
        inline = iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
        yield "Roles", {**role, "Attached": attached, "Inline": inline}
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        yield "Policies", policy


def _buckets(s3: Any) -> Iterator[tuple[str, Any]]:
    """But the depot, whose lease is looked at apart."""
    for name in [one["Name"] for one in s3.list_buckets()["Buckets"] if "--" in one["Name"]]:
        settings: dict[str, Any] = {"BucketName": name}
        for setting in ("tagging", "versioning", "encryption", "lifecycle_configuration", "policy", "website"):
            with suppress(ClientError):  # it was never set
                settings |= getattr(s3, f"get_bucket_{setting}")(Bucket=name)
        settings["Tags"] = settings.pop("TagSet", [])
        yield "Buckets", {key: value for key, value in settings.items() if key != "ResponseMetadata"}


def _tags(item: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in item.get("Tags") or [] if "Key" in tag}


def _part(item: Any) -> str:
    return _tags(item).get(PART, "")


def _name(item: Any) -> str:
    """A name of its own, without the digits that chance gave it."""
    named = (str(value) for key, value in item.items() if key.endswith("Name") and isinstance(value, str))
    return NOISE.sub("*", next(named, ""))


def _gone(item: Any) -> bool:
    state = item.get("State")
    return isinstance(state, str) and state.lower() in GONE


def _plain(value: Any, parts: dict[str, str]) -> Any:
    """The same without what chance decides: ids, times, addresses; lists sorted."""
    match value:
        case dict():
            kept = {key: inner for key, inner in value.items() if not CHANCE.search(key)}
            return {key: _plain(inner, parts) for key, inner in sorted(kept.items())}
        case list():
            told = [inner for inner in value if not (isinstance(inner, dict) and inner.get("Key") in NOTES)]
            return sorted((_plain(inner, parts) for inner in told), key=str)
        case datetime():
            return "*"
        case str() if "," in value and value.startswith("subnet-"):
            return sorted(_plain(inner, parts) for inner in value.split(","))
        case str():
            return NOISE.sub("*", ID.sub(lambda found: parts.get(found[0], f"{found[1]}-*"), value))
        case _:
            return value
