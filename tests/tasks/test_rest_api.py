"""What is particular to REST APIs and to their stages."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from blueprints.reading import build
from blueprints.rest_apis import Answer, Method, RestApi
from tasks.api.http_state import invocation
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.api import CHANGED_REST, CHANGED_REST_STAGE, FUNCTION, ORDER, REST, REST_STAGE, rest


def stage_of(api: RestApi) -> Any:
    return REST_STAGE.model_copy(update={"serves": api, "routes": {}, "cached": {}})


def only(scope: Scope) -> str:
    (api,) = look(scope, KINDS["rest-api"], "orders")
    return api.id


def method(scope: Scope, path: str, verb: str) -> Any:
    resources = rest(scope).get_resources(restApiId=only(scope), embed=["methods"])["items"]
    (found,) = (one["resourceMethods"][verb] for one in resources if one["path"] == path)
    return found


def shown(scope: Scope) -> Any:
    """The stage's deployment, and how many there are."""
    deployments = rest(scope).get_deployments(restApiId=only(scope))["items"]
    return rest(scope).get_stage(restApiId=only(scope), stageName="live")["deploymentId"], len(deployments)


def test_a_custom_integration_has_its_templates_both_ways(scope: Scope) -> None:
    raise_all(scope, [REST])
    post = method(scope, "/orders", "POST")
    behind = post["methodIntegration"]
    assert (behind["type"], behind["uri"], behind["httpMethod"]) == ("AWS", invocation(FUNCTION), "POST")
    assert behind["requestTemplates"] == {"application/json": '{"id": "$input.params(\'id\')"}'}
    assert behind["passthroughBehavior"] == "NEVER"
    assert behind["integrationResponses"]["404"] == {
        "statusCode": "404",
        "selectionPattern": ".*not found.*",
        "responseTemplates": {"application/json": '{"message": "no"}'},
    }
    assert post["methodResponses"]["404"]["responseModels"] == {"application/json": "Order"}
    assert post["requestModels"] == {"application/json": "Order"}
    assert post["requestParameters"] == {"method.request.querystring.page": True}
    assert post["authorizationType"] == "CUSTOM"
    (validator,) = rest(scope).get_request_validators(restApiId=only(scope))["items"]
    assert post["requestValidatorId"] == validator["id"]
    assert (validator["validateRequestBody"], validator["validateRequestParameters"]) == (True, True)


def test_a_proxy_integration_passes_all_through_and_fills_its_path(scope: Scope) -> None:
    raise_all(scope, [REST])
    get = method(scope, "/orders/{id}", "GET")
    assert (get["methodIntegration"]["type"], get["apiKeyRequired"]) == ("AWS_PROXY", True)
    passed_on = method(scope, "/old/{rest+}", "ANY")
    assert (passed_on["methodIntegration"]["type"], passed_on["authorizationType"]) == ("HTTP_PROXY", "AWS_IAM")


def test_a_change_is_imported_and_deployed_once(aws: Physics, scope: Scope) -> None:
    raise_all(scope, [REST, REST_STAGE])
    old, before = shown(scope), len(aws.writes())
    raise_all(scope, [CHANGED_REST, stage_of(CHANGED_REST)])
    made = [call.operation for call in aws.writes()[before:]]
    assert (made.count("PutRestApi"), made.count("CreateDeployment")) == (1, 1)
    assert made.index("PutRestApi") < made.index("CreateDeployment") < made.index("UpdateStage")
    new, count = shown(scope)
    assert new != old[0]
    assert count == 1, "the old one went"


def test_while_the_import_fails_the_stage_shows_the_old_api(aws: Physics, scope: Scope) -> None:
    raise_all(scope, [REST, REST_STAGE])
    before = shown(scope)
    aws.rule("PutRestApi", "error:BadRequestException:400", nth=1)
    with pytest.raises(ClientError):
        raise_all(scope, [CHANGED_REST, stage_of(CHANGED_REST)])
    assert shown(scope) == before
    raise_all(scope, [CHANGED_REST, stage_of(CHANGED_REST)])
    assert look_and_plan(scope, [CHANGED_REST, stage_of(CHANGED_REST)]).settled


def test_another_change_of_an_api_at_the_same_time_is_waited_for(aws: Physics, scope: Scope) -> None:
    aws.rule("PutRestApi", "error:ConflictException:409", nth=1)
    with pytest.raises(ClientError, match="ConflictException"):
        raise_all(scope, [REST])  # not one that says it's a concurrent modification
    raise_all(scope, [REST])
    assert look_and_plan(scope, [REST]).settled


def test_models_are_the_same_however_aws_writes_them(scope: Scope) -> None:
    raise_all(scope, [REST])
    (told,) = (one for one in rest(scope).get_models(restApiId=only(scope))["items"] if one["name"] == "Orders")
    assert "$schema" in told["schema"]
    assert f"restapis/{only(scope)}/models/Order" in told["schema"]
    (found,) = look(scope, KINDS["rest-api"], "orders")
    assert found.state.models["Orders"] == '{"items":{"$ref":"#/Order"},"type":"array"}'
    assert ORDER["required"] == ["id"]


def test_settings_of_a_stage_that_are_taken_out_are_taken_away(scope: Scope) -> None:
    raise_all(scope, [REST, REST_STAGE])
    standing = rest(scope).get_stage(restApiId=only(scope), stageName="live")
    assert standing["methodSettings"]["~1orders/POST"]["cacheTtlInSeconds"] == 60
    assert (standing["cacheClusterEnabled"], standing["cacheClusterSize"]) == (True, "0.5")
    raise_all(scope, [REST, CHANGED_REST_STAGE])
    stage = rest(scope).get_stage(restApiId=only(scope), stageName="live")
    assert sorted(stage["methodSettings"]) == ["*/*", "~1orders/POST"]
    assert stage["methodSettings"]["~1orders/POST"]["cachingEnabled"] is False
    assert stage["cacheClusterEnabled"] is False
    assert "accessLogSettings" not in stage
    assert stage["variables"] == {"colour": "red"}


def test_many_settings_go_in_calls_that_aws_takes(aws: Physics, scope: Scope) -> None:
    methods = tuple(
        Method(key=f"GET /{number}", to="mock", custom=True, answers=(Answer(status=200),)) for number in range(30)
    )
    api = RestApi(name="orders", methods=methods)
    stage = stage_of(api).model_copy(update={"routes": {one.key: REST_STAGE.throttle for one in methods}})
    before = len(aws.writes())
    raise_all(scope, [api, stage])
    made = [call for call in aws.writes()[before:] if call.operation == "UpdateStage"]
    assert [len(call.params["patchOperations"]) <= 80 for call in made] == [True] * len(made)
    assert look_and_plan(scope, [api, stage]).settled


def test_keys_are_on_their_plan_and_the_plan_is_of_the_stage(aws: Physics, scope: Scope) -> None:
    limits = {"throttle": {"rate": 7.5, "burst": 5}, "quota": {"limit": 1000, "per": "day"}}
    plans = {"gold": limits | {"members": ["partner"]}, "free": {"members": ["mobile"]}}
    route = {"to": "https://example.com", "api_key": True}
    orders = {"kind": "rest", "routes": {"GET /": route}, "api_keys": {"partner": "P", "mobile": None}, "plans": plans}
    parts = build({"name": "e", "region": "eu-west-1", "apis": {"orders": orders}}).parts()
    raise_all(scope, parts)
    told = {one["name"]: one for one in rest(scope).get_usage_plans()["items"] if scope.owns(one["tags"])}
    gold = told[scope.name("orders-gold")]
    assert gold["throttle"] == {"rateLimit": 7.5, "burstLimit": 5}
    assert gold["quota"] == {"limit": 1000, "period": "DAY"}
    assert gold["apiStages"] == [{"apiId": only(scope), "stage": "live"}]
    (key,) = rest(scope).get_usage_plan_keys(usagePlanId=gold["id"])["items"]
    assert key["name"] == scope.name("orders-partner")
    assert look_and_plan(scope, parts).settled
    values = [one["value"] for one in rest(scope).get_api_keys(includeValues=True)["items"]]
    assert not any(value in str(found) for value in values for found in look(scope, KINDS["api-key"], "orders-partner"))
    moved = {"gold": limits, "free": {"members": ["mobile", "partner"]}}
    parts = build({"name": "e", "region": "eu-west-1", "apis": {"orders": orders | {"plans": moved}}}).parts()
    raise_all(scope, parts)
    assert look_and_plan(scope, parts).settled
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()
