"""What is particular to alarms: they follow their policies, and are found by name and tags."""

import pytest
from botocore.stub import Stubber

from tasks.compute.alarm import AlarmKind
from tasks.errors import CastraError
from tasks.scope import FINGERPRINT, Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.compute import ALARM, BENEATH_GROUP, GROUP, OTHER_GROUP, STEPPING, second_alarm

KIND = AlarmKind()
PARTS = (*BENEATH_GROUP, GROUP, OTHER_GROUP, STEPPING, ALARM)


def arn_of_policy(scope: Scope) -> str:
    answer = scope.autoscaling.describe_policies(
        PolicyNames=[f"castra--{scope.environment}--web-cpu-above--step-policy"]
    )
    (policy,) = answer["ScalingPolicies"]
    return str(policy["PolicyARN"])


def test_it_sets_off_the_policy_by_its_arn_and_watches_the_group_by_its_name(scope: Scope) -> None:
    raise_all(scope, PARTS)
    (found,) = look(scope, KIND, "web-cpu-above")
    assert found.state.actions == (arn_of_policy(scope),)
    assert found.state.dimensions == (("AutoScalingGroupName", scope.name("web")),)


def test_it_follows_a_policy_that_is_made_anew(scope: Scope) -> None:
    raise_all(scope, PARTS)
    before = arn_of_policy(scope)
    scope.autoscaling.delete_policy(PolicyName=f"castra--{scope.environment}--web-cpu-above--step-policy")
    plan = raise_all(scope, PARTS)
    assert [(step.part, step.action, step.because) for step in plan.changes] == [
        ("step-policy/web-cpu-above", "create", "not there yet"),
        ("alarm/web-cpu-above", "update", "follows step-policy/web-cpu-above"),
    ]
    (found,) = look(scope, KIND, "web-cpu-above")
    assert found.state.actions == (arn_of_policy(scope),) != (before,)
    assert look_and_plan(scope, PARTS).settled


def test_struck_the_alarm_goes_before_the_group_which_takes_its_policy_along(scope: Scope, aws: Physics) -> None:
    raise_all(scope, PARTS)
    plan = look_and_plan(scope, ())
    order = [removal.part for removal in plan.removals]
    assert order.index(ALARM.key) < order.index("scaling-group/web")
    along = {removal.part: removal.along for removal in plan.removals}
    assert (along[STEPPING.key] or "").startswith("scaling-group/web")
    before = len(aws.writes())
    raise_all(scope, ())
    deleted = [call.operation for call in aws.writes()[before:]]
    assert "DeletePolicy" not in deleted
    assert scope.autoscaling.describe_policies(AutoScalingGroupName=scope.name("web"))["ScalingPolicies"] == []


def test_actions_on_other_states_added_by_hand_are_drift(scope: Scope) -> None:
    raise_all(scope, PARTS)
    id = look(scope, KIND, "web-cpu-above")[0].id
    topic = "arn:aws:sns:eu-west-1:123456789012:night"
    alarm = scope.client("cloudwatch").describe_alarms(AlarmNames=[id])["MetricAlarms"][0]
    kept = ("AlarmName", "Namespace", "MetricName", "Dimensions", "Statistic", "Period", "EvaluationPeriods")
    kept += ("DatapointsToAlarm", "Threshold", "ComparisonOperator", "TreatMissingData", "AlarmActions")
    scope.client("cloudwatch").put_metric_alarm(**{name: alarm[name] for name in kept}, OKActions=[topic])
    (step,) = raise_all(scope, PARTS).changes
    assert [(change.field, change.from_, change.to) for change in step.changes] == [("recovered", [topic], [])]
    assert look_and_plan(scope, PARTS).settled


def test_one_of_its_name_that_is_not_ours_is_named_with_a_way_out_and_left_alone(scope: Scope) -> None:
    raise_all(scope, PARTS[:-1])
    alarms, name = scope.client("cloudwatch"), f"castra--{scope.environment}--web-cpu-above"
    asked = {"AlarmName": name, "Namespace": "own", "MetricName": "load", "Statistic": "Sum", "Period": 60}
    asked |= {"EvaluationPeriods": 1, "Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}
    alarms.put_metric_alarm(**asked)
    with pytest.raises(CastraError, match=f"there is an alarm {name} that doesn't carry its tags"):
        raise_all(scope, PARTS)
    assert alarms.describe_alarms(AlarmNames=[name])["MetricAlarms"][0]["Threshold"] == 5.0


def test_after_a_lost_answer_there_is_one_with_all_its_tags(scope: Scope, aws: Physics) -> None:
    aws.rule("cloudwatch:PutMetricAlarm", "lose-answer", nth=1)
    raise_all(scope, PARTS)  # it's repeated at once: the name is unique
    (found,) = look(scope, KIND, "web-cpu-above")
    assert found.tags[FINGERPRINT] == found.state.fingerprint
    assert look_and_plan(scope, PARTS).settled


def test_alarms_of_others_are_not_asked_for_their_tags(scope: Scope) -> None:
    alarms = scope.client("cloudwatch")
    asked = {"Namespace": "own", "MetricName": "load", "Statistic": "Sum", "Period": 60, "EvaluationPeriods": 1}
    asked |= {"Threshold": 5.0, "ComparisonOperator": "GreaterThanThreshold"}
    for number in range(5):
        alarms.put_metric_alarm(AlarmName=f"theirs-{scope.environment}-{number}", **asked)
    second_alarm(scope, "alarm/one")
    scope.look_afresh()
    before = scope.calls.by_operation().get("cloudwatch:ListTagsForResource", 0)
    assert [found.key for found in KIND.owned(scope)] == ["alarm/one"]
    assert scope.calls.by_operation()["cloudwatch:ListTagsForResource"] - before == 1


def test_gone_since_it_was_listed_it_is_left_out_and_deleting_it_is_fine(scope: Scope) -> None:
    alarm = {
        "AlarmName": "castra--x--web",
        "AlarmArn": "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:castra--x--web",
    }
    with Stubber(scope.client("cloudwatch")) as stub:
        stub.add_response("describe_alarms", {"MetricAlarms": [alarm]})
        stub.add_client_error("list_tags_for_resource", "ResourceNotFoundException")
        assert list(KIND.owned(scope)) == []
        stub.add_client_error("delete_alarms", "ResourceNotFound")
        KIND.delete(scope, "castra--x--web")
        stub.assert_no_pending_responses()
