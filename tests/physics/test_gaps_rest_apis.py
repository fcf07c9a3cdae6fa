"""What plain clients see of API Gateway v1 where moto alone would be wrong."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.physics import Physics

BEHIND = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}}
GET = {"responses": {}, "x-amazon-apigateway-integration": BEHIND}


@pytest.fixture
def gateway(aws: Physics) -> Any:
    return aws.client("apigateway")


@pytest.fixture
def api(gateway: Any) -> str:
    return str(gateway.create_rest_api(name="x", tags={"a": "1"})["id"])


def put(gateway: Any, api: str, paths: Any, **more: Any) -> None:
    document = {"openapi": "3.0.1", "info": {"title": "x", "version": "7"}, "paths": paths} | more
    body = json.dumps(document).encode()
    gateway.put_rest_api(restApiId=api, mode="overwrite", failOnWarnings=True, body=body)


def refused(call: Any, *positional: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(*positional, **arguments)
    return str(caught.value.response["Error"]["Code"])


def test_an_import_puts_what_the_document_says_in_place_of_all_that_was(gateway: Any, api: str) -> None:
    put(gateway, api, {"/a/b": {"get": GET}, "/c": {"x-amazon-apigateway-any-method": GET}})
    put(gateway, api, {"/a/{b}": {"get": GET}})
    found = gateway.get_resources(restApiId=api)["items"]
    assert sorted(one["path"] for one in found) == ["/", "/a", "/a/{b}"]
    assert gateway.get_rest_api(restApiId=api)["version"] == "7"
    assert gateway.get_rest_api(restApiId=api)["tags"] == {"a": "1"}


def test_what_would_be_left_out_with_a_warning_is_refused(gateway: Any, api: str) -> None:
    assert refused(put, gateway, api, {"/a": {"get": GET | {"security": [{"no": []}]}}}) == "BadRequestException"
    body = {"requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/No"}}}}}
    assert refused(put, gateway, api, {"/a": {"get": GET | body}}) == "BadRequestException"
    assert refused(put, gateway, api, {"/{a}": {"get": GET}, "/{b}/c": {"get": GET}}) == "BadRequestException"


def test_a_stage_holds_its_deployment_and_a_methods_settings_can_be_taken_away(gateway: Any, api: str) -> None:
    put(gateway, api, {"/a": {"get": GET}})
    deployment = gateway.create_deployment(restApiId=api)["id"]
    stage = {"restApiId": api, "stageName": "live"}
    assert refused(gateway.create_stage, **stage, deploymentId="no") == "BadRequestException"
    gateway.create_stage(**stage, deploymentId=deployment)
    assert refused(gateway.delete_deployment, restApiId=api, deploymentId=deployment) == "BadRequestException"
    of_any = [{"op": "replace", "path": "/~1a/ANY/caching/enabled", "value": "true"}]
    assert refused(gateway.update_stage, **stage, patchOperations=of_any) == "BadRequestException"
    of_get = [{"op": "replace", "path": "/~1a/GET/throttling/rateLimit", "value": "1"}]
    assert list(gateway.update_stage(**stage, patchOperations=of_get)["methodSettings"]) == ["~1a/GET"]
    gone = [{"op": "remove", "path": "/~1a/GET"}]
    assert gateway.update_stage(**stage, patchOperations=gone)["methodSettings"] == {}


def test_an_api_takes_tags_by_its_arn_and_is_deleted_once(gateway: Any, api: str) -> None:
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api}"
    gateway.tag_resource(resourceArn=arn, tags={"b": "2"})
    gateway.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert gateway.get_rest_api(restApiId=api)["tags"] == {"b": "2"}
    gateway.delete_rest_api(restApiId=api)
    assert refused(gateway.delete_rest_api, restApiId=api) == "NotFoundException"


def test_a_plan_holds_its_stages_and_a_key_is_on_one_plan_of_a_stage(gateway: Any, api: str) -> None:
    put(gateway, api, {"/a": {"get": GET}})
    missing = [{"apiId": api, "stage": "live"}]
    assert refused(gateway.create_usage_plan, name="a", apiStages=missing) == "NotFoundException"
    gateway.create_stage(restApiId=api, stageName="live", deploymentId=gateway.create_deployment(restApiId=api)["id"])
    one, other = (gateway.create_usage_plan(name=name, apiStages=missing)["id"] for name in "ab")
    key = gateway.create_api_key(name="k")["id"]
    on = {"keyId": key, "keyType": "API_KEY"}
    gateway.create_usage_plan_key(usagePlanId=one, **on)
    assert refused(gateway.create_usage_plan_key, usagePlanId=other, **on) == "BadRequestException"
    rate = [{"op": "replace", "path": "/throttle/rateLimit", "value": "7.5"}]
    assert gateway.update_usage_plan(usagePlanId=one, patchOperations=rate)["throttle"]["rateLimit"] == 7.5
    assert refused(gateway.delete_usage_plan, usagePlanId=one) == "BadRequestException"
    gateway.delete_api_key(apiKey=key)
    assert gateway.get_usage_plan_keys(usagePlanId=one)["items"] == []
