"""What plain clients see of API Gateway v2 where moto alone would be wrong."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.physics import Physics


@pytest.fixture
def gateway(aws: Physics) -> Any:
    return aws.client("apigatewayv2")


@pytest.fixture
def api(gateway: Any) -> str:
    """With one route."""
    id = str(gateway.create_api(Name="x", ProtocolType="HTTP")["ApiId"])
    made = gateway.create_integration(ApiId=id, IntegrationType="HTTP_PROXY", IntegrationUri="https://example.com")
    gateway.create_route(ApiId=id, RouteKey="GET /", Target=f"integrations/{made['IntegrationId']}")
    return id


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


def test_a_deployment_is_made_once_a_call_and_held_by_the_stage_that_shows_it(gateway: Any, api: str) -> None:
    one, other = (gateway.create_deployment(ApiId=api, Description=text)["DeploymentId"] for text in "ab")
    gateway.create_stage(ApiId=api, StageName="$default", DeploymentId=one)
    assert refused(gateway.delete_deployment, ApiId=api, DeploymentId=one) == "BadRequestException"
    gateway.update_stage(ApiId=api, StageName="$default", DeploymentId=other)
    gateway.delete_deployment(ApiId=api, DeploymentId=one)
    (left,) = gateway.get_deployments(ApiId=api)["Items"]
    assert (left["DeploymentId"], left["Description"], left["DeploymentStatus"]) == (other, "b", "DEPLOYED")
    assert refused(gateway.get_deployment, ApiId=api, DeploymentId=one) == "NotFoundException"


def test_an_api_without_routes_cant_be_deployed(gateway: Any) -> None:
    id = gateway.create_api(Name="empty", ProtocolType="HTTP")["ApiId"]
    assert refused(gateway.create_deployment, ApiId=id) == "BadRequestException"


def test_a_stage_merges_what_it_is_given_and_knows_its_routes(gateway: Any, api: str) -> None:
    limits = {"ThrottlingRateLimit": 1.0, "ThrottlingBurstLimit": 1}
    stage = {"ApiId": api, "StageName": "$default"}
    gateway.create_stage(**stage, RouteSettings={"GET /": limits}, StageVariables={"a": "1", "b": "2"})
    assert refused(gateway.create_stage, **stage) == "ConflictException"
    assert refused(gateway.update_stage, **stage, RouteSettings={"GET /no": limits}) == "NotFoundException"
    gateway.update_stage(**stage, StageVariables={"a": "", "c": "3"})
    gateway.delete_route_settings(**stage, RouteKey="GET /")
    told = gateway.get_stage(**stage)
    assert (told["StageVariables"], told["RouteSettings"]) == ({"b": "2", "c": "3"}, {})


def test_a_stage_takes_tags_by_its_arn(gateway: Any, api: str) -> None:
    gateway.create_stage(ApiId=api, StageName="$default", Tags={"a": "1"})
    arn = f"arn:aws:apigateway:us-east-1::/apis/{api}/stages/$default"
    gateway.tag_resource(ResourceArn=arn, Tags={"b": "2"})
    gateway.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert gateway.get_stages(ApiId=api)["Items"][0]["Tags"] == {"b": "2"}


def test_what_a_route_uses_stays_and_a_key_is_taken_once(gateway: Any, api: str) -> None:
    (route,) = gateway.get_routes(ApiId=api)["Items"]
    target = route["Target"]
    assert refused(gateway.create_route, ApiId=api, RouteKey="GET /", Target=target) == "ConflictException"
    integration = target.removeprefix("integrations/")
    assert refused(gateway.delete_integration, ApiId=api, IntegrationId=integration) == "ConflictException"
    jwt = {"Issuer": "https://example.com", "Audience": ["a"]}
    made = gateway.create_authorizer(
        ApiId=api, Name="a", AuthorizerType="JWT", IdentitySource=["x"], JwtConfiguration=jwt
    )
    id = made["AuthorizerId"]
    gateway.update_route(
        ApiId=api, RouteId=route["RouteId"], AuthorizationType="JWT", AuthorizerId=id, AuthorizationScopes=["s"]
    )
    assert refused(gateway.delete_authorizer, ApiId=api, AuthorizerId=id) == "ConflictException"
    gateway.update_route(ApiId=api, RouteId=route["RouteId"], AuthorizationType="NONE", AuthorizationScopes=[])
    assert gateway.get_routes(ApiId=api)["Items"][0]["AuthorizationScopes"] == []
    gateway.delete_authorizer(ApiId=api, AuthorizerId=id)
    assert gateway.get_authorizers(ApiId=api)["Items"] == []


def test_a_domain_leads_to_stages_that_stand_and_holds_them(gateway: Any, api: str) -> None:
    config = [{"CertificateArn": "arn:aws:acm:us-east-1:1:certificate/a", "EndpointType": "REGIONAL"}]
    made = gateway.create_domain_name(DomainName="a.example.com", DomainNameConfigurations=config, Tags={"a": "1"})
    assert made["DomainNameConfigurations"][0]["ApiGatewayDomainName"].startswith("d-")
    to = {"DomainName": "a.example.com", "ApiId": api, "Stage": "$default"}
    assert refused(gateway.create_api_mapping, **to) == "BadRequestException"
    gateway.create_stage(ApiId=api, StageName="$default")
    gateway.create_api_mapping(**to)
    assert refused(gateway.create_api_mapping, **to) == "ConflictException"
    assert refused(gateway.delete_api, ApiId=api) == "BadRequestException"
    gateway.tag_resource(ResourceArn="arn:aws:apigateway:us-east-1::/domainnames/a.example.com", Tags={"b": "2"})
    assert gateway.get_domain_names()["Items"][0]["Tags"] == {"a": "1", "b": "2"}
    gateway.delete_domain_name(DomainName="a.example.com")
    gateway.delete_api(ApiId=api)
