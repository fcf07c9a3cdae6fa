"""What is particular to predictive policies: the label of requests, and a maximum that a forecast may raise."""

from tasks.compute.predictive_policy import PredictivePolicyKind
from tasks.compute.request_label import arns_of, label_of
from tasks.order import removal_order
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look, survey
from tests.conductor import look_and_plan, raise_all
from tests.tasks.rows.compute import (
    BALANCER,
    BENEATH_GROUP,
    GROUP,
    GROUPS,
    PREDICTIVE,
    RAISING_GROUP,
    REQUESTS,
    described,
)

KIND = PredictivePolicyKind()
BENEATH = (*BENEATH_GROUP, GROUPS[0], BALANCER, GROUP)
OF_REQUESTS = PREDICTIVE.model_copy(update={"metric": "ALBRequestCount", "requests": REQUESTS})


def configuration(scope: Scope) -> dict[str, object]:
    answer = scope.autoscaling.describe_policies(AutoScalingGroupName=scope.name("web"))
    (policy,) = answer["ScalingPolicies"]
    return dict(policy["PredictiveScalingConfiguration"])


def test_it_only_forecasts_unless_it_is_told_to_scale(scope: Scope) -> None:
    raise_all(scope, (*BENEATH, PREDICTIVE))
    told = configuration(scope)
    assert (told["Mode"], told["MaxCapacityBreachBehavior"]) == ("ForecastOnly", "HonorMaxCapacity")
    raise_all(scope, (*BENEATH, PREDICTIVE.model_copy(update={"scale": True})))
    assert configuration(scope)["Mode"] == "ForecastAndScale"


def test_a_label_names_the_balancer_and_the_target_group_and_is_read_back_as_their_arns() -> None:
    home = "arn:aws-cn:elasticloadbalancing:cn-north-1:123456789012"
    balancer, group = f"{home}:loadbalancer/app/web/778d41231b141a0f", f"{home}:targetgroup/web-app/943f017f100becff"
    label = "app/web/778d41231b141a0f/targetgroup/web-app/943f017f100becff"
    assert label_of(balancer, group) == label
    policy = "arn:aws-cn:autoscaling:cn-north-1:123456789012:scalingPolicy:1:autoScalingGroupName/a:policyName/b"
    assert arns_of(label, policy) == (balancer, group)
    assert arns_of(None, policy) == (None, None)


def test_one_of_requests_goes_before_the_balancer_and_the_target_group_that_it_names(scope: Scope) -> None:
    raise_all(scope, (*BENEATH, OF_REQUESTS))
    assert look_and_plan(scope, (*BENEATH, OF_REQUESTS)).settled
    going = survey(scope, KINDS.values()).found
    alone = [removal.part for removal in removal_order([one for one in going if one.kind != "scaling-group"], KINDS)]
    first = alone.index(OF_REQUESTS.key)
    assert first < min(alone.index(key) for key in ("load-balancer/web", "target-group/web"))
    struck = [removal.part for removal in removal_order(going, KINDS)]
    first = struck.index("scaling-group/web")  # which takes it along
    assert first < min(struck.index(key) for key in ("load-balancer/web", "target-group/web"))


def test_a_maximum_that_the_forecast_raised_is_never_told_as_drift(scope: Scope) -> None:
    raising = PREDICTIVE.model_copy(update={"scale": True, "above_max": 10})
    parts = (*BENEATH[:-1], RAISING_GROUP, raising)
    raise_all(scope, parts)
    scope.autoscaling.update_auto_scaling_group(AutoScalingGroupName=scope.name("web"), MaxSize=9)
    assert look_and_plan(scope, parts).settled
    raise_all(scope, (*BENEATH, PREDICTIVE))
    assert described(scope, scope.name("web"))["MaxSize"] == GROUP.max
    assert look_and_plan(scope, (*BENEATH, PREDICTIVE)).settled


def test_one_on_metrics_of_somebodys_own_is_drift(scope: Scope) -> None:
    raise_all(scope, (*BENEATH, PREDICTIVE))
    (found,) = look(scope, KIND, "web-cpu")
    group, _, policy = found.id.partition("/")
    query = {"Id": "load", "MetricStat": {"Metric": {"Namespace": "own", "MetricName": "load"}, "Stat": "Sum"}}
    own = {"MetricDataQueries": [query]}
    watched = {"TargetValue": 40.0, "CustomizedLoadMetricSpecification": own}
    scope.autoscaling.put_scaling_policy(
        AutoScalingGroupName=group,
        PolicyName=policy,
        PolicyType="PredictiveScaling",
        PredictiveScalingConfiguration={"MetricSpecifications": [watched], "Mode": "ForecastOnly"},
    )
    (step,) = raise_all(scope, (*BENEATH, PREDICTIVE)).changes
    assert [(change.field, change.from_, change.to) for change in step.changes] == [("metric", "", "ASGCPUUtilization")]
    assert look_and_plan(scope, (*BENEATH, PREDICTIVE)).settled
