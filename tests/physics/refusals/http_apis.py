"""API Gateway v2: keys and names that are taken, and what routes still use."""

from typing import Any

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World


def api_of(request: Request, world: World) -> Any:
    return world.backend(request, "apigatewayv2").apis.get(request.text("apiId"))


@before("apigatewayv2:CreateRoute", "apigatewayv2:UpdateRoute")
def route_makes_sense(request: Request, world: World) -> None:
    """A key once, and only what is there behind it."""
    api, key = api_of(request, world), request.text("routeKey")
    if api is None:
        return
    if any(each.route_key == key and each.route_id != request.text("routeId") for each in api.routes.values()):
        raise Refused("ConflictException", f"Route with key {key} already exists for this API", 409)
    target = request.text("target").removeprefix("integrations/")
    if target and target not in api.integrations:
        raise Refused("NotFoundException", f"Invalid Integration identifier specified {target}", 404)
    if (asked := request.text("authorizerId")) and asked not in api.authorizers:
        raise Refused("NotFoundException", f"Invalid Authorizer identifier specified {asked}", 404)


@before("apigatewayv2:CreateAuthorizer")
def authorizer_name_free(request: Request, world: World) -> None:
    api, name = api_of(request, world), request.text("name")
    if api and any(each.name == name for each in api.authorizers.values()):
        raise Refused("BadRequestException", f"Authorizer name {name} already exists")


@before("apigatewayv2:DeleteIntegration")
def integration_unused(request: Request, world: World) -> None:
    api, target = api_of(request, world), f"integrations/{request.text('integrationId')}"
    if api and any(each.target == target for each in api.routes.values()):
        raise Refused("ConflictException", "Cannot delete Integration. A Route refers to it", 409)


@before("apigatewayv2:DeleteAuthorizer")
def authorizer_unused(request: Request, world: World) -> None:
    api, id = api_of(request, world), request.text("authorizerId")
    routes = api.routes.values() if api else ()
    if any(each.authorizer_id == id and each.authorization_type in ("JWT", "CUSTOM") for each in routes):
        raise Refused("ConflictException", f"Cannot delete authorizer '{id}', is referenced by a route", 409)
