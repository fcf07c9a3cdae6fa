"""Target tracking: a scaling group follows a metric."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.scaling import TargetTracking
from tasks.compute.belongings import group_and_title, id_of, ours, policies, title
from tasks.compute.request_label import arns_of, ids_of, label_of
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.scope import ENVIRONMENT, PART, Scope

POLICY_TYPE = "TargetTrackingScaling"


class TargetTrackingState(State):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-target-tracking.html"""

    group: Fixed[str]
    metric: str
    target: float
    scale_in: bool
    warmup: int | None
    load_balancer: str | None = None
    target_group: str | None = None
    enabled: bool = True


class TargetTrackingKind(Kind[TargetTracking, TargetTrackingState]):
    """Target tracking policies of scaling groups.

    AWS tags no policy: it's the environment's if its group is, and its name begins as Castra's do. Names being unique
    in a group, `<group>/<policy>` is the id.
    """

    name = "target-tracking"
    goes_with = ("scaling-group",)
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
        for environment, name, policy in ours(scope, policies(scope), "PolicyName"):
            if policy["PolicyType"] == POLICY_TYPE:
                tags = {ENVIRONMENT: environment, PART: self.key(name)}
                id = id_of(policy["AutoScalingGroupName"], policy["PolicyName"])
                yield Found(self.name, name, id, _state(policy), tags)

    def wanted(self, part: TargetTracking, ids: Mapping[str, str]) -> TargetTrackingState:
        """See the base."""
        load_balancer, target_group = ids_of(part.requests, ids)
        return TargetTrackingState(
            group=ids[part.group],
            metric=part.metric,
            target=part.target,
            scale_in=part.scale_in,
            warmup=part.warmup,
            load_balancer=load_balancer,
            target_group=target_group,
        )

    def create(self, scope: Scope, name: str, wanted: TargetTrackingState) -> str:
        """PutScalingPolicy makes or replaces what has the name; AWS adds the alarms."""
        return _put(scope, wanted, title(scope.environment, name))

    def update(self, scope: Scope, id: str, wanted: TargetTrackingState, changed: frozenset[str]) -> None:
        """All of it, by its name."""
        _put(scope, wanted, group_and_title(id)[1])

    def delete(self, scope: Scope, id: str) -> None:
        """With its alarms. It goes with its group too."""
        group, policy = group_and_title(id)
        with gone_is_fine("ValidationError", saying="not found"):
            scope.autoscaling.delete_policy(AutoScalingGroupName=group, PolicyName=policy)


def _put(scope: Scope, wanted: TargetTrackingState, name: str) -> str:
    warmup = {"EstimatedInstanceWarmup": wanted.warmup} if wanted.warmup is not None else {}
    metric = {"PredefinedMetricType": wanted.metric}
    if wanted.load_balancer and wanted.target_group:
        metric["ResourceLabel"] = label_of(wanted.load_balancer, wanted.target_group)
    scope.autoscaling.put_scaling_policy(
        AutoScalingGroupName=wanted.group,
        PolicyName=name,
        PolicyType=POLICY_TYPE,
        TargetTrackingConfiguration={
            "PredefinedMetricSpecification": metric,
            "TargetValue": wanted.target,
            "DisableScaleIn": not wanted.scale_in,
        },
        Enabled=wanted.enabled,
        **warmup,
    )
    return id_of(wanted.group, name)


def _state(policy: Mapping[str, Any]) -> TargetTrackingState:
    tracking = policy.get("TargetTrackingConfiguration", {})
    metric = tracking.get("PredefinedMetricSpecification", {})
    load_balancer, target_group = arns_of(metric.get("ResourceLabel"), policy.get("PolicyARN", ""))
    return TargetTrackingState(
        group=policy["AutoScalingGroupName"],
        metric=metric.get("PredefinedMetricType", ""),
        target=tracking.get("TargetValue", 0.0),
        scale_in=not tracking.get("DisableScaleIn", False),
        warmup=policy.get("EstimatedInstanceWarmup"),
        load_balancer=load_balancer,
        target_group=target_group,
        enabled=policy.get("Enabled", True),
    )
