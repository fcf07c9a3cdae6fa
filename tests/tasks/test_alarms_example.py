"""Alarms on what a document runs: who is told, of which metrics; and that those are named as CloudWatch has them."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprints.alarms import Alarms
from blueprints.reading import build
from tasks.errors import Invalid
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all

EXAMPLES = Path(__file__).parents[2] / "examples"
GIB = 2**30


def alarms(scope: Scope) -> dict[str, Any]:
    """Those that stand, by their parts' names."""
    start = f"castra--{scope.environment}--"
    told = scope.client("cloudwatch").describe_alarms(AlarmNamePrefix=start)["MetricAlarms"]
    return {alarm["AlarmName"].removeprefix(start): alarm for alarm in told}


def dimensions(alarm: dict[str, Any]) -> dict[str, str]:
    return {one["Name"]: one["Value"] for one in alarm["Dimensions"]}


def test_the_example_tells_a_topic_of_functions_and_apis_and_tells_it_again_when_all_is_well(scope: Scope) -> None:
    document = yaml.safe_load((EXAMPLES / "alarms.yaml").read_text()) | {"name": scope.environment}
    parts = build(document, folder=EXAMPLES).parts()
    raise_all(scope, parts)
    assert look_and_plan(scope, parts).settled
    (topic,) = scope.client("sns").list_topics()["Topics"]
    (mail,) = scope.client("sns").list_subscriptions_by_topic(TopicArn=topic["TopicArn"])["Subscriptions"]
    assert (mail["Protocol"], mail["Endpoint"]) == ("email", "ops@example.com")
    told = alarms(scope)
    assert set(told) == {"api-main-errors", "function-greet-errors"}
    for alarm in told.values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == [topic["TopicArn"]]
    assert dimensions(told["function-greet-errors"]) == {"FunctionName": f"{scope.environment}--greet"}
    (api,) = scope.client("apigatewayv2").get_apis()["Items"]
    assert dimensions(told["api-main-errors"]) == {"ApiId": api["ApiId"]}
    assert told["api-main-errors"]["Threshold"] == 5
    raise_all(scope, ())
    assert alarms(scope) == {}
    assert scope.client("sns").list_topics()["Topics"] == []


def test_metrics_are_asked_for_by_the_names_that_balancers_rest_apis_and_databases_have(
    scope: Scope,
) -> None:
    arn = "arn:aws:sns:eu-west-1:123456789012:ops"
    document = {
        "name": scope.environment,
        "region": "eu-west-1",
        "network": {"cidr": "10.0.0.0/16", "zones": 2},
        "balancers": {
            "front": {"listeners": [{"port": 80, "to": "web"}]},
            "old": {"kind": "classic", "listeners": [{"port": 80, "to": "web"}]},
        },
        "servers": {"web": {"image": {"id": "ami-12c6146b"}, "port": 80, "count": 0}},
        "apis": {"main": {"kind": "rest", "routes": {"GET /hello": "https://example.com"}}},
        "databases": {"main": {"engine": "postgres", "version": 17, "storage": 50, "on_removal": "wipe"}},
        "alarms": {"to": arn, "database_storage": 20},
    }
    parts = build(document).parts()
    raise_all(scope, parts)
    assert look_and_plan(scope, parts).settled
    told = alarms(scope)
    assert set(told) == {
        "api-main-errors",
        "balancer-front-web-errors",
        "balancer-front-web-unhealthy",
        "balancer-old-web-errors",
        "balancer-old-web-unhealthy",
        "database-main-storage",
    }
    elb = scope.elbv2
    (balancer,), (group,) = elb.describe_load_balancers()["LoadBalancers"], elb.describe_target_groups()["TargetGroups"]
    assert dimensions(told["balancer-front-web-unhealthy"]) == {
        "LoadBalancer": balancer["LoadBalancerArn"].partition("loadbalancer/")[2],
        "TargetGroup": group["TargetGroupArn"].rpartition(":")[2],
    }
    (classic,) = scope.client("elb").describe_load_balancers()["LoadBalancerDescriptions"]
    assert dimensions(told["balancer-old-web-errors"]) == {"LoadBalancerName": classic["LoadBalancerName"]}
    (api,) = scope.client("apigateway").get_rest_apis()["items"]
    assert dimensions(told["api-main-errors"]) == {"ApiName": api["name"]}
    (database,) = scope.client("rds").describe_db_instances()["DBInstances"]
    storage = told["database-main-storage"]
    assert dimensions(storage) == {"DBInstanceIdentifier": database["DBInstanceIdentifier"]}
    assert (storage["Threshold"], storage["ComparisonOperator"]) == (10 * GIB, "LessThanOrEqualToThreshold")
    assert storage["AlarmActions"] == [arn]


def test_a_topic_that_nobody_describes_and_alarms_of_nothing_are_told() -> None:
    document = {"name": "shop", "region": "eu-west-1", "alarms": {"to": "topic/ops"}}
    with pytest.raises(Invalid) as refused:
        build(document).parts()
    said = [str(problem) for problem in refused.value.problems]
    assert any("alarms.to.0: there is no topic/ops in the section topics" in one for one in said)
    assert any(one.startswith("alarms: there's nothing that they could be of") for one in said)


def test_what_is_set_to_null_has_no_alarm() -> None:
    fields = [name for name in Alarms.model_fields if name != "to"]
    document = {
        "name": "shop",
        "region": "eu-west-1",
        "functions": {"greet": {"code": str(EXAMPLES / "jamstack/greet"), "handler": "app.handler"}},
        "alarms": {"to": "arn:aws:sns:eu-west-1:123456789012:ops"} | dict.fromkeys(fields),
    }
    with pytest.raises(Invalid, match="there's nothing that they could be of"):
        build(document).parts()
