"""What is particular to target tracking: no tags, found by a derived name in groups that are ours."""

import re

from botocore.stub import Stubber

from tasks.compute.target_tracking import TargetTrackingKind
from tasks.decide import differences
from tasks.order import removal_order
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look, survey
from tests.conductor import look_and_plan, raise_all
from tests.tasks.rows.compute import BALANCER, BENEATH_GROUP, GROUP, GROUPS, REQUESTS, TRACKING, described, put_policy

KIND = TargetTrackingKind()
PARTS = (*BENEATH_GROUP, GROUP, TRACKING)


def policy_names(scope: Scope) -> set[str]:
    answer = scope.autoscaling.describe_policies(AutoScalingGroupName=scope.name("web"))
    return {policy["PolicyName"] for policy in answer["ScalingPolicies"]}


def test_a_policy_that_somebody_added_to_our_group_is_theirs(scope: Scope) -> None:
    raise_all(scope, PARTS)
    theirs = {
        "AutoScalingGroupName": scope.name("web"),
        "PolicyName": f"theirs-{scope.environment}",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": {
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageNetworkIn"},
            "TargetValue": 1.0,
        },
    }
    scope.autoscaling.put_scaling_policy(**theirs)
    scope.look_afresh()
    assert [one.key for one in KIND.owned(scope)] == ["target-tracking/web-cpu"]
    raise_all(scope, (*BENEATH_GROUP, GROUP))
    assert policy_names(scope) == {f"theirs-{scope.environment}"}


def test_a_policy_no_longer_asked_for_is_removed_and_its_group_stays(scope: Scope) -> None:
    raise_all(scope, PARTS)
    put_policy(scope, "old", 50)
    plan = raise_all(scope, PARTS)
    assert [(step.part, step.action) for step in plan.changes] == [("target-tracking/old", "delete")]
    assert policy_names(scope) == {f"castra--{scope.environment}--web-cpu"}


def test_two_environments_in_one_account_see_their_own_only(scope: Scope) -> None:
    other = Scope(f"{scope.environment}-b", scope.region, poll_seconds=0.05)
    raise_all(scope, PARTS)
    raise_all(other, PARTS)
    other.look_afresh()
    assert [one.environment for one in KIND.owned(other)] == [other.environment]
    everywhere = {one.environment for one in KIND.owned(Scope(None, scope.region))}
    assert {scope.environment, other.environment} <= everywhere
    raise_all(other, ())
    assert look_and_plan(scope, PARTS).settled


def test_gone_with_its_group_deleting_it_is_fine(scope: Scope) -> None:
    raise_all(scope, PARTS)
    (policy,) = look(scope, KIND, "web-cpu")
    scope.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=scope.name("web"), ForceDelete=True)
    KIND.delete(scope, policy.id)
    assert look(scope, KIND, "web-cpu") == []


def test_turned_off_by_hand_it_is_told_as_a_difference(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_GROUP, GROUP))
    group = described(scope, scope.name("web"))
    policy = {
        "AutoScalingGroupName": group["AutoScalingGroupName"],
        "PolicyName": f"castra--{scope.environment}--web-cpu",
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingConfiguration": {
            "PredefinedMetricSpecification": {"PredefinedMetricType": "ASGAverageCPUUtilization"},
            "TargetValue": 60.0,
        },
        "EstimatedInstanceWarmup": 120,
        "Enabled": False,
    }
    scope.look_afresh()
    with Stubber(scope.autoscaling) as stub:  # moto doesn't keep whether a policy is on
        stub.add_response("describe_auto_scaling_groups", {"AutoScalingGroups": [group]})
        stub.add_response("describe_policies", {"ScalingPolicies": [policy]})
        (found,) = KIND.owned(scope)
    wanted = KIND.wanted(TRACKING, {"scaling-group/web": scope.name("web")})
    assert [(change.field, change.to) for change in differences(found.state, wanted)] == [("enabled", True)]


def test_requests_are_followed_by_a_label_of_balancer_and_target_group_and_go_before_both(scope: Scope) -> None:
    following = TRACKING.model_copy(update={"metric": "ALBRequestCountPerTarget", "requests": REQUESTS})
    parts = (*BENEATH_GROUP, GROUPS[0], BALANCER, GROUP, following)
    raise_all(scope, parts)
    assert look_and_plan(scope, parts).settled
    (policy,) = scope.autoscaling.describe_policies(AutoScalingGroupName=scope.name("web"))["ScalingPolicies"]
    label = policy["TargetTrackingConfiguration"]["PredefinedMetricSpecification"]["ResourceLabel"]
    assert re.fullmatch(r"app/[^/]+/[^/]+/targetgroup/[^/]+/[^/]+", label)
    (found,) = look(scope, KIND, "web-cpu")
    assert (found.state.load_balancer or "").endswith(label.partition("/targetgroup/")[0])
    assert (found.state.target_group or "").endswith(label.rpartition("targetgroup/")[2])
    going = [found for found in survey(scope, KINDS.values()).found if found.kind != "scaling-group"]
    order = [removal.part for removal in removal_order(going, KINDS)]
    assert order.index(following.key) < min(order.index(key) for key in ("load-balancer/web", "target-group/web"))
    raise_all(scope, (*BENEATH_GROUP, GROUPS[0], BALANCER, GROUP, TRACKING))
    assert look(scope, KIND, "web-cpu")[0].state.load_balancer is None
