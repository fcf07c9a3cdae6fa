"""Target tracking: a scaling group follows a metric."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.servers import TargetTracking
from tasks.compute.groups import standing_groups
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict


class TargetTrackingState(State):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html"""

    group: Fixed[str]
    metric: str
    target: float
    scale_in: bool
    warmup: int | None
    enabled: bool = True


class TargetTrackingKind(Kind[TargetTracking, TargetTrackingState]):
    """Target tracking policies of scaling groups.

    AWS tags no policy: it's the environment's if its group is, and its name begins as Castra's do. Names being unique
    in a group, `<group>/<policy>` is the id.
    """

    name = "target-tracking"
    taggable = False
    goes_first = True
    actions = (
        "autoscaling:DeletePolicy",
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribePolicies",
        "autoscaling:PutScalingPolicy",
    )

    def owned(self, scope: Scope) -> Iterator[Found[TargetTrackingState]]:
        """DescribePolicies of the account, beside the groups that are listed anyway."""
        owners = {
            group["AutoScalingGroupName"]: as_dict(group.get("Tags"))[ENVIRONMENT] for group in standing_groups(scope)
        }
        pages: dict[str, Any] = {
            "PolicyTypes": ["TargetTrackingScaling"],
            "PaginationConfig": {"PageSize": 100},
        }
        for policy in scope.pages("autoscaling", "describe_policies", "ScalingPolicies", **pages) if owners else []:
            environment = owners.get(policy["AutoScalingGroupName"])
            name = policy["PolicyName"].removeprefix(_title(environment, ""))
            if environment is not None and name != policy["PolicyName"]:
                tags = {ENVIRONMENT: environment, PART: self.key(name)}
                yield Found(
                    self.name, name, _id(policy["AutoScalingGroupName"], policy["PolicyName"]), _state(policy), tags
                )

    def wanted(self, part: TargetTracking, ids: Mapping[str, str]) -> TargetTrackingState:
        """See the base."""
        return TargetTrackingState(
            group=ids[part.group],
            metric=part.metric,
            target=part.target,
            scale_in=part.scale_in,
            warmup=part.warmup,
        )

    def create(self, scope: Scope, name: str, wanted: TargetTrackingState) -> str:
        """PutScalingPolicy makes or replaces what has the name; AWS adds the alarms."""
        return _put(scope, wanted, _title(scope.environment, name))

    def update(self, scope: Scope, id: str, wanted: TargetTrackingState, changed: frozenset[str]) -> None:
        """All of it, by its name."""
        _put(scope, wanted, id.partition("/")[2])

    def delete(self, scope: Scope, id: str) -> None:
        """With its alarms. It goes with its group too."""
        group, _, policy = id.partition("/")
        with gone_is_fine("ValidationError", saying="not found"):
            scope.autoscaling.delete_policy(AutoScalingGroupName=group, PolicyName=policy)


def _title(environment: str | None, name: str) -> str:
    """The policy's name in AWS, from which the part's can be read again."""
    return f"castra--{environment}--{name}"


def _id(group: str, title: str) -> str:
    return f"{group}/{title}"


def _put(scope: Scope, wanted: TargetTrackingState, title: str) -> str:
    warmup = {"EstimatedInstanceWarmup": wanted.warmup} if wanted.warmup is not None else {}
    scope.autoscaling.put_scaling_policy(
        AutoScalingGroupName=wanted.group,
        PolicyName=title,
        PolicyType="TargetTrackingScaling",
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": {"PredefinedMetricType": wanted.metric},
            "TargetValue": wanted.target,
            "DisableScaleIn": not wanted.scale_in,
        },
        Enabled=wanted.enabled,
        **warmup,
    )
    return _id(wanted.group, title)


def _state(policy: Mapping[str, Any]) -> TargetTrackingState:
    tracking = policy.get("TargetTrackingConfiguration", {})
    return TargetTrackingState(
        group=policy["AutoScalingGroupName"],
        metric=tracking.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType", ""),
        target=tracking.get("TargetValue", 0.0),
        scale_in=not tracking.get("DisableScaleIn", False),
        warmup=policy.get("EstimatedInstanceWarmup"),
        enabled=policy.get("Enabled", True),
    )
