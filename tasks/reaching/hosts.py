"""The machines of an environment, and what AWS tells of how they can be reached. Read in bulk; nothing is written."""

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from tasks.compute.groups import standing_groups
from tasks.compute.instance_state import standing_instances
from tasks.decide import Seen
from tasks.each import batches
from tasks.errors import explain
from tasks.images.provenance import BASE
from tasks.network.rule import RuleState
from tasks.reaching.host import CORE, Host, user_of
from tasks.registry import KINDS
from tasks.scope import PART, Scope, as_dict
from tasks.survey import survey

LISTED = ("firewall", "instance-profile", "managed-policy", "role")
ACTIONS = (
    "autoscaling:DescribeAutoScalingGroups",
    "ec2:DescribeImages",
    "ec2:DescribeInstances",
    "ec2:DescribeSecurityGroups",
    "iam:GetAccountAuthorizationDetails",
    "iam:ListInstanceProfiles",
    "iam:ListPolicies",
    "iam:ListPolicyTags",
    "iam:ListRoles",
    "ssm:DescribeInstanceInformation",
    "sts:GetCallerIdentity",
)
"""All that is called to find a machine and the way to it."""
OPENING = "ssmmessages:OpenDataChannel"
"""The agent's own right without which there's no session.

https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
"""
ALLOWING = (CORE, "AmazonSSMManagedEC2InstanceDefaultPolicy", "AmazonEC2RoleforSSM", "AdministratorAccess")
"""Policies of AWS's own that have it."""


def hosts_of(scope: Scope) -> tuple[Host, ...]:
    """Those that haven't ended. Raises CastraError with what couldn't be read."""
    seen = survey(scope, [KINDS[kind] for kind in LISTED])
    try:
        told = [one for one in standing_instances(scope) if one["State"]["Name"] != "shutting-down"]
        members = _members(scope)
        online = frozenset(_online(scope, [one["InstanceId"] for one in told]))
        users = _users(scope, {one["ImageId"] for one in told})
    except (BotoCoreError, ClientError) as error:
        raise explain(error, "Looking for machines", ACTIONS) from error
    rules, profiles = _rules(seen), frozenset(_opening(seen))
    return tuple(
        Host(
            id=one["InstanceId"],
            part=as_dict(one.get("Tags")).get(PART, ""),
            state=one["State"]["Name"],
            launched=one["LaunchTime"],
            healthy=members.get(one["InstanceId"], one["State"]["Name"] == "running"),
            private=one.get("PrivateIpAddress") or "",
            public=one.get("PublicIpAddress") or "",
            groups=frozenset(groups := [group["GroupId"] for group in one.get("SecurityGroups", ())]),
            inbound=tuple(rule for group in groups for rule in rules.get(group, ())),
            key_pair=one.get("KeyName") or "",
            user=users.get(one["ImageId"], ""),
            windows=one.get("Platform", "").lower() == "windows",
            allowed=one.get("IamInstanceProfile", {}).get("Arn") in profiles,
            online=one["InstanceId"] in online,
        )
        for one in told
    )


def _members(scope: Scope) -> dict[str, bool]:
    """Each instance of a scaling group to whether it serves and is healthy."""
    return {
        one["InstanceId"]: one["LifecycleState"] == "InService" and one["HealthStatus"] == "Healthy"
        for group in standing_groups(scope)
        for one in group.get("Instances", ())
    }


def _online(scope: Scope, ids: list[str]) -> Iterator[str]:
    """Whose agent AWS hears, a hundred a question: the most values that a filter takes."""
    for some in batches(ids, 100):
        filters = [{"Key": "InstanceIds", "Values": some}]
        for one in scope.pages("ssm", "describe_instance_information", "InstanceInformationList", Filters=filters):
            if one.get("PingStatus") == "Online":
                yield one["InstanceId"]


def _users(scope: Scope, ids: set[str]) -> dict[str, str]:
    """By image. One that Castra made of another says nothing of that: then the other one is asked, too."""
    images = _images(scope, ids)
    bases = {id: as_dict(image.get("Tags")).get(BASE, "") for id, image in images.items()}
    images |= _images(scope, {base for base in bases.values() if base.startswith("ami-")} - images.keys())
    said = {id: user_of(_words(image)) for id, image in images.items()}
    return {id: said.get(id) or said.get(bases.get(id, ""), "") for id in ids}


def _images(scope: Scope, ids: set[str]) -> dict[str, Mapping[str, Any]]:
    """Those that are there still; an image may be gone while its instances run."""
    named = [{"Name": "image-id", "Values": sorted(ids)}]
    listed = scope.pages("ec2", "describe_images", "Images", Filters=named) if ids else ()
    return {image["ImageId"]: image for image in listed}


def _words(image: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(image.get(field) or "" for field in ("Name", "Description", "PlatformDetails"))


def _rules(seen: Seen) -> dict[str, tuple[RuleState, ...]]:
    """What each security group of the environment lets in."""
    return {one.state.group: one.state.inbound for one in seen.found if one.kind == "firewall"}


def _opening(seen: Seen) -> Iterator[str]:
    """The profiles whose role allows sessions, as far as its policies can be read."""
    documents = {one.id: one.state.document for one in seen.found if one.kind == "managed-policy"}
    roles = {one.id: one.state for one in seen.found if one.kind == "role"}
    for profile in (one for one in seen.found if one.kind == "instance-profile"):
        role = roles.get(profile.state.role or "")
        if role is not None:
            written = [*role.policies.values(), *(documents[arn] for arn in role.managed if arn in documents)]
            if any(arn.rpartition("/")[2] in ALLOWING for arn in role.managed) or any(map(_opens, written)):
                yield profile.id


def _opens(document: str) -> bool:
    """Whether a policy allows sessions, on whatever conditions."""
    statements: Iterable[Mapping[str, Any]] = json.loads(document).get("Statement", [])
    allowed = [action for one in statements if one.get("Effect") == "Allow" for action in one.get("Action", ())]
    return any(fnmatchcase(OPENING.lower(), action.lower()) for action in allowed)
