"""OpenAPI documents become REST APIs, or say what can't be kept."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprints.problem import Invalid
from blueprints.reading import build
from blueprints.rest_apis import RestApi
from tasks.api.rest_document import document_of
from tasks.api.rest_state import wanted_state
from tests.tasks.rows.api import FUNCTION, ORDER, PEOPLE_OF_A_POOL

URL = "https://example.com/orders"
BEHIND = "x-amazon-apigateway-integration"
PASSED_ON = {"type": "http_proxy", "uri": URL, "httpMethod": "GET"}


def document(operation: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"openapi": "3.0.1", "info": {"title": "x", "version": "1"}, "paths": {"/orders": {"get": operation}}} | more


def read(folder: Path, written: Any, **rest: Any) -> RestApi:
    (folder / "api.yaml").write_text(yaml.safe_dump(written))
    api = {"kind": "rest", "document": "api.yaml"} | rest
    api = {"name": "e", "region": "eu-west-1", "apis": {"orders": api}}
    return next(part for part in build(api, folder=folder).parts() if isinstance(part, RestApi))


SECTION = {
    "kind": "rest",
    "models": {"Order": ORDER, "Orders": {"type": "array", "items": {"$ref": "#/Order"}}},
    "binary": ["image/png"],
    "authorizers": {
        "staff": {"kind": "token", "function": FUNCTION, "cache": 60, "pattern": "Bearer .*"},
        "door": {"kind": "request", "function": FUNCTION, "identity": ["method.request.header.X-A", "context.path"]},
        "people": {"kind": "cognito", "pools": list(PEOPLE_OF_A_POOL.pools)},
    },
    "routes": {
        "GET /orders/{id}": {"to": FUNCTION, "api_key": True, "authorizer": "people", "scopes": ["read"]},
        "ANY /old/{rest+}": {"to": "https://old.example.com/{rest}", "authorizer": "iam", "timeout": 5},
        "GET /": {"to": "mock", "answers": {204: {}}, "authorizer": "door"},
        "POST /orders": {
            "to": FUNCTION,
            "templates": {"application/json": '{"id": "$input.params()"}'},
            "sends": {"integration.request.header.X-Who": "context.identity.sourceIp"},
            "answers": {
                200: {"headers": {"X-Kind": "'order'"}, "model": "Orders"},
                404: {"pattern": ".*not found.*", "templates": {"application/json": '{"no": 1}'}},
            },
            "parameters": {"querystring.page": True, "header.X-B": False},
            "body": "Order",
            "authorizer": "staff",
            "cache_keys": ["querystring.page"],
        },
    },
}
PLANS = {"api_keys": {"a": None}, "plans": {"b": {"members": ["a"]}}}


def test_what_castra_writes_it_reads_again_as_the_same(tmp_path: Path) -> None:
    parts = build({"name": "e", "region": "eu-west-1", "apis": {"orders": SECTION | PLANS}}).parts()
    state = wanted_state(next(part for part in parts if isinstance(part, RestApi)), {})
    again = wanted_state(read(tmp_path, document_of("x", state), **PLANS), {})
    assert again.methods == state.methods
    assert again == state


def test_a_plain_document_leads_to_one_target(tmp_path: Path) -> None:
    written = document({"summary": "All of them", "parameters": [{"name": "page", "in": "query", "required": True}]})
    api = read(tmp_path, written, to=URL)
    assert {one.key: (one.to, one.parameters, one.validates) for one in api.methods} == {
        "GET /orders": (URL, {"method.request.querystring.page": True}, "none")
    }


def test_what_stands_beside_it_comes_first(tmp_path: Path) -> None:
    api = read(tmp_path, document({BEHIND: PASSED_ON}), routes={"GET /orders": "mock", "GET /more": URL})
    assert {one.key: one.to for one in api.methods} == {"GET /orders": "mock", "GET /more": URL}


@pytest.mark.parametrize(
    ("written", "why"),
    [
        (document({}), "paths./orders.get: nothing is behind it"),
        (document({BEHIND: PASSED_ON}, openapi="3.1.0"), "is of version 3.1.0"),
        ({"swagger": "2.0"}, "is of version 2.0"),
        (
            document({BEHIND: PASSED_ON}, **{"x-amazon-apigateway-policy": {"a": 1}}),
            "x-amazon-apigateway-policy: Castra can't",
        ),
        (document({BEHIND: PASSED_ON | {"connectionId": "x"}}), "connectionId: Castra can't keep it"),
        (document({BEHIND: PASSED_ON | {"httpMethod": "PUT"}}), "the method that they came with"),
        (document({BEHIND: PASSED_ON | {"type": "http"}}), "responses: is missing"),
        (document({BEHIND: {"type": "aws_proxy", "uri": "arn:aws:apigateway:x:sqs:path/q"}}), "isn't a function's"),
        (document({BEHIND: PASSED_ON, "security": [{"a": []}]}), "security.a: API Gateway can't check it"),
        (document({BEHIND: PASSED_ON, "x-amazon-apigateway-request-validator": "no"}), "no validator 'no'"),
        ([], "isn't OpenAPI"),
    ],
)
def test_what_cant_be_kept_is_told_and_not_left_out(tmp_path: Path, written: Any, why: str) -> None:
    with pytest.raises(Invalid) as caught:
        read(tmp_path, written)
    assert "apis.orders" in str(caught.value)
    assert why in str(caught.value)


def test_a_document_that_isnt_there_is_told(tmp_path: Path) -> None:
    api = {"name": "e", "region": "eu-west-1", "apis": {"orders": {"kind": "rest", "document": "no.json"}}}
    with pytest.raises(Invalid, match=r"apis\.orders: names a document, and there's no file"):
        build(api, folder=tmp_path)


def test_json_is_read_too_and_its_templates_are_checked(tmp_path: Path) -> None:
    answers = {"default": {"statusCode": "200", "responseTemplates": {"application/json": "#if(1)"}}}
    written = document({BEHIND: {"type": "mock", "responses": answers}, "responses": {"200": {"description": "x"}}})
    (tmp_path / "api.json").write_text(json.dumps(written))
    api = {"name": "e", "region": "eu-west-1", "apis": {"orders": {"kind": "rest", "document": "api.json"}}}
    with pytest.raises(Invalid, match=r"answers\.200\.templates.*#if has no #end"):
        build(api, folder=tmp_path)
