"""Rows of the kinds in tasks/api."""

from typing import Any

import boto3

from blueprints.api_domains import ApiDomain
from blueprints.http_apis import ApiStage, Cors, HttpApi, HttpRoute, JwtAuthorizer, LambdaAuthorizer, Throttle
from blueprints.rest_apis import Answer, Caching, Guard, Method, RestApi, RestStage
from blueprints.usage import ApiKey, Quota, UsagePlan
from tasks.scope import ENVIRONMENT, PART, Scope
from tests.tasks.rows.row import Row

FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:things"
LOGS = "arn:aws:logs:eu-west-1:123456789012:log-group:apis"
THINGS = HttpRoute(key="GET /things", to=FUNCTION, timeout=30_000)
PASSED_ON = HttpRoute(key="ANY /old/{rest+}", to="https://old.example.com/{rest}", timeout=5_000)
PEOPLE = JwtAuthorizer(
    name="people",
    issuer="https://login.example.com",
    audience=("shop",),
    identity=("$request.header.Authorization",),
)
DOOR = LambdaAuthorizer(name="door", function=FUNCTION, identity=("$request.header.x-key",), cache=60)
API = HttpApi(
    name="shop",
    cors=Cors(origins=("https://example.com",), headers=("X-Me",)),
    authorizers=(PEOPLE,),
    routes=(
        THINGS,
        PASSED_ON,
        HttpRoute(key="POST /things", to=FUNCTION, timeout=30_000, authorizer="people", scopes=("write",)),
    ),
)
CHANGED_API = HttpApi(
    name="shop",
    description="all of it",
    default_endpoint=False,
    authorizers=(PEOPLE.model_copy(update={"audience": ("shop", "office")}), DOOR),
    routes=(
        THINGS.model_copy(update={"authorizer": "door"}),
        HttpRoute(key="POST /things", to=FUNCTION, timeout=9_000),
        HttpRoute(key="$default", to="https://example.com", timeout=30_000, authorizer="iam"),
    ),
)
MOVED_API = HttpApi(
    name="shop",
    protocol="WEBSOCKET",
    selection="$request.body.action",
    routes=(HttpRoute(key="$connect", to=FUNCTION, timeout=29_000),),
)
STAGE = ApiStage(
    name="shop",
    api="http-api/shop",
    serves=API,
    throttle=Throttle(rate=100, burst=50),
    routes={"GET /things": Throttle(rate=10, burst=5)},
    access_logs=f"{LOGS}:*",
    variables={"colour": "blue", "size": "l"},
)
CHANGED_STAGE = STAGE.model_copy(
    update={
        "throttle": Throttle(rate=7.5, burst=7),
        "routes": {"POST /things": Throttle(rate=1, burst=1)},
        "access_logs": None,
        "variables": {"colour": "red"},
    }
)

ORDER = {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}}
ORDERS = {"type": "array", "items": {"$ref": "#/Order"}}
NOT_FOUND = Answer(
    status=404, pattern=".*not found.*", templates={"application/json": '{"message": "no"}'}, model="Order"
)
REST = RestApi(
    name="orders",
    binary=("image/png",),
    authorizers=(
        Guard(
            name="staff", type="TOKEN", function=FUNCTION, identity=("method.request.header.Authorization",), cache=60
        ),
    ),
    models={"Order": ORDER, "Orders": ORDERS},
    methods=(
        Method(key="GET /orders/{id}", to=FUNCTION, api_key=True),
        Method(key="ANY /old/{rest+}", to="https://old.example.com/{rest}", authorizer="iam"),
        Method(
            key="POST /orders",
            to=FUNCTION,
            custom=True,
            templates={"application/json": '{"id": "$input.params(\'id\')"}'},
            sends={"integration.request.header.X-Who": "context.identity.sourceIp"},
            answers=(NOT_FOUND, Answer(status=200, headers={"X-Kind": "'order'"}, model="Orders")),
            parameters={"method.request.querystring.page": True},
            body="Order",
            validates="all",
            authorizer="staff",
            cache_keys=("method.request.querystring.page",),
        ),
    ),
    errors={"DEFAULT_4XX": {"Access-Control-Allow-Origin": "'*'"}},
)
PEOPLE_OF_A_POOL = Guard(
    name="people",
    type="COGNITO_USER_POOLS",
    pools=("arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_a",),
    identity=("method.request.header.Authorization",),
)
CHANGED_REST = RestApi(
    name="orders",
    description="all of them",
    default_endpoint=False,
    authorizers=(
        PEOPLE_OF_A_POOL,
        Guard(name="staff", type="REQUEST", function=FUNCTION, identity=("method.request.header.X-A", "context.path")),
    ),
    models={"Order": ORDER | {"required": []}},
    methods=(
        Method(key="GET /orders/{id}", to=FUNCTION, authorizer="people", scopes=("read",), timeout=5_000),
        Method(key="PUT /orders", to="https://old.example.com", custom=True, answers=(Answer(status=200),)),
        Method(key="GET /", to="mock", custom=True, answers=(Answer(status=204),), authorizer="staff"),
    ),
)
REST_STAGE = RestStage(
    name="orders",
    api="rest-api/orders",
    serves=REST,
    throttle=Throttle(rate=100, burst=50),
    routes={"GET /orders/{id}": Throttle(rate=10, burst=5)},
    cache_size="0.5",
    cached={"POST /orders": Caching(ttl=60)},
    access_logs=f"{LOGS}:*",
    variables={"colour": "blue", "size": "l"},
)
CHANGED_REST_STAGE = REST_STAGE.model_copy(
    update={
        "throttle": Throttle(rate=7.5, burst=7),
        "routes": {"POST /orders": Throttle(rate=1, burst=1)},
        "cache_size": None,
        "cached": {},
        "access_logs": None,
        "variables": {"colour": "red"},
    }
)

KEYS = (ApiKey(name="partner", description="Of a partner"), ApiKey(name="mobile"))
PLAN = UsagePlan(
    name="gold",
    stage="rest-stage/orders",
    throttle=Throttle(rate=7.5, burst=5),
    quota=Quota(limit=1000, per="day"),
    api_keys=("api-key/partner",),
)
OTHER_PLAN = PLAN.model_copy(
    update={"description": "less", "throttle": None, "quota": None, "api_keys": ("api-key/mobile",)}
)

CERTIFICATES = tuple(
    f"arn:aws:acm:eu-west-1:123456789012:certificate/00000000-0000-4000-8000-00000000000{number}" for number in "12"
)
DOMAIN = ApiDomain(
    name="main",
    domain="api.example.com",
    certificate=CERTIFICATES[0],
    mappings={"": "api-stage/shop", "v1/orders": "rest-stage/orders"},
)
CHANGED_DOMAIN = DOMAIN.model_copy(
    update={
        "certificate": CERTIFICATES[1],
        "mappings": {"": "rest-stage/orders", "shop": "api-stage/shop"},
    }
)


def http(scope: Scope) -> Any:
    return scope.client("apigatewayv2")


def identity(scope: Scope, key: str) -> dict[str, str]:
    return {ENVIRONMENT: str(scope.environment), PART: key}


def change_a_route(scope: Scope, id: str) -> None:
    (route,) = (one for one in http(scope).get_routes(ApiId=id)["Items"] if one["RouteKey"] == "POST /things")
    http(scope).update_route(ApiId=id, RouteId=route["RouteId"], AuthorizationType="NONE")
    http(scope).create_route(ApiId=id, RouteKey="GET /debug", Target=route["Target"])


def second_api(scope: Scope, key: str) -> None:
    http(scope).create_api(Name="by hand", ProtocolType="HTTP", Tags=identity(scope, key))


def deploy_by_hand(scope: Scope, id: str) -> None:
    """A deployment that nobody knows, shown from now on, and after each change."""
    api, _, stage = id.partition("/")
    made = http(scope).create_deployment(ApiId=api)
    http(scope).update_stage(ApiId=api, StageName=stage, DeploymentId=made["DeploymentId"], AutoDeploy=True)


def delete_stage(scope: Scope, id: str) -> None:
    api, _, stage = id.partition("/")
    http(scope).delete_stage(ApiId=api, StageName=stage)


def second_stage(scope: Scope, key: str) -> None:
    (api,) = (one for one in http(scope).get_apis()["Items"] if scope.owns(one["Tags"]))
    http(scope).create_stage(ApiId=api["ApiId"], StageName="twin", Tags=identity(scope, key))


def rest(scope: Scope) -> Any:
    return scope.client("apigateway")


def change_a_method(scope: Scope, id: str) -> None:
    """Another integration behind a method, and no validation of it."""
    (one,) = (each for each in rest(scope).get_resources(restApiId=id)["items"] if each["path"] == "/orders")
    rest(scope).put_method(
        restApiId=id, resourceId=one["id"], httpMethod="POST", authorizationType="NONE", apiKeyRequired=False
    )
    rest(scope).put_integration(restApiId=id, resourceId=one["id"], httpMethod="POST", type="MOCK")


def second_rest_api(scope: Scope, key: str) -> None:
    rest(scope).create_rest_api(name="by hand", tags=identity(scope, key))


def deploy_rest_by_hand(scope: Scope, id: str) -> None:
    api, _, stage = id.partition("/")
    made = rest(scope).create_deployment(restApiId=api)
    patch = [
        {"op": "replace", "path": "/deploymentId", "value": made["id"]},
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "3"},
    ]
    rest(scope).update_stage(restApiId=api, stageName=stage, patchOperations=patch)


def delete_rest_stage(scope: Scope, id: str) -> None:
    api, _, stage = id.partition("/")
    rest(scope).delete_stage(restApiId=api, stageName=stage)


def second_rest_stage(scope: Scope, key: str) -> None:
    (api,) = (one for one in rest(scope).get_rest_apis()["items"] if scope.owns(one["tags"]))
    deployment = rest(scope).get_deployments(restApiId=api["id"])["items"][0]["id"]
    rest(scope).create_stage(restApiId=api["id"], stageName="twin", deploymentId=deployment, tags=identity(scope, key))


def turn_off(scope: Scope, id: str) -> None:
    rest(scope).update_api_key(apiKey=id, patchOperations=[{"op": "replace", "path": "/enabled", "value": "false"}])


def second_key(scope: Scope, key: str) -> None:
    rest(scope).create_api_key(name="by hand", tags=identity(scope, key))


def change_plan(scope: Scope, id: str) -> None:
    """Another quota, and its keys off it."""
    patch = [{"op": "replace", "path": "/quota/limit", "value": "7"}]
    rest(scope).update_usage_plan(usagePlanId=id, patchOperations=patch)
    for key in rest(scope).get_usage_plan_keys(usagePlanId=id)["items"]:
        rest(scope).delete_usage_plan_key(usagePlanId=id, keyId=key["id"])


def delete_plan(scope: Scope, id: str) -> None:
    stages = rest(scope).get_usage_plan(usagePlanId=id)["apiStages"]
    patch = [{"op": "remove", "path": "/apiStages", "value": f"{one['apiId']}:{one['stage']}"} for one in stages]
    rest(scope).update_usage_plan(usagePlanId=id, patchOperations=patch)
    rest(scope).delete_usage_plan(usagePlanId=id)


def second_plan(scope: Scope, key: str) -> None:
    rest(scope).create_usage_plan(name="by hand", tags=identity(scope, key))


def change_mappings(scope: Scope, id: str) -> None:
    """One goes, another comes."""
    (one, *_) = http(scope).get_api_mappings(DomainName=id)["Items"]
    http(scope).delete_api_mapping(DomainName=id, ApiMappingId=one["ApiMappingId"])
    http(scope).create_api_mapping(DomainName=id, ApiId=one["ApiId"], Stage=one["Stage"], ApiMappingKey="by-hand")


def free_domains() -> None:
    """A domain is there but once in a region, whichever environment has it."""
    gateway = boto3.client("apigatewayv2", "eu-west-1")
    for one in gateway.get_domain_names()["Items"]:
        gateway.delete_domain_name(DomainName=one["DomainName"])


def second_domain(scope: Scope, key: str) -> None:
    http(scope).create_domain_name(
        DomainName=f"{scope.environment}.example.org",
        DomainNameConfigurations=[{"CertificateArn": CERTIFICATES[0], "EndpointType": "REGIONAL"}],
        Tags=identity(scope, key),
    )


ROWS = (
    Row(
        part=API,
        changed=CHANGED_API,
        moved=MOVED_API,
        by_hand=change_a_route,
        vanish=lambda scope, id: http(scope).delete_api(ApiId=id),
        twin=second_api,
    ),
    Row(
        part=STAGE,
        needs=(API,),
        changed=CHANGED_STAGE,
        moved=STAGE.model_copy(update={"stage": "beta"}),
        by_hand=deploy_by_hand,
        vanish=delete_stage,
        twin=second_stage,
    ),
    Row(
        part=REST,
        changed=CHANGED_REST,
        by_hand=change_a_method,
        vanish=lambda scope, id: rest(scope).delete_rest_api(restApiId=id),
        twin=second_rest_api,
    ),
    Row(
        part=REST_STAGE,
        needs=(REST,),
        changed=CHANGED_REST_STAGE,
        moved=REST_STAGE.model_copy(update={"stage": "beta"}),
        by_hand=deploy_rest_by_hand,
        vanish=delete_rest_stage,
        twin=second_rest_stage,
    ),
    Row(
        part=KEYS[0],
        changed=ApiKey(name="partner", description="Of nobody", enabled=False),
        by_hand=turn_off,
        vanish=lambda scope, id: rest(scope).delete_api_key(apiKey=id),
        twin=second_key,
    ),
    Row(
        part=PLAN,
        needs=(REST, REST_STAGE, *KEYS),
        changed=OTHER_PLAN,
        by_hand=change_plan,
        vanish=delete_plan,
        twin=second_plan,
    ),
    Row(
        part=DOMAIN,
        needs=(API, STAGE, REST, REST_STAGE),
        changed=CHANGED_DOMAIN,
        moved=DOMAIN.model_copy(update={"domain": "other.example.com"}),
        by_hand=change_mappings,
        vanish=lambda scope, id: http(scope).delete_domain_name(DomainName=id),
        twin=second_domain,
        ground=free_domains,
    ),
)
