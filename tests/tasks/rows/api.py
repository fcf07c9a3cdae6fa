"""Rows of the kinds in tasks/api."""

from typing import Any

from blueprints.http_apis import ApiStage, Cors, HttpApi, HttpRoute, JwtAuthorizer, LambdaAuthorizer, Throttle
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
)
