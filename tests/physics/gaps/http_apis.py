"""API Gateway v2: deployments, what is changed of a stage, its tags, and listings that moto lacks."""

import json
import random
import string
from datetime import UTC, datetime
from typing import Any

from moto.apigatewayv2.exceptions import ApiNotFound, StageNotFound
from moto.apigatewayv2.models import Stage

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before, instead
from tests.physics.protocol import Request
from tests.physics.world import World

TO_JSON = Stage.to_json


def answer(fields: Any, status: int = 200) -> Answer:
    body = json.dumps(fields).encode() if fields is not None else b""
    return Answer(status, [("Content-Type", "application/json")], body)


def api_of(request: Request, world: World) -> Any:
    api = world.backend(request, "apigatewayv2").apis.get(request.text("apiId"))
    if api is None:
        raise Refused("NotFoundException", f"Invalid API identifier specified {request.text('apiId')}", 404)
    return api


def stage_of(request: Request, world: World) -> Any:
    stage = api_of(request, world).stages.get(request.text("stageName"))
    if stage is None:
        raise Refused("NotFoundException", "Invalid stage identifier specified", 404)
    return stage


def deployments_of(api: Any) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = api.__dict__.setdefault("deployed", {})
    return found


def fresh() -> str:
    return "".join(random.choice(string.ascii_lowercase) for _ in range(6))


# ---------------------------------------------------------------------- deployments


@instead("apigatewayv2:CreateDeployment")
def create_deployment(request: Request, world: World) -> Answer:
    """Moto doesn't know them."""
    api = api_of(request, world)
    if not api.routes:
        raise Refused("BadRequestException", "At least one route is required before deploying the Api.")
    made = {
        "deploymentId": fresh(),
        "createdDate": f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "description": request.text("description"),
        "deploymentStatus": "DEPLOYED",
        "autoDeployed": False,
    }
    deployments_of(api)[made["deploymentId"]] = made
    if name := request.text("stageName"):
        if name not in api.stages:
            raise StageNotFound
        api.stages[name].config["deploymentId"] = made["deploymentId"]
    return answer(made, 201)


@instead("apigatewayv2:GetDeployments")
def get_deployments(request: Request, world: World) -> Answer:
    return answer({"items": list(deployments_of(api_of(request, world)).values())})


@instead("apigatewayv2:GetDeployment")
def get_deployment(request: Request, world: World) -> Answer:
    return answer(deployment_of(request, world))


@instead("apigatewayv2:DeleteDeployment")
def delete_deployment(request: Request, world: World) -> Answer:
    api, one = api_of(request, world), deployment_of(request, world)
    if any(stage.config.get("deploymentId") == one["deploymentId"] for stage in api.stages.values()):
        why = "Active stages pointing to this deployment must be moved or deleted"
        raise Refused("BadRequestException", why)
    del deployments_of(api)[one["deploymentId"]]
    return answer(None, 204)


def deployment_of(request: Request, world: World) -> dict[str, Any]:
    id = request.text("deploymentId")
    if id not in deployments_of(api_of(request, world)):
        raise Refused("NotFoundException", f"Invalid Deployment identifier specified {id}", 404)
    return deployments_of(api_of(request, world))[id]


# ---------------------------------------------------------------------- stages


def to_json(stage: Any) -> dict[str, Any]:
    """With the deployment that it shows, and its tags as they are now."""
    shown = {"deploymentId": stage.config["deploymentId"]} if stage.config.get("deploymentId") else {}
    told: dict[str, Any] = {**TO_JSON(stage), **shown}
    return told


@before("apigatewayv2:CreateStage", "apigatewayv2:UpdateStage")
def names_what_stands(request: Request, world: World) -> None:
    """A deployment and routes of the API itself. Moto takes any."""
    api, shown = api_of(request, world), request.text("deploymentId")
    if shown and shown not in deployments_of(api):
        raise Refused("NotFoundException", f"Invalid Deployment identifier specified {shown}", 404)
    settings = request.params.get("routeSettings") or {}
    for key in settings.keys() - {each.route_key for each in api.routes.values()}:
        raise Refused("NotFoundException", f"Unable to find Route by key {key} within the provided RouteSettings", 404)
    if request.operation == "CreateStage" and request.text("stageName") in api.stages:
        raise Refused("ConflictException", "Stage already exists", 409)


@instead("apigatewayv2:UpdateStage")
def update_stage(request: Request, world: World) -> Answer:
    """Maps are merged; a variable that is empty is taken away."""
    stage, said = stage_of(request, world), request.params
    if "deploymentId" in said:
        stage.config["deploymentId"] = said["deploymentId"]
    stage.default_route_settings |= said.get("defaultRouteSettings", {})
    stage.route_settings |= said.get("routeSettings", {})
    variables = stage.stage_variables | said.get("stageVariables", {})
    stage.stage_variables = {name: value for name, value in variables.items() if value}
    stage.access_log_settings = said.get("accessLogSettings", stage.access_log_settings)
    stage.auto_deploy = said.get("autoDeploy", stage.auto_deploy)
    return answer(stage.to_json())


@instead("apigatewayv2:DeleteAccessLogSettings")
def delete_access_log_settings(request: Request, world: World) -> Answer:
    stage_of(request, world).access_log_settings = None
    return answer(None, 204)


@instead("apigatewayv2:DeleteRouteSettings")
def delete_route_settings(request: Request, world: World) -> Answer:
    if stage_of(request, world).route_settings.pop(request.text("routeKey"), None) is None:
        raise Refused("NotFoundException", "Invalid route key specified", 404)
    return answer(None, 204)


@instead("apigatewayv2:TagResource", "apigatewayv2:UntagResource")
def tag_stage(request: Request, world: World) -> Answer | None:
    """Moto's addresses for tags have no stages and no domains."""
    backend = world.backend(request, "apigatewayv2")
    kind, name, *more = request.text("resource_arn").partition("::/")[2].split("/")
    if kind == "domainnames":
        found = backend.domain_names[name]
    elif more:
        found = backend.apis[name].stages[more[1]]
    else:
        return None
    found.tags |= request.params.get("tags", {})
    for key in request.texts("tagKeys"):
        found.tags.pop(key, None)
    return answer(None, 204)


# ---------------------------------------------------------------------- what's inside


@instead("apigatewayv2:GetAuthorizers")
def get_authorizers(request: Request, world: World) -> Answer:
    """Moto lists none."""
    return answer({"items": [each.to_json() for each in api_of(request, world).authorizers.values()]})


@after("apigatewayv2:UpdateRoute")
def scopes_taken_away(request: Request, given: Answer, world: World) -> None:
    """Moto keeps the old ones where there's to be none."""
    if request.params.get("authorizationScopes") == []:
        api_of(request, world).routes[request.text("routeId")].authorization_scopes = []


@before("apigatewayv2:DeleteApi")
def api_stands(request: Request, world: World) -> None:
    if request.text("apiId") not in world.backend(request, "apigatewayv2").apis:
        raise Refused("NotFoundException", ApiNotFound(request.text("apiId")).message, 404)


@before("apigatewayv2:DeleteStage")
def stage_stands(request: Request, world: World) -> None:
    stage_of(request, world)


Stage.to_json = to_json
