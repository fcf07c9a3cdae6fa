"""What is wrong with APIs, told with its place, before anything is asked of AWS."""

from typing import Any

import pytest

from blueprints.http_apis import ApiStage, HttpApi
from blueprints.problem import Invalid
from blueprints.reading import build

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:things"
URL = "https://example.com"
JWT = {"kind": "jwt", "issuer": "https://login.example.com", "audience": ["shop"]}


def document(**api: Any) -> dict[str, Any]:
    return {"name": "e", "region": "eu-west-1", "apis": {"shop": {"routes": {"GET /": URL}} | api}}


def told(**api: Any) -> str:
    with pytest.raises(Invalid) as caught:
        build(document(**api))
    return str(caught.value)


@pytest.mark.parametrize(
    ("api", "place", "why"),
    [
        ({"routes": {"GET things": URL}}, "routes.GET things", "isn't an HTTP route"),
        ({"routes": {"FETCH /things": URL}}, "routes.FETCH /things", "isn't an HTTP route"),
        ({"routes": {"GET /{all+}/more": URL}}, "routes.GET /{all+}/more", "only the last step"),
        ({"routes": {"GET /{a}/{a}": URL}}, "routes.GET /{a}/{a}", "stands twice"),
        ({"routes": {"GET /{a}": URL, "GET /{b}": URL}}, "routes.GET /{b}", "matches the same requests as GET /{a}"),
        (
            {"routes": {"GET /": "ftp://example.com"}},
            "routes.GET /",
            "should be function/<name>, a function's ARN or an address",
        ),
        ({"routes": {"GET /{a}": f"{URL}/{{b}}"}}, "routes.GET /{a}.to", "its path has no {b}"),
        ({"routes": {"GET /": {"to": URL, "authorizer": "staff"}}}, "routes.GET /.authorizer", "no authorizer 'staff'"),
        ({"routes": {"GET /": "function/no"}}, "routes.GET /.to", "no function/no in the section functions"),
        ({"authorizer": "staff"}, "apis.shop.authorizer", "no authorizer 'staff'"),
        ({"routes": {"GET /": {"to": URL, "scopes": ["a"]}}}, "routes.GET /.scopes", "no token is checked"),
        ({"authorizers": {"iam": JWT}}, "authorizers.iam", "a meaning of its own"),
        ({"authorizers": {"a": {"kind": "jwt"}}}, "authorizers.a.issuer", "is missing"),
        ({"authorizers": {"a": JWT | {"pool": "eu-west-1_a"}}}, "authorizers.a.pool", "kind cognito has it"),
        ({"authorizers": {"a": JWT | {"cache": 9}}}, "authorizers.a.cache", "only an HTTP API remembers"),
        ({"cors": {"origins": ["*"], "credentials": True}}, "apis.shop.cors", "every page send cookies"),
        ({"selection": "$request.body.x"}, "apis.shop.selection", "only WebSocket APIs"),
        ({"kind": "websocket", "routes": {"GET /": URL}}, "routes.GET /", "isn't a WebSocket route"),
        (
            {"kind": "websocket", "routes": {"$default": URL}, "stage": "$default"},
            "apis.shop.stage",
            "no default stage",
        ),
        ({"kind": "websocket", "routes": {"a": URL}, "cors": {"origins": ["*"]}}, "apis.shop.cors", "only HTTP APIs"),
        ({"kind": "websocket", "routes": {"a": URL}, "authorizers": {"a": JWT}}, "authorizers.a.kind", "no tokens"),
        ({"kind": "websocket", "routes": {"a": {"to": URL, "authorizer": "iam"}}}, "routes.a.authorizer", "connects"),
        ({"kind": "websocket", "routes": {"a": {"to": URL, "timeout": 30}}}, "routes.a.timeout", "29 s at most"),
        (
            {"access_logs": "arn:aws:logs:us-east-1:123456789012:log-group:apis"},
            "apis.shop.access_logs",
            "is in us-east-1",
        ),
    ],
)
def test_what_cant_be_is_told_with_its_place(api: dict[str, Any], place: str, why: str) -> None:
    said = told(**api)
    assert place in said
    assert why in said


def test_who_decides_is_the_route_and_else_the_api() -> None:
    routes = {
        "GET /": URL,
        "GET /open": {"to": URL, "authorizer": "none"},
        "GET /iam": {"to": URL, "authorizer": "iam"},
    }
    api, stage = build(document(routes=routes, authorizers={"staff": JWT}, authorizer="staff")).parts()
    assert isinstance(api, HttpApi)
    assert isinstance(stage, ApiStage)
    assert {one.key: one.authorizer for one in api.routes} == {"GET /": "staff", "GET /open": None, "GET /iam": "iam"}
    assert (stage.serves, stage.stage, stage.needs) == (api, "$default", ("http-api/shop",))


def test_of_a_websocket_api_only_connecting_is_decided_on() -> None:
    door = {"kind": "lambda", "function": FUNCTION}
    routes = {"$connect": FUNCTION, "say": FUNCTION}
    api, stage = build(document(kind="websocket", routes=routes, authorizers={"door": door}, authorizer="door")).parts()
    assert isinstance(api, HttpApi)
    assert isinstance(stage, ApiStage)
    assert {one.key: one.authorizer for one in api.routes} == {"$connect": "door", "say": None}
    assert {one.timeout for one in api.routes} == {29_000}
    assert stage.stage == "live"


def test_a_cognito_pool_is_an_issuer_and_its_clients_an_audience() -> None:
    pool = {"kind": "cognito", "pool": "eu-west-1_Ab1", "clients": ["one", "two"]}
    api, _ = build(document(authorizers={"people": pool})).parts()
    assert isinstance(api, HttpApi)
    (authorizer,) = api.authorizers
    assert authorizer.model_dump() == {
        "name": "people",
        "issuer": "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Ab1",
        "audience": ("one", "two"),
        "identity": ("$request.header.Authorization",),
    }
