"""A scaling group in a rotation's words, and what it launches in AWS's."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from tasks.compute.mixed_instances import template_in
from tasks.images.rotating import Group, Member
from tasks.scope import as_dict

SUSPENDED = ("AZRebalance", "AlarmNotification", "ScheduledActions")
"""What would move instances meanwhile."""
NEEDED = ("Launch", "Terminate", "AddToLoadBalancer")
"""What no rotation can do without."""
Raw = Mapping[str, Any]


def seen(raw: Raw) -> Group:
    """A group as DescribeAutoScalingGroups tells it."""
    template = template_in(raw)
    return Group(
        name=raw["AutoScalingGroupName"],
        min=raw["MinSize"],
        max=raw["MaxSize"],
        desired=raw["DesiredCapacity"],
        version=template.get("Version") or "$Default",
        members=tuple(_member(one, template.get("LaunchTemplateId")) for one in raw.get("Instances", [])),
        suspended=frozenset(one["ProcessName"] for one in raw.get("SuspendedProcesses", [])),
    )


def _member(instance: Raw, template: str | None) -> Member:
    """What was launched from another template, or from none, is of no version."""
    launched = instance.get("LaunchTemplate") or {}
    ours = template is not None and launched.get("LaunchTemplateId") == template
    return Member(
        id=instance["InstanceId"],
        version=int(launched["Version"]) if ours and str(launched.get("Version", "")).isdigit() else None,
        state=instance["LifecycleState"],
        healthy=instance.get("HealthStatus", "Healthy") == "Healthy",
        protected=instance.get("ProtectedFromScaleIn", False),
        weight=int(instance.get("WeightedCapacity") or 1),
        zone=instance.get("AvailabilityZone", ""),
    )


def heaviest(raw: Raw) -> int:
    """How much one instance counts at most, in the unit of the group's sizes."""
    types = (raw.get("MixedInstancesPolicy") or {}).get("LaunchTemplate", {}).get("Overrides", [])
    return max((int(one.get("WeightedCapacity") or 1) for one in types), default=1)


def launching_version(raw: Raw, version: int | str) -> dict[str, Any]:
    """What UpdateAutoScalingGroup takes to launch this version, all else of a mixed policy as it is."""
    named = {"LaunchTemplateId": template_in(raw)["LaunchTemplateId"], "Version": str(version)}
    policy = raw.get("MixedInstancesPolicy")
    if not policy:
        return {"LaunchTemplate": named}
    policy = deepcopy(dict(policy))
    policy["LaunchTemplate"]["LaunchTemplateSpecification"] = named
    return {"MixedInstancesPolicy": policy}


def hindrances(raw: Raw) -> Iterator[tuple[str, str]]:
    """Why a group can't be rotated as it is, with the way out."""
    if raw.get("Status"):
        yield "it is being deleted", "Wait until it's gone, and raise it again"
    if not template_in(raw).get("LaunchTemplateId"):
        yield "it launches from a launch configuration", "Give it a launch template"
    stopped = {one["ProcessName"] for one in raw.get("SuspendedProcesses", [])} & set(NEEDED)
    if stopped:
        told = " and ".join(sorted(stopped))
        yield f"{told} is suspended", f"Resume it: `aws autoscaling resume-processes --scaling-processes {told}`"
    if raw.get("WarmPoolConfiguration"):
        yield "it has a warm pool, whose instances are of the old version", "Delete the warm pool first"
    policy = (raw.get("MixedInstancesPolicy") or {}).get("LaunchTemplate", {})
    if any(one.get("LaunchTemplateSpecification") for one in policy.get("Overrides", [])):
        yield "some of its types have a launch template of their own", "Take those out"


def tags_of(raw: Raw) -> dict[str, str]:
    """Its tags as a dict."""
    return as_dict(raw.get("Tags"))
