"""Step policies: an alarm changes a scaling group's size, by how far its metric is beyond the threshold."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.stepping import StepPolicy
from tasks.compute.belongings import ours, policies, title
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Kind, State, Unordered
from tasks.scope import ENVIRONMENT, PART, Scope

POLICY_TYPE = "StepScaling"


class StepState(State):
    """Between two distances from the threshold; None is no end."""

    lower: float | None
    upper: float | None
    change: int


class StepPolicyState(State):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/as-scaling-simple-step.html"""

    group: Fixed[str]
    adjustment: str
    steps: Unordered[StepState]
    at_least: int | None
    warmup: int | None
    aggregation: str = "Average"
    enabled: bool = True


class StepPolicyKind(Kind[StepPolicy, StepPolicyState]):
    """Step policies of scaling groups.

    AWS tags no policy: it's the environment's if its group is, and its name begins as Castra's do. Alarms name it by
    its ARN, which is its id.
    """

    name = "step-policy"
    taggable = False
    goes_first = True
    goes_with = ("scaling-group",)
    actions = (
        "autoscaling:DeletePolicy",
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribePolicies",
        "autoscaling:PutScalingPolicy",
    )

    def owned(self, scope: Scope) -> Iterator[Found[StepPolicyState]]:
        """DescribePolicies of the account, beside the groups that are listed anyway."""
        for environment, name, policy in ours(scope, policies(scope), "PolicyName"):
            if policy["PolicyType"] == POLICY_TYPE:
                tags = {ENVIRONMENT: environment, PART: self.key(name)}
                yield Found(self.name, name, policy["PolicyARN"], _state(policy), tags)

    def wanted(self, part: StepPolicy, ids: Mapping[str, str]) -> StepPolicyState:
        """See the base."""
        return StepPolicyState(
            group=ids[part.group],
            adjustment=part.adjustment,
            steps=tuple(StepState(**step.model_dump()) for step in part.steps),
            at_least=part.at_least,
            warmup=part.warmup,
        )

    def create(self, scope: Scope, name: str, wanted: StepPolicyState) -> str:
        """PutScalingPolicy makes or replaces what has the name."""
        return _put(scope, wanted, title(scope.environment, name, self.name))

    def update(self, scope: Scope, id: str, wanted: StepPolicyState, changed: frozenset[str]) -> None:
        """All of it, by its name. The ARN stays."""
        _put(scope, wanted, _names(id)[1])

    def delete(self, scope: Scope, id: str) -> None:
        """Its alarm is a part of its own. It goes with its group too."""
        group, policy = _names(id)
        with gone_is_fine("ValidationError", saying="not found"):
            scope.autoscaling.delete_policy(AutoScalingGroupName=group, PolicyName=policy)


def _names(arn: str) -> tuple[str, str]:
    """The group's and the policy's: `arn:…:scalingPolicy:<id>:autoScalingGroupName/<group>:policyName/<policy>`."""
    group, _, policy = arn.partition(":autoScalingGroupName/")[2].partition(":policyName/")
    return group, policy


def _put(scope: Scope, wanted: StepPolicyState, name: str) -> str:
    maybe = {"EstimatedInstanceWarmup": wanted.warmup, "MinAdjustmentMagnitude": wanted.at_least}
    answer = scope.autoscaling.put_scaling_policy(
        AutoScalingGroupName=wanted.group,
        PolicyName=name,
        PolicyType=POLICY_TYPE,
        AdjustmentType=wanted.adjustment,
        MetricAggregationType=wanted.aggregation,
        StepAdjustments=[_adjustment(step) for step in wanted.steps],
        Enabled=wanted.enabled,
        **{field: value for field, value in maybe.items() if value is not None},
    )
    return str(answer["PolicyARN"])


def _adjustment(step: StepState) -> dict[str, Any]:
    bounds = {"MetricIntervalLowerBound": step.lower, "MetricIntervalUpperBound": step.upper}
    return {name: bound for name, bound in bounds.items() if bound is not None} | {"ScalingAdjustment": step.change}


def _state(policy: Mapping[str, Any]) -> StepPolicyState:
    return StepPolicyState(
        group=policy["AutoScalingGroupName"],
        adjustment=policy.get("AdjustmentType", ""),
        steps=tuple(
            StepState(
                lower=step.get("MetricIntervalLowerBound"),
                upper=step.get("MetricIntervalUpperBound"),
                change=step["ScalingAdjustment"],
            )
            for step in policy.get("StepAdjustments", [])
        ),
        at_least=policy.get("MinAdjustmentMagnitude"),
        warmup=policy.get("EstimatedInstanceWarmup"),
        aggregation=policy.get("MetricAggregationType") or "Average",
        enabled=policy.get("Enabled", True),
    )
