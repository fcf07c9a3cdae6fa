"""Domains of API Gateway: where they lead, what is changed of them, and what holds an API."""

from typing import Any

from moto.apigatewayv2.models import ApiMapping, DomainName

from tests.physics.answers import Answer, Refused
from tests.physics.gaps.http_apis import answer, fresh
from tests.physics.hooks import before, instead
from tests.physics.protocol import Request
from tests.physics.world import World

TO_JSON = DomainName.to_json


def backend(request: Request, world: World) -> Any:
    return world.backend(request, "apigatewayv2")


def domain_of(request: Request, world: World) -> Any:
    domain = backend(request, world).domain_names.get(request.text("domainName"))
    if domain is None:
        raise Refused("NotFoundException", "Invalid domain name identifier specified", 404)
    return domain


def to_json(domain: Any) -> dict[str, Any]:
    """With AWS's own name of it, and its zone."""
    region = domain.domain_name_arn.split(":")[3]
    own = domain.__dict__.setdefault("own", f"d-{fresh()}.execute-api.{region}.amazonaws.com")
    more = {"apiGatewayDomainName": own, "hostedZoneId": "Z0EXAMPLE", "domainNameStatus": "AVAILABLE"}
    told: dict[str, Any] = TO_JSON(domain)
    return told | {"domainNameConfigurations": [each | more for each in domain.domain_name_configurations]}


@instead("apigatewayv2:UpdateDomainName")
def update_domain_name(request: Request, world: World) -> Answer:
    domain = domain_of(request, world)
    domain.domain_name_configurations = request.params["domainNameConfigurations"]
    return answer(domain.to_json())


@before("apigatewayv2:DeleteDomainName")
def domain_stands(request: Request, world: World) -> None:
    """Moto breaks at one that has mappings, which go along."""
    domain, mappings = domain_of(request, world), backend(request, world).api_mappings
    for id in [id for id, each in mappings.items() if each.domain_name == domain.domain_name]:
        del mappings[id]


@instead("apigatewayv2:CreateApiMapping")
def create_api_mapping(request: Request, world: World) -> Answer:
    """Of REST APIs too, and to a stage that stands."""
    domain, key = domain_of(request, world), request.text("apiMappingKey")
    stage_stands(request, world)
    mappings = backend(request, world).api_mappings
    if any((each.domain_name, each.api_mapping_key) == (domain.domain_name, key) for each in mappings.values()):
        raise Refused("ConflictException", "ApiMapping key already exists for this domain name", 409)
    made = ApiMapping(request.text("apiId"), key, fresh(), domain.domain_name, request.text("stage"))
    mappings[made.api_mapping_id] = made
    return answer(made.to_json(), 201)


@instead("apigatewayv2:UpdateApiMapping")
def update_api_mapping(request: Request, world: World) -> Answer:
    found = backend(request, world).api_mappings.get(request.text("apiMappingId"))
    if found is None:
        raise Refused("NotFoundException", "Invalid ApiMapping identifier specified", 404)
    stage_stands(request, world)
    found.api_id, found.stage = request.text("apiId"), request.text("stage")
    return answer(found.to_json())


def stage_stands(request: Request, world: World) -> None:
    api, stage = request.text("apiId"), request.text("stage")
    apis = backend(request, world).apis | world.backend(request, "apigateway").apis
    if api not in apis or stage not in apis[api].stages:
        raise Refused("BadRequestException", "Invalid stage identifier specified")


@before("apigatewayv2:DeleteApiMapping")
def mapping_stands(request: Request, world: World) -> None:
    if request.text("apiMappingId") not in backend(request, world).api_mappings:
        raise Refused("NotFoundException", "Invalid ApiMapping identifier specified", 404)


@before("apigatewayv2:DeleteApi", "apigatewayv2:DeleteStage", "apigateway:DeleteRestApi", "apigateway:DeleteStage")
def nothing_leads_there(request: Request, world: World) -> None:
    api = request.text("apiId") or request.text("restapi_id")
    stage = request.text("stageName") or request.text("stage_name")
    for each in backend(request, world).api_mappings.values():
        if each.api_id == api and stage in ("", each.stage):
            raise Refused("BadRequestException", f"The API {api} has mappings of {each.domain_name}: remove them first")


DomainName.to_json = to_json
