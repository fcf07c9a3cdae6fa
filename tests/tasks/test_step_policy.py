"""What is particular to step policies: no tags, an ARN for an id, beside policies of other types."""

from tasks.compute.step_policy import StepPolicyKind
from tasks.compute.target_tracking import TargetTrackingKind
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.tasks.rows.compute import BENEATH_GROUP, GROUP, PREDICTIVE, STEPPING, TRACKING

KIND = StepPolicyKind()
PARTS = (*BENEATH_GROUP, GROUP, STEPPING, TRACKING)


def test_each_kind_of_policy_owns_its_own_type_only_and_one_listing_serves_all(scope: Scope) -> None:
    raise_all(scope, PARTS)
    scope.look_afresh()
    before = scope.calls.by_operation().get("autoscaling:DescribePolicies", 0)
    assert [found.key for found in KIND.owned(scope)] == ["step-policy/web-cpu-above"]
    assert [found.key for found in TargetTrackingKind().owned(scope)] == ["target-tracking/web-cpu"]
    assert scope.calls.by_operation()["autoscaling:DescribePolicies"] - before == 1


def test_changed_it_keeps_its_arn(scope: Scope) -> None:
    raise_all(scope, PARTS)
    (before,) = look(scope, KIND, "web-cpu-above")
    raise_all(scope, tuple(part.model_copy(update={"warmup": 7}) if part is STEPPING else part for part in PARTS))
    (after,) = look(scope, KIND, "web-cpu-above")
    assert (after.id, after.state.warmup) == (before.id, 7)


def test_turned_off_by_hand_it_is_turned_on_again(scope: Scope) -> None:
    raise_all(scope, PARTS)
    (found,) = look(scope, KIND, "web-cpu-above")
    step = {"MetricIntervalLowerBound": 0.0, "MetricIntervalUpperBound": 20.0, "ScalingAdjustment": 1}
    last = {"MetricIntervalLowerBound": 20.0, "ScalingAdjustment": 2}
    scope.autoscaling.put_scaling_policy(
        AutoScalingGroupName=scope.name("web"),
        PolicyName=found.id.rpartition("/")[2],
        PolicyType="StepScaling",
        AdjustmentType="ChangeInCapacity",
        StepAdjustments=[step, last],
        EstimatedInstanceWarmup=90,
        Enabled=False,
    )
    (changed,) = raise_all(scope, PARTS).changes
    assert [(change.field, change.to) for change in changed.changes] == [("enabled", True)]
    assert look_and_plan(scope, PARTS).settled


def test_policies_of_all_kinds_may_have_one_name_though_a_group_has_each_name_once(scope: Scope) -> None:
    name, group = TRACKING.name, TRACKING.group
    alike = (*PARTS[:-2], TRACKING, STEPPING.model_copy(update={"name": name}), PREDICTIVE)
    assert PREDICTIVE.name == name
    raise_all(scope, alike)
    assert look_and_plan(scope, alike).settled
    policies = scope.autoscaling.describe_policies(AutoScalingGroupName=scope.name(group.partition("/")[2]))
    assert len(policies["ScalingPolicies"]) == 3
