"""A REST API as an OpenAPI document with API Gateway's extensions: the form in which it's imported in one call. Pure.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from tasks.api.http_state import invocation
from tasks.api.rest_state import VALIDATORS, AnswerState, GuardState, MethodState, RestApiState

VARIABLE = re.compile(r"\{([^}+]+)\+?\}")
AUTHTYPES = {"TOKEN": "custom", "REQUEST": "custom", "COGNITO_USER_POOLS": "cognito_user_pools"}
KEY, IAM = "castra-api-key", "castra-iam"


def document_of(title: str, state: RestApiState) -> dict[str, Any]:
    """All of the API. What it hasn't goes when it's imported over what stands."""
    paths: dict[str, dict[str, Any]] = {}
    for key, method in state.methods.items():
        if method is not None:
            verb, _, path = key.partition(" ")
            word = "x-amazon-apigateway-any-method" if verb == "ANY" else verb.lower()
            paths.setdefault(path, {})[word] = _method(path, method)
    used = {method.validates for method in state.methods.values() if method} - {"none"}
    return {
        "openapi": "3.0.1",
        "info": {"title": title, "version": "1.0", "description": state.description},
        "paths": paths,
        "components": {
            "schemas": {name: _schema(json.loads(text)) for name, text in state.models.items()},
            "securitySchemes": _schemes(state),
        },
        "x-amazon-apigateway-request-validators": {
            word: dict(zip(("validateRequestBody", "validateRequestParameters"), VALIDATORS[word], strict=True))
            for word in sorted(used)
        },
        "x-amazon-apigateway-gateway-responses": {
            type: {"responseParameters": {f"gatewayresponse.header.{name}": said for name, said in headers.items()}}
            for type, headers in state.errors.items()
        },
        "x-amazon-apigateway-binary-media-types": list(state.binary),
    }


def _schema(given: Any) -> Any:
    if isinstance(given, Mapping):
        plain = {key: _schema(value) for key, value in given.items()}
        return plain | ({"$ref": _reference(given["$ref"].removeprefix("#/"))} if "$ref" in given else {})
    return [_schema(one) for one in given] if isinstance(given, list) else given


def _reference(model: str) -> str:
    return f"#/components/schemas/{model}"


# ---------------------------------------------------------------------- who may


def _schemes(state: RestApiState) -> dict[str, Any]:
    schemes = {name: _scheme(guard) for name, guard in state.authorizers.items()}
    methods = [method for method in state.methods.values() if method]
    if any(method.api_key for method in methods):
        schemes[KEY] = {"type": "apiKey", "name": "x-api-key", "in": "header"}
    if any(method.authorization == "iam" for method in methods):
        schemes[IAM] = _in_header("Authorization") | {"x-amazon-apigateway-authtype": "awsSigv4"}
    return schemes


def _in_header(name: str) -> dict[str, Any]:
    return {"type": "apiKey", "name": name, "in": "header"}


def _scheme(guard: GuardState) -> dict[str, Any]:
    header = next(iter(guard.identity), "").rpartition("method.request.header.")[2]
    said: dict[str, Any] = {"type": guard.type.lower(), "authorizerResultTtlInSeconds": guard.cache}
    if guard.function:
        said["authorizerUri"] = invocation(guard.function)
    if guard.pools:
        said["providerARNs"] = list(guard.pools)
    if guard.identity:
        said["identitySource"] = ", ".join(guard.identity)
    if guard.pattern:
        said["identityValidationExpression"] = guard.pattern
    return {
        **_in_header("Unused" if guard.type == "REQUEST" else header or "Authorization"),
        "x-amazon-apigateway-authtype": AUTHTYPES[guard.type],
        "x-amazon-apigateway-authorizer": said,
    }


def _security(method: MethodState) -> dict[str, Any]:
    asked: dict[str, list[str]] = {}
    if method.authorizer:
        asked[method.authorizer] = list(method.scopes)
    if method.authorization == "iam":
        asked[IAM] = []
    if method.api_key:
        asked[KEY] = []
    return {"security": [asked]} if asked else {}


# ---------------------------------------------------------------------- methods


def _method(path: str, method: MethodState) -> dict[str, Any]:
    variables = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in VARIABLE.findall(path)
    ]
    body = {"requestBody": {"content": _content(method.body), "required": True}} if method.body else {}
    validator = {} if method.validates == "none" else {"x-amazon-apigateway-request-validator": method.validates}
    return {
        "parameters": variables + [_parameter(name, needed) for name, needed in method.parameters.items()],
        **body,
        "responses": {status: _response(answer) for status, answer in method.answers.items()},
        **_security(method),
        **validator,
        "x-amazon-apigateway-integration": _integration(method),
    }


def _parameter(name: str, needed: bool) -> dict[str, Any]:
    place, _, own = name.removeprefix("method.request.").partition(".")
    where = "query" if place == "querystring" else place
    return {"name": own, "in": where, "required": needed, "schema": {"type": "string"}}


def _content(model: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": _reference(model)}}}


def _response(answer: AnswerState) -> dict[str, Any]:
    said: dict[str, Any] = {"description": "An answer"}
    if answer.headers:
        said["headers"] = {name: {"schema": {"type": "string"}} for name in answer.headers}
    if answer.model:
        said["content"] = _content(answer.model)
    return said


def _integration(method: MethodState) -> dict[str, Any]:
    said: dict[str, Any] = {
        "type": method.type.lower(),
        "timeoutInMillis": method.timeout,
        "passthroughBehavior": method.passthrough.lower(),
    }
    if method.type.startswith("AWS"):
        said |= {"uri": invocation(method.uri), "httpMethod": method.verb}
    elif method.type.startswith("HTTP"):
        said |= {"uri": method.uri, "httpMethod": method.verb}
    if method.templates:
        said["requestTemplates"] = method.templates
    if method.sends:
        said["requestParameters"] = method.sends
    if method.cache_keys:
        said["cacheKeyParameters"] = list(method.cache_keys)
    if method.answers:
        said["responses"] = {
            answer.pattern or "default": {
                "statusCode": status,
                "responseTemplates": answer.templates,
                "responseParameters": {
                    f"method.response.header.{name}": value for name, value in answer.headers.items()
                },
            }
            for status, answer in method.answers.items()
        }
    return said
