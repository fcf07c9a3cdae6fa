"""Predictive policies: a scaling group's load is forecast, and instances are started ahead of it."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.scaling import PredictivePolicy
from tasks.compute.belongings import PREDICTIVE, group_and_title, id_of, ours, policies, title
from tasks.compute.request_label import arns_of, ids_of, label_of
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.scope import ENVIRONMENT, PART, Scope

AHEAD = 300  # AWS's default


class PredictivePolicyState(State):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-predictive-scaling.html"""

    group: Fixed[str]
    metric: str
    target: float
    scale: bool
    ahead: int
    above_max: int | None
    load_balancer: str | None
    target_group: str | None


class PredictivePolicyKind(Kind[PredictivePolicy, PredictivePolicyState]):
    """Predictive policies of scaling groups.

    AWS tags no policy: it's the environment's if its group is, and its name begins as Castra's do. `<group>/<policy>`
    is the id.
    """

    name = "predictive-policy"
    taggable = False
    goes_first = True
    goes_with = ("scaling-group",)
    actions = (
        "autoscaling:DeletePolicy",
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribePolicies",
        "autoscaling:PutScalingPolicy",
    )

    def owned(self, scope: Scope) -> Iterator[Found[PredictivePolicyState]]:
        """DescribePolicies of the account, beside the groups that are listed anyway."""
        for environment, name, policy in ours(scope, policies(scope), "PolicyName"):
            if policy["PolicyType"] == PREDICTIVE:
                tags = {ENVIRONMENT: environment, PART: self.key(name)}
                id = id_of(policy["AutoScalingGroupName"], policy["PolicyName"])
                yield Found(self.name, name, id, _state(policy), tags)

    def wanted(self, part: PredictivePolicy, ids: Mapping[str, str]) -> PredictivePolicyState:
        """See the base."""
        load_balancer, target_group = ids_of(part.requests, ids)
        return PredictivePolicyState(
            group=ids[part.group],
            metric=part.metric,
            target=part.target,
            scale=part.scale,
            ahead=part.ahead,
            above_max=part.above_max,
            load_balancer=load_balancer,
            target_group=target_group,
        )

    def create(self, scope: Scope, name: str, wanted: PredictivePolicyState) -> str:
        """PutScalingPolicy makes or replaces what has the name. The first forecast comes within the hour."""
        return _put(scope, wanted, title(scope.environment, name, self.name))

    def update(self, scope: Scope, id: str, wanted: PredictivePolicyState, changed: frozenset[str]) -> None:
        """All of it, by its name."""
        _put(scope, wanted, group_and_title(id)[1])

    def delete(self, scope: Scope, id: str) -> None:
        """With its forecasts. It goes with its group too."""
        group, policy = group_and_title(id)
        with gone_is_fine("ValidationError", saying="not found"):
            scope.autoscaling.delete_policy(AutoScalingGroupName=group, PolicyName=policy)


def _put(scope: Scope, wanted: PredictivePolicyState, name: str) -> str:
    pair = {"PredefinedMetricType": wanted.metric}
    if wanted.load_balancer and wanted.target_group:
        pair["ResourceLabel"] = label_of(wanted.load_balancer, wanted.target_group)
    beyond: dict[str, Any] = {"MaxCapacityBreachBehavior": "HonorMaxCapacity"}
    if wanted.above_max is not None:
        beyond = {"MaxCapacityBreachBehavior": "IncreaseMaxCapacity", "MaxCapacityBuffer": wanted.above_max}
    scope.autoscaling.put_scaling_policy(
        AutoScalingGroupName=wanted.group,
        PolicyName=name,
        PolicyType=PREDICTIVE,
        PredictiveScalingConfiguration={
            "MetricSpecifications": [{"TargetValue": wanted.target, "PredefinedMetricPairSpecification": pair}],
            "Mode": "ForecastAndScale" if wanted.scale else "ForecastOnly",
            "SchedulingBufferTime": wanted.ahead,
            **beyond,
        },
    )
    return id_of(wanted.group, name)


def _state(policy: Mapping[str, Any]) -> PredictivePolicyState:
    """One on metrics of somebody's own has no pair."""
    told = policy.get("PredictiveScalingConfiguration", {})
    watched: Mapping[str, Any] = next(iter(told.get("MetricSpecifications", [])), {})
    pair = watched.get("PredefinedMetricPairSpecification", {})
    load_balancer, target_group = arns_of(pair.get("ResourceLabel"), policy["PolicyARN"])
    raises = told.get("MaxCapacityBreachBehavior") == "IncreaseMaxCapacity"
    return PredictivePolicyState(
        group=policy["AutoScalingGroupName"],
        metric=pair.get("PredefinedMetricType", ""),
        target=watched.get("TargetValue", 0.0),
        scale=told.get("Mode") == "ForecastAndScale",
        ahead=told.get("SchedulingBufferTime", AHEAD),
        above_max=told.get("MaxCapacityBuffer", 0) if raises else None,
        load_balancer=load_balancer,
        target_group=target_group,
    )
