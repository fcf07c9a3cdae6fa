"""Scaling groups as AWS tells them: listed for all kinds, or one of them with its instances."""

from collections.abc import Mapping
from typing import Any

from tasks.scope import Scope, as_dict

LAUNCHER = "aws:autoscaling:groupName"  # AWS's own tag on what a group launched


def standing_groups(scope: Scope) -> list[dict[str, Any]]:
    """The scope's groups as AWS tells them, filtered by tag; listed once a survey, for several kinds."""
    return scope.listed("scaling groups", lambda: _listing(scope))


def named(scope: Scope, id: str) -> dict[str, Any] | None:
    """The group of this name now, or None."""
    groups = scope.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[id])["AutoScalingGroups"]
    return groups[0] if groups else None


def in_service(group: Mapping[str, Any]) -> int:
    """How many of its instances serve."""
    return sum(instance["LifecycleState"] == "InService" for instance in group.get("Instances", []))


def capacity(group: Mapping[str, Any]) -> int:
    """How much they count together, in the unit of the group's sizes: each one, or its type's weight."""
    serving = (instance for instance in group.get("Instances", []) if instance["LifecycleState"] == "InService")
    return sum(int(instance.get("WeightedCapacity") or 1) for instance in serving)


def named_lately(scope: Scope, id: str, since: float) -> dict[str, Any] | None:
    """The same from a listing of all groups, which those who wait for one of them share; see `Scope.polled`."""
    groups = scope.polled("scaling groups", since, lambda: _listing(scope))
    return next((group for group in groups if group["AutoScalingGroupName"] == id), None)


def running(scope: Scope, id: str, since: float) -> bool:
    """Whether an instance that the group launched hasn't ended yet; shared in the same way."""
    return id in scope.polled("groups with instances", since, lambda: _with_instances(scope))


def _listing(scope: Scope) -> list[dict[str, Any]]:
    pages: dict[str, Any] = {"Filters": scope.filters, "PaginationConfig": {"PageSize": 100}}
    return list(scope.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", **pages))


def _with_instances(scope: Scope) -> set[str]:
    """Names of the groups that have an instance which hasn't ended."""
    states = ["pending", "running", "shutting-down", "stopping", "stopped"]
    filters = [*scope.filters, {"Name": "instance-state-name", "Values": states}]
    reservations = scope.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    tags = (as_dict(instance.get("Tags")) for one in reservations for instance in one["Instances"])
    return {given[LAUNCHER] for given in tags if LAUNCHER in given}
