"""Carries out what an HTTP or WebSocket API is to have inside: authorizers, integrations and routes.

Nothing of it is seen by visitors until it's deployed, so the order is of no matter to them. Each write is found again
by what it made (a route by its key, an authorizer by its name, an integration by what it says), so that a run that was
killed is gone on with.
"""

from collections.abc import Mapping
from typing import Any

from tasks.api.http_state import (
    AUTHORIZATION,
    AuthorizerState,
    HttpApiState,
    Inside,
    IntegrationState,
    RouteState,
    invocation,
    told_authorizer,
    told_integration,
    told_route,
)
from tasks.api.listing import GONE, HTTP, inside
from tasks.errors import gone_is_fine
from tasks.scope import Scope

TYPES = {state: aws for aws, state in AUTHORIZATION.items()}


def set_inside(scope: Scope, api: str, wanted: HttpApiState) -> None:
    """What's missing is made, what differs is changed, and what's needed no longer goes at the end."""
    standing = inside(scope, api) or Inside()
    authorizers = _set_authorizers(scope, api, wanted.authorizers, standing)
    integrations = _make_integrations(scope, api, wanted, standing)
    _set_routes(scope, api, wanted.routes, standing, integrations, authorizers)
    used = {integrations[_key(route.to)] for route in wanted.routes.values() if route.to}
    for one in standing.integrations:
        if one["IntegrationId"] not in used:
            with gone_is_fine(GONE):
                scope.client(HTTP).delete_integration(ApiId=api, IntegrationId=one["IntegrationId"])
    for one in standing.authorizers:
        if one["Name"] not in wanted.authorizers:
            with gone_is_fine(GONE):
                scope.client(HTTP).delete_authorizer(ApiId=api, AuthorizerId=one["AuthorizerId"])


def _set_authorizers(scope: Scope, api: str, wanted: Mapping[str, AuthorizerState], standing: Inside) -> dict[str, str]:
    """The ids of all that are wanted, by name."""
    there, ids = {one["Name"]: one for one in standing.authorizers}, {}
    for name, state in wanted.items():
        if name not in there:
            make = scope.client(HTTP, once=True).create_authorizer
            ids[name] = str(make(ApiId=api, Name=name, **_authorizer(state))["AuthorizerId"])
            continue
        ids[name] = str(there[name]["AuthorizerId"])
        if told_authorizer(there[name]) != state:
            scope.client(HTTP).update_authorizer(ApiId=api, AuthorizerId=ids[name], **_authorizer(state))
    return ids


def _authorizer(state: AuthorizerState) -> dict[str, Any]:
    if state.type == "jwt":
        jwt = {"Issuer": state.issuer, "Audience": list(state.audience)}
        return {"AuthorizerType": "JWT", "IdentitySource": list(state.identity), "JwtConfiguration": jwt}
    versions = {"AuthorizerPayloadFormatVersion": "2.0", "EnableSimpleResponses": True} if state.simple else {}
    caching = {"AuthorizerResultTtlInSeconds": state.cache} if state.simple else {}  # WebSocket APIs have none
    return {
        "AuthorizerType": "REQUEST",
        "AuthorizerUri": invocation(state.function),
        "IdentitySource": list(state.identity),
        **versions,
        **caching,
    }


def _make_integrations(scope: Scope, api: str, wanted: HttpApiState, standing: Inside) -> dict[str, str]:
    """The ids of all that are wanted, by what they say. None is ever changed: a route is pointed at another one."""
    ids = {_key(told_integration(one)): str(one["IntegrationId"]) for one in standing.integrations}
    for route in wanted.routes.values():
        if route.to and _key(route.to) not in ids:
            make = scope.client(HTTP, once=True).create_integration
            made = make(ApiId=api, **_integration(route.to, wanted.protocol))
            ids[_key(route.to)] = str(made["IntegrationId"])
    return ids


def _key(state: IntegrationState) -> str:
    return state.model_dump_json()


def _integration(state: IntegrationState, protocol: str) -> dict[str, Any]:
    uri = state.uri if protocol == "HTTP" or state.type == "HTTP_PROXY" else invocation(state.uri)
    said = {"RequestParameters": state.parameters} if state.parameters else {}
    return {
        "IntegrationType": state.type,
        "IntegrationUri": uri,
        "IntegrationMethod": state.method,
        "PayloadFormatVersion": state.payload,
        "TimeoutInMillis": state.timeout,
        **said,
    }


def _set_routes(
    scope: Scope,
    api: str,
    wanted: Mapping[str, RouteState],
    standing: Inside,
    integrations: Mapping[str, str],
    authorizers: Mapping[str, str],
) -> None:
    told = {one["IntegrationId"]: told_integration(one) for one in standing.integrations}
    names = {one["AuthorizerId"]: one["Name"] for one in standing.authorizers}
    there = {one["RouteKey"]: one for one in standing.routes}
    for key, one in there.items():
        if key not in wanted:
            with gone_is_fine(GONE):
                scope.client(HTTP).delete_route(ApiId=api, RouteId=one["RouteId"])
    for key, state in wanted.items():
        sent = _route(state, integrations, authorizers)
        if key not in there:
            scope.client(HTTP, once=True).create_route(ApiId=api, RouteKey=key, **sent)
        elif told_route(there[key], told, names) != state:
            scopes = {"AuthorizationScopes": list(state.scopes)}
            scope.client(HTTP).update_route(ApiId=api, RouteId=there[key]["RouteId"], **sent | scopes)


def _route(state: RouteState, integrations: Mapping[str, str], authorizers: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {"AuthorizationType": TYPES[state.authorization]}
    if state.to:
        said["Target"] = f"integrations/{integrations[_key(state.to)]}"
    if state.authorizer:
        said["AuthorizerId"] = authorizers[state.authorizer]
    if state.scopes:
        said["AuthorizationScopes"] = list(state.scopes)
    return said
