"""What belongs to scaling groups and can't be tagged, policies and scheduled actions: told by derived names."""

from collections.abc import Iterator, Mapping
from typing import Any

from tasks.compute.groups import standing_groups
from tasks.scope import ENVIRONMENT, Scope, as_dict

PREDICTIVE = "PredictiveScaling"
MOVED = "moved by AWS"
"""What stands in place of a bound that a schedule or a forecast moves: then it's no state."""


def title(environment: str | None, name: str, kind: str = "") -> str:
    """Its name in AWS, from which the part's can be read again. Policies of all kinds share the names of a group."""
    return f"castra--{environment}--{name}--{kind}" if kind else f"castra--{environment}--{name}"


def id_of(group: str, title: str) -> str:
    """Names being unique in a group, and both being needed to change or remove it."""
    return f"{group}/{title}"


def group_and_title(id: str) -> tuple[str, str]:
    """The other way round."""
    group, _, title = id.partition("/")
    return group, title


def policies(scope: Scope) -> list[dict[str, Any]]:
    """The scaling policies of the account, of all types; listed once a survey. None without groups."""
    return scope.listed("scaling policies", lambda: _all(scope, "describe_policies", "ScalingPolicies"))


def scheduled_actions(scope: Scope) -> list[dict[str, Any]]:
    """The scheduled actions of the account; listed once a survey. None without groups."""
    return scope.listed(
        "scheduled actions", lambda: _all(scope, "describe_scheduled_actions", "ScheduledUpdateGroupActions")
    )


def _all(scope: Scope, operation: str, result: str) -> list[dict[str, Any]]:
    pages: dict[str, Any] = {"PaginationConfig": {"PageSize": 100}}
    return list(scope.pages("autoscaling", operation, result, **pages)) if standing_groups(scope) else []


def ours(scope: Scope, listing: list[dict[str, Any]], name_field: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Environment, part's name and description of each that is in one of our groups and has a name of ours."""
    owners = {
        group["AutoScalingGroupName"]: as_dict(group.get("Tags"))[ENVIRONMENT] for group in standing_groups(scope)
    }
    for one in listing:
        environment = owners.get(one["AutoScalingGroupName"])
        name = str(one[name_field]).removeprefix(title(environment, ""))
        if environment is not None and name != one[name_field]:
            yield environment, name.partition("--")[0], one


def moved_bounds(scope: Scope) -> Mapping[str, frozenset[str]]:
    """Each group's name to the bounds, `min` or `max`, that something of ours moves."""
    found: dict[str, frozenset[str]] = {}
    for _, _, action in ours(scope, scheduled_actions(scope), "ScheduledActionName"):
        sizes = {"min": action.get("MinSize"), "max": action.get("MaxSize")}
        bounds = frozenset(bound for bound, size in sizes.items() if size is not None)
        group = action["AutoScalingGroupName"]
        found[group] = found.get(group, frozenset()) | bounds
    for _, _, policy in ours(scope, policies(scope), "PolicyName"):
        if policy["PolicyType"] == PREDICTIVE and _raises_max(policy["PredictiveScalingConfiguration"]):
            group = policy["AutoScalingGroupName"]
            found[group] = found.get(group, frozenset()) | {"max"}
    return found


def _raises_max(forecast: Mapping[str, Any]) -> bool:
    acts = forecast.get("Mode") == "ForecastAndScale"
    return acts and forecast.get("MaxCapacityBreachBehavior") == "IncreaseMaxCapacity"
