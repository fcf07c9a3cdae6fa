"""HTTP and WebSocket APIs in one vocabulary: what is wanted of them, and what AWS tells."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from blueprints.http_apis import Cors, HttpApi, HttpRoute, JwtAuthorizer, LambdaAuthorizer
from blueprints.part import filled
from tasks.kind import Fixed, State, Unordered, unknown, unknowns

INVOKED = re.compile(r"^arn:[^:]+:apigateway:[^:]+:lambda:path/2015-03-31/functions/(.+)/invocations$")
AUTHORIZATION = {"NONE": "none", "JWT": "jwt", "CUSTOM": "lambda", "AWS_IAM": "iam"}
DEPLOYED = frozenset({"cors", "selection", "authorizers", "routes"})
"""What visitors see once it's deployed; the rest holds at once."""


class CorsState(State):
    """https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html#apis-apiid-model-cors"""

    origins: Unordered[str]
    methods: Unordered[str]
    headers: Unordered[str]
    expose: Unordered[str]
    max_age: int
    credentials: bool


class AuthorizerState(State):
    """`cache` is in seconds, of a function's answers. What it hasn't is empty or 0."""

    type: Literal["jwt", "lambda"]
    issuer: str = ""
    audience: Unordered[str] = ()
    function: str = ""
    identity: Unordered[str] = ()
    cache: int = 0
    simple: bool = False


class IntegrationState(State):
    """What's behind a route. `timeout` is in milliseconds; `connection` is a VPC link that somebody chose by hand."""

    type: str
    uri: str
    method: str
    payload: str
    timeout: int
    parameters: dict[str, str] = {}
    connection: str = ""


class RouteState(State):
    """`authorizer` is one's name. A route that somebody made by hand may have nothing behind it."""

    to: IntegrationState | None
    authorization: str = "none"
    authorizer: str = ""
    scopes: Unordered[str] = ()


class HttpApiState(State):
    """Routes by key, authorizers by name. https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""

    protocol: Fixed[str]
    description: str
    selection: str
    cors: CorsState | None
    default_endpoint: bool
    authorizers: dict[str, AuthorizerState]
    routes: dict[str, RouteState]


@dataclass(frozen=True)
class Inside:
    """An API's routes, integrations and authorizers, as AWS describes them."""

    routes: list[dict[str, Any]] = field(default_factory=list)
    integrations: list[dict[str, Any]] = field(default_factory=list)
    authorizers: list[dict[str, Any]] = field(default_factory=list)


def content(state: HttpApiState) -> str:
    """What stands for all that is to be deployed: a hash; the unknown ids, where it isn't known yet. Pure."""
    told = {name: getattr(state, name) for name in sorted(DEPLOYED)}
    if waits := unknowns(told):
        return " ".join(unknown(key) for key in sorted(waits))
    text = json.dumps(state.model_dump(mode="json", include=set(DEPLOYED)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


# ---------------------------------------------------------------------- what is wanted


def wanted_state(part: HttpApi, ids: Mapping[str, str]) -> HttpApiState:
    """The part's."""
    authorizers = {one.name: _wanted_authorizer(one, part.protocol, ids) for one in part.authorizers}
    named = {name: named_in_aws(name, state.type) for name, state in authorizers.items()}
    return HttpApiState(
        protocol=part.protocol,
        description=part.description,
        selection=part.selection,
        cors=_wanted_cors(part.cors) if part.cors else None,
        default_endpoint=part.default_endpoint,
        authorizers={named[name]: state for name, state in authorizers.items()},
        routes={one.key: _wanted_route(one, part.protocol, authorizers, ids) for one in part.routes},
    )


def named_in_aws(name: str, type: str) -> str:
    """With its type, as AWS can't change that: another type is another authorizer."""
    return f"{name}-{type}"


def _wanted_cors(cors: Cors) -> CorsState:
    return CorsState(
        origins=cors.origins,
        methods=cors.methods,
        headers=tuple(header.lower() for header in cors.headers),
        expose=tuple(header.lower() for header in cors.expose),
        max_age=cors.max_age,
        credentials=cors.credentials,
    )


def _wanted_authorizer(one: JwtAuthorizer | LambdaAuthorizer, protocol: str, ids: Mapping[str, str]) -> AuthorizerState:
    if isinstance(one, JwtAuthorizer):
        return AuthorizerState(type="jwt", issuer=one.issuer, audience=one.audience, identity=one.identity)
    return AuthorizerState(
        type="lambda",
        function=filled(one.function, ids),
        identity=one.identity,
        cache=one.cache,
        simple=protocol == "HTTP",
    )


def _wanted_route(
    route: HttpRoute, protocol: str, authorizers: Mapping[str, AuthorizerState], ids: Mapping[str, str]
) -> RouteState:
    url = isinstance(route.to, str) and route.to.startswith("http")
    to = IntegrationState(
        type="HTTP_PROXY" if url else "AWS_PROXY",
        uri=filled(route.to, ids),
        method="ANY" if url and protocol == "HTTP" else "POST",
        payload="1.0" if url or protocol != "HTTP" else "2.0",
        timeout=route.timeout,
        parameters=route.parameters,
    )
    if route.authorizer in (None, "iam"):
        return RouteState(to=to, authorization=route.authorizer or "none")
    type = authorizers[route.authorizer].type
    name = named_in_aws(route.authorizer, type)
    return RouteState(to=to, authorization=type, authorizer=name, scopes=route.scopes)


# ---------------------------------------------------------------------- what AWS tells


def told_state(api: Mapping[str, Any], inside: Inside) -> HttpApiState:
    """What AWS tells of an API and of what's inside."""
    integrations = {one["IntegrationId"]: told_integration(one) for one in inside.integrations}
    names = {one["AuthorizerId"]: one["Name"] for one in inside.authorizers}
    websocket = api["ProtocolType"] == "WEBSOCKET"
    return HttpApiState(
        protocol=api["ProtocolType"],
        description=api.get("Description") or "",
        selection=api.get("RouteSelectionExpression", "") if websocket else "",
        cors=_told_cors(api["CorsConfiguration"]) if api.get("CorsConfiguration") else None,
        default_endpoint=not api.get("DisableExecuteApiEndpoint"),
        authorizers={one["Name"]: told_authorizer(one) for one in inside.authorizers},
        routes={one["RouteKey"]: told_route(one, integrations, names) for one in inside.routes},
    )


def _told_cors(cors: Mapping[str, Any]) -> CorsState:
    return CorsState(
        origins=cors.get("AllowOrigins", ()),
        methods=cors.get("AllowMethods", ()),
        headers=tuple(header.lower() for header in cors.get("AllowHeaders", ())),
        expose=tuple(header.lower() for header in cors.get("ExposeHeaders", ())),
        max_age=cors.get("MaxAge", 0),
        credentials=cors.get("AllowCredentials", False),
    )


def told_integration(one: Mapping[str, Any]) -> IntegrationState:
    """A function is told by its ARN, however AWS has it."""
    return IntegrationState(
        type=one.get("IntegrationType", ""),
        uri=function_in(one.get("IntegrationUri") or ""),
        method=one.get("IntegrationMethod") or "",
        payload=one.get("PayloadFormatVersion") or "1.0",
        timeout=one.get("TimeoutInMillis", 0),
        parameters=one.get("RequestParameters") or {},
        connection=one.get("ConnectionId") or "",
    )


def told_authorizer(one: Mapping[str, Any]) -> AuthorizerState:
    """What AWS tells of one."""
    jwt = one.get("JwtConfiguration") or {}
    return AuthorizerState(
        type="jwt" if one["AuthorizerType"] == "JWT" else "lambda",
        issuer=jwt.get("Issuer", ""),
        audience=jwt.get("Audience", ()),
        function=function_in(one.get("AuthorizerUri") or ""),
        identity=one.get("IdentitySource") or (),
        cache=0 if jwt else one.get("AuthorizerResultTtlInSeconds") or 0,
        simple=bool(one.get("EnableSimpleResponses")),
    )


def told_route(
    route: Mapping[str, Any], integrations: Mapping[str, IntegrationState], names: Mapping[str, str]
) -> RouteState:
    """What AWS tells of one. Where nobody or IAM is asked, an authorizer that is left in it means nothing."""
    authorization = AUTHORIZATION.get(route.get("AuthorizationType") or "NONE", "none")
    by_one = authorization in ("jwt", "lambda")
    return RouteState(
        to=integrations.get((route.get("Target") or "").removeprefix("integrations/")),
        authorization=authorization,
        authorizer=names.get(route.get("AuthorizerId") or "", "") if by_one else "",
        scopes=(route.get("AuthorizationScopes") or ()) if by_one else (),
    )


def function_in(uri: str) -> str:
    """A function's ARN, from the address by which API Gateway invokes it; any other address as it is."""
    found = INVOKED.match(uri)
    return found[1] if found else uri


def invocation(function: str) -> str:
    """The address by which API Gateway invokes a function."""
    partition, region = function.split(":")[1], function.split(":")[3]
    return f"arn:{partition}:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations"
