"""Where moto leaves something out of scaling policies and alarms."""

from tests.physics.builds import Builds

TAGS = [{"Key": "a", "Value": "b"}]


def test_a_policy_keeps_its_arn_when_it_changes_and_has_another_when_it_is_made_anew(make: Builds) -> None:
    group = make.scaling_group(make.template(), make.subnet(make.vpc()), size=0)
    step = [{"MetricIntervalLowerBound": 0.0, "ScalingAdjustment": 1}]
    asked = {"PolicyName": "up", "AutoScalingGroupName": group, "PolicyType": "StepScaling"}
    asked |= {"AdjustmentType": "ChangeInCapacity", "StepAdjustments": step}
    first = make.autoscaling.put_scaling_policy(**asked)["PolicyARN"]
    assert make.autoscaling.put_scaling_policy(**asked, Enabled=False)["PolicyARN"] == first
    [policy] = make.autoscaling.describe_policies()["ScalingPolicies"]
    assert (policy["PolicyARN"], policy["Enabled"]) == (first, False)
    make.autoscaling.delete_policy(PolicyName="up")
    assert make.autoscaling.put_scaling_policy(**asked)["PolicyARN"] != first
    assert make.autoscaling.describe_policies()["ScalingPolicies"][0]["Enabled"]


def test_an_alarm_takes_tags_when_it_is_made_only_and_loses_them_when_it_goes(make: Builds) -> None:
    alarms = make.aws.client("cloudwatch")
    asked = {"AlarmName": "busy", "Namespace": "own", "MetricName": "load", "Statistic": "Average", "Period": 60}
    asked |= {"EvaluationPeriods": 1, "Threshold": 1.0, "ComparisonOperator": "GreaterThanThreshold"}

    def tags() -> list[dict[str, str]]:
        [alarm] = alarms.describe_alarms(AlarmNames=["busy"])["MetricAlarms"]
        told: list[dict[str, str]] = alarms.list_tags_for_resource(ResourceARN=alarm["AlarmArn"])["Tags"]
        return told

    alarms.put_metric_alarm(**asked, Tags=TAGS)
    alarms.put_metric_alarm(**asked, Tags=[{"Key": "c", "Value": "d"}])
    assert tags() == TAGS
    alarms.delete_alarms(AlarmNames=["busy"])
    alarms.put_metric_alarm(**asked)
    assert tags() == []
