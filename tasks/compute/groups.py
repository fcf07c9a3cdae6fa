"""Scaling groups as AWS tells them: listed for all kinds, or one of them with its instances."""

from collections.abc import Mapping
from typing import Any

from tasks.scope import Scope


def standing_groups(scope: Scope) -> list[dict[str, Any]]:
    """The scope's groups as AWS tells them, filtered by tag; listed once a survey, for several kinds."""
    pages: dict[str, Any] = {"Filters": scope.filters, "PaginationConfig": {"PageSize": 100}}
    return scope.listed(
        "scaling groups",
        lambda: list(scope.pages("autoscaling", "describe_auto_scaling_groups", "AutoScalingGroups", **pages)),
    )


def named(scope: Scope, id: str) -> dict[str, Any] | None:
    """The group of this name now, or None."""
    groups = scope.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[id])["AutoScalingGroups"]
    return groups[0] if groups else None


def in_service(group: Mapping[str, Any]) -> int:
    """How many of its instances serve."""
    return sum(instance["LifecycleState"] == "InService" for instance in group.get("Instances", []))


def running(scope: Scope, id: str) -> bool:
    """Whether an instance that the group launched hasn't ended yet."""
    states = ["pending", "running", "shutting-down", "stopping", "stopped"]
    filters = [
        {"Name": "tag:aws:autoscaling:groupName", "Values": [id]},
        {"Name": "instance-state-name", "Values": states},
    ]
    return any(scope.pages("ec2", "describe_instances", "Reservations", Filters=filters))
