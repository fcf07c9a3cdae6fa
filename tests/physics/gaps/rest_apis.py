"""API Gateway v1: import of OpenAPI documents, tags, and what moto breaks at."""

import json
from collections.abc import Iterator
from typing import Any

from moto.apigateway.models import Authorizer, GatewayResponse, Integration, Method, RequestValidator, Stage, UsagePlan

from tests.physics.answers import Answer, Refused
from tests.physics.gaps.http_apis import answer, fresh
from tests.physics.hooks import after, before, instead
from tests.physics.protocol import Request
from tests.physics.world import World

VERBS = ("get", "post", "put", "patch", "delete", "head", "options")
ANY = "x-amazon-apigateway-any-method"
TAGGED = {"restapis": "apis", "apikeys": "keys", "usageplans": "usage_plans", "domainnames": "domain_names"}
OPERATIONS, PLAN_OPERATIONS = Stage.apply_operations, UsagePlan.apply_patch_operations


def api_of(request: Request, world: World) -> Any:
    api = world.backend(request, "apigateway").apis.get(request.text("restapi_id"))
    if api is None:
        raise Refused("NotFoundException", "Invalid API identifier specified", 404)
    return api


# ---------------------------------------------------------------------- import


@instead("apigateway:PutRestApi")
def put_rest_api(request: Request, world: World) -> Answer:
    """With mode overwrite, as AWS reads OpenAPI 3 with its extensions; moto reads little of it."""
    api, document = api_of(request, world), request.params
    if request.text("mode") != "overwrite" or not str(document.get("openapi", "")).startswith("3.0"):
        raise Refused("BadRequestException", "Invalid OpenAPI input.")
    wrong = list(warnings(document))
    if wrong and request.text("failonwarnings") == "true":
        raise Refused("BadRequestException", f"Warnings found during import:\n\t{wrong[0]}")
    api.name, api.description = document["info"]["title"], document["info"].get("description", "")
    api.version = str(document["info"]["version"])
    api.binaryMediaTypes = document.get("x-amazon-apigateway-binary-media-types", [])
    api.models = {}
    for name, schema in document.get("components", {}).get("schemas", {}).items():
        text = json.dumps({"$schema": "http://json-schema.org/draft-04/schema#", **schema})
        api.add_model(name, "", text.replace("#/components/schemas/", f"https://x/restapis/{api.id}/models/"), "")
    put_authorizers(api, document)
    api.request_validators = {
        id: RequestValidator(id, name, said["validateRequestBody"], said["validateRequestParameters"])
        for name, said in document.get("x-amazon-apigateway-request-validators", {}).items()
        for id in [fresh()]
    }
    api.gateway_responses = {
        type: GatewayResponse(type, None, said.get("responseParameters"), said.get("responseTemplates"))
        for type, said in document.get("x-amazon-apigateway-gateway-responses", {}).items()
    }
    root = api.resources[api.root_resource_id]
    root.resource_methods, api.resources = {}, {root.id: root}
    for path, methods in document["paths"].items():
        resource = resource_at(api, root, path)
        for word, said in methods.items():
            verb = "ANY" if word == ANY else word.upper()
            resource.resource_methods[verb] = method_of(api, document, verb, said)
    return answer(api.to_dict())


def warnings(document: dict[str, Any]) -> Iterator[str]:
    """What AWS would leave out."""
    schemes = document.get("components", {}).get("securitySchemes", {})
    schemas = document.get("components", {}).get("schemas", {})
    validators = document.get("x-amazon-apigateway-request-validators", {})
    text = json.dumps(document)
    for part in text.split('"#/components/schemas/')[1:]:
        if (name := part.partition('"')[0]) not in schemas:
            yield f"Unable to find model {name}"
    for path, methods in document["paths"].items():
        for word, said in methods.items():
            if word not in VERBS and word != ANY:
                yield f"{path}: unknown method {word}"
            if any(name not in schemes for each in said.get("security", []) for name in each):
                yield f"{path}: security scheme isn't defined"
            if said.get("x-amazon-apigateway-request-validator", "all") not in {*validators, "all"}:
                yield f"{path}: no such validator"
            for each in said["x-amazon-apigateway-integration"].get("responses", {}).values():
                if each["statusCode"] not in said["responses"]:
                    yield f"{path}: no method response {each['statusCode']}"


def put_authorizers(api: Any, document: dict[str, Any]) -> None:
    api.authorizers = {}
    for name, said in document.get("components", {}).get("securitySchemes", {}).items():
        if custom := said.get("x-amazon-apigateway-authorizer"):
            api.authorizers[name] = Authorizer(
                fresh(),
                name,
                custom["type"].upper(),
                provider_arns=custom.get("providerARNs"),
                auth_type=said["x-amazon-apigateway-authtype"],
                authorizer_uri=custom.get("authorizerUri"),
                identity_source=custom.get("identitySource", f"method.request.header.{said['name']}"),
                identity_validation_expression=custom.get("identityValidationExpression"),
                authorizer_result_ttl=custom.get("authorizerResultTtlInSeconds", 300),
            )
    api.authorizers = {each.id: each for each in api.authorizers.values()}


def resource_at(api: Any, root: Any, path: str) -> Any:
    """Each step of a path is a resource."""
    here = root
    for step in (step for step in path.split("/") if step):
        below = [each for each in api.resources.values() if each.parent_id == here.id]
        others = [each.path_part for each in below if each.path_part.startswith("{") and step.startswith("{")]
        if others and others[0] != step:
            why = f"A sibling ({others[0]}) of this resource already has a variable path part"
            raise Refused("BadRequestException", why)
        here = next((each for each in below if each.path_part == step), None) or api.add_child(step, here.id)
    return here


def method_of(api: Any, document: dict[str, Any], verb: str, said: dict[str, Any]) -> Method:
    schemes = document.get("components", {}).get("securitySchemes", {})
    authorizers = {each.name: each for each in api.authorizers.values()}
    method = Method(verb, "NONE")
    for name, scopes in (said.get("security") or [{}])[0].items():
        if name in authorizers:
            cognito = authorizers[name].type == "COGNITO_USER_POOLS"
            method.authorization_type = "COGNITO_USER_POOLS" if cognito else "CUSTOM"
            method.authorizer_id, method.authorization_scopes = authorizers[name].id, scopes
        elif schemes[name].get("x-amazon-apigateway-authtype") == "awsSigv4":
            method.authorization_type = "AWS_IAM"
        elif schemes[name]["name"].lower() == "x-api-key":
            method.api_key_required = True
    places = {"query": "querystring"}
    method.request_parameters = {
        f"method.request.{places.get(each['in'], each['in'])}.{each['name']}": each.get("required", False)
        for each in said.get("parameters", [])
    }
    method.request_models = models_in(said.get("requestBody", {}))
    validators = {each.name: each.id for each in api.request_validators.values()}
    method.request_validator_id = validators.get(said.get("x-amazon-apigateway-request-validator", ""))
    for status, each in said.get("responses", {}).items():
        headers = {f"method.response.header.{name}": False for name in each.get("headers", {})}
        method.create_response(status, models_in(each), headers)
    method.method_integration = integration_of(said["x-amazon-apigateway-integration"])
    return method


def models_in(said: dict[str, Any]) -> dict[str, str]:
    return {
        type: each["schema"]["$ref"].rpartition("/")[2]
        for type, each in said.get("content", {}).items()
        if "$ref" in each.get("schema", {})
    }


def integration_of(said: dict[str, Any]) -> Integration:
    integration = Integration(
        said["type"].upper(),
        said.get("uri", ""),
        said.get("httpMethod", ""),
        request_templates=said.get("requestTemplates"),
        passthrough_behavior=said.get("passthroughBehavior", "when_no_match").upper(),
        cache_key_parameters=said.get("cacheKeyParameters"),
        timeout_in_millis=said.get("timeoutInMillis", 29_000),
        request_parameters=said.get("requestParameters"),
    )
    for pattern, each in said.get("responses", {}).items():
        integration.create_integration_response(
            each["statusCode"],
            "" if pattern == "default" else pattern,
            each.get("responseTemplates", {}),
            each.get("responseParameters", {}),
        )
    return integration


# ---------------------------------------------------------------------- stages, tags and ends


def apply_operations(stage: Any, operations: list[dict[str, Any]]) -> Any:
    """Moto keeps the settings of a method that are to be removed, and empty variables."""
    for each in operations:
        steps = each["path"].strip("/").split("/")
        if each["op"] == "remove" and len(steps) == 2 and steps[0] != "variables":
            stage.method_settings.pop("/".join(steps), None)
    return OPERATIONS(stage, operations)


@before("apigateway:UpdateStage")
def settings_are_of_methods(request: Request, world: World) -> None:
    """ANY has none of its own."""
    for each in request.params.get("patchOperations", []):
        if "/ANY/" in each["path"]:
            raise Refused("BadRequestException", "Invalid method setting path: ANY")


@before("apigateway:CreateStage", "apigateway:UpdateStage")
def deployment_is_there(request: Request, world: World) -> None:
    patch = request.params.get("patchOperations", [])
    moved = [each["value"] for each in patch if each["path"] == "/deploymentId"]
    named = moved or [request.text("deploymentId")]
    if named[0] and named[0] not in api_of(request, world).deployments:
        raise Refused("BadRequestException", "Deployment id does not exist")


@before("apigateway:DeleteDeployment")
def deployment_is_not_shown(request: Request, world: World) -> None:
    shown = {stage.deployment_id for stage in api_of(request, world).stages.values()}
    if request.text("deployment_id") in shown:
        why = "Active stages pointing to this deployment must be moved or deleted"
        raise Refused("BadRequestException", why)


@before("apigateway:DeleteRestApi")
def api_stands(request: Request, world: World) -> None:
    api_of(request, world)


@instead("apigateway:TagResource", "apigateway:UntagResource")
def tag(request: Request, world: World) -> Answer:
    """Moto tags stages only."""
    kind, name, *more = request.text("resource_arn").partition("::/")[2].split("/")
    found = getattr(world.backend(request, "apigateway"), TAGGED[kind]).get(name)
    if found is None:
        raise Refused("NotFoundException", "Invalid resource identifier specified", 404)
    found = found.stages[more[1]] if more else found
    found.tags = (found.tags or {}) | request.params.get("tags", {})
    for key in request.texts("tagKeys"):
        found.tags.pop(key, None)
    return answer(None, 204)


# ---------------------------------------------------------------------- plans


def apply_patch_operations(plan: Any, operations: list[dict[str, Any]]) -> None:
    """Moto takes whole rates only, and leaves numbers texts."""
    rates = {each["path"]: float(each["value"]) for each in operations if each["path"] == "/throttle/rateLimit"}
    PLAN_OPERATIONS(plan, [each for each in operations if each["path"] not in rates])
    for rate in rates.values():
        plan.throttle["rateLimit"] = rate
    if "limit" in plan.quota:
        plan.quota["limit"] = int(plan.quota["limit"])


@before("apigateway:DeleteUsagePlan")
def plan_has_no_stages(request: Request, world: World) -> None:
    plan = world.backend(request, "apigateway").usage_plans.get(request.text("usageplanId"))
    if plan is None:
        raise Refused("NotFoundException", "Invalid Usage Plan ID specified", 404)
    if plan.api_stages:
        raise Refused("BadRequestException", f"Usage Plan {plan.id} has API stages associated with it")


@before("apigateway:CreateUsagePlan", "apigateway:UpdateUsagePlan")
def plan_is_of_stages_that_stand(request: Request, world: World) -> None:
    named = [(each["apiId"], each["stage"]) for each in request.params.get("apiStages", [])]
    patch = request.params.get("patchOperations", [])
    named += [tuple(each["value"].split(":")) for each in patch if (each["op"], each["path"]) == ("add", "/apiStages")]
    apis = world.backend(request, "apigateway").apis
    for api, stage in named:
        if api not in apis or stage not in apis[api].stages:
            raise Refused("NotFoundException", f"API Stage not found: {api}:{stage}", 404)


@before("apigateway:CreateUsagePlanKey")
def key_is_on_one_plan_of_a_stage(request: Request, world: World) -> None:
    backend, key = world.backend(request, "apigateway"), request.text("keyId")
    mine = backend.usage_plans[request.text("usageplanId")].api_stages
    for plan, keys in backend.usage_plan_keys.items():
        if key in keys and plan in backend.usage_plans:
            if plan == request.text("usageplanId"):
                raise Refused("ConflictException", f"Usage Plan Key {key} already exists", 409)
            if any(stage in mine for stage in backend.usage_plans[plan].api_stages):
                raise Refused("BadRequestException", f"API Key {key} cannot be on two plans of one stage")


@before("apigateway:DeleteUsagePlanKey")
def key_is_on_the_plan(request: Request, world: World) -> None:
    keys = world.backend(request, "apigateway").usage_plan_keys.get(request.text("usageplanId"), {})
    if request.text("keyId") not in keys:
        raise Refused("NotFoundException", "Invalid API Key identifier specified", 404)


@after("apigateway:DeleteApiKey")
def key_leaves_its_plans(request: Request, given: Answer, world: World) -> None:
    for keys in world.backend(request, "apigateway").usage_plan_keys.values():
        keys.pop(request.text("api_Key"), None)


Stage.apply_operations = apply_operations
UsagePlan.apply_patch_operations = apply_patch_operations
