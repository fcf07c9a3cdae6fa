"""Stages of HTTP and WebSocket APIs: what visitors reach."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.http_apis import DEFAULT_STAGE, ApiStage, Throttle
from blueprints.part import filled
from tasks.api.deploying import clear_away, contents, deploy, unshown
from tasks.api.http_state import content, wanted_state
from tasks.api.listing import GONE, HTTP, http_apis, stages
from tasks.api.tagging import TaggedByPath
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, State, Unordered
from tasks.scope import Scope

LOG_FORMATS = {
    "HTTP": '{"id":"$context.requestId","at":"$context.requestTime","ip":"$context.identity.sourceIp",'
    '"route":"$context.routeKey","path":"$context.path","status":"$context.status",'
    '"bytes":"$context.responseLength","ms":"$context.responseLatency","error":"$context.integrationErrorMessage"}',
    "WEBSOCKET": '{"id":"$context.requestId","at":"$context.requestTime","ip":"$context.identity.sourceIp",'
    '"route":"$context.routeKey","event":"$context.eventType","connection":"$context.connectionId",'
    '"status":"$context.status","error":"$context.integrationErrorMessage"}',
}
"""A line of JSON a request. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html"""


class ThrottleState(State):
    """Requests a second, and at once. AWS tells none where the account's own limits hold."""

    rate: float | None
    burst: int | None


class ApiStageState(State):
    """`serves` stands for the API as it was deployed; empty where somebody deployed it by hand.

    `stale` are Castra's deployments that no stage shows any more, which a run that died has left.
    https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html
    """

    api: Fixed[str]
    stage: Fixed[str]
    serves: str
    auto_deploy: bool = False
    throttle: ThrottleState
    routes: dict[str, ThrottleState]
    access_logs: str
    format: str
    variables: dict[str, str]
    stale: Unordered[str] = ()


class ApiStageKind(TaggedByPath[ApiStage, ApiStageState]):
    """Stages of HTTP and WebSocket APIs: what visitors reach."""

    name = "api-stage"
    goes_with = ("http-api",)
    actions = (
        "apigateway:DELETE",
        "apigateway:GET",
        "apigateway:PATCH",
        "apigateway:POST",
        "logs:CreateLogDelivery",
        "logs:DeleteLogDelivery",
        "logs:DescribeResourcePolicies",
        "logs:GetLogDelivery",
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:UpdateLogDelivery",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ApiStageState]]:
        """Stages and deployments of the environment's APIs: two calls an API."""
        for api in http_apis(scope):
            id, all_of_it = api["ApiId"], list(stages(scope, api["ApiId"]))
            ours = [stage for stage in all_of_it if scope.owns(stage.get("Tags") or {})]
            deployed = contents(scope, id) if ours else {}
            stale = unshown(all_of_it, deployed)
            for stage in ours:
                if name := self.named_in(stage["Tags"]):
                    state, outputs = _told(id, stage, deployed, stale), {"url": _url(api, stage["StageName"])}
                    yield Found(self.name, name, f"{id}/{stage['StageName']}", state, stage["Tags"], outputs=outputs)

    def wanted(self, part: ApiStage, ids: Mapping[str, str]) -> ApiStageState:
        """See the base."""
        return ApiStageState(
            api=ids[part.api],
            stage=part.stage,
            serves=content(wanted_state(part.serves, ids)),
            throttle=_wanted_throttle(part.throttle),
            routes={key: _wanted_throttle(one) for key, one in part.routes.items()},
            access_logs=filled(part.access_logs or "", ids).removesuffix(":*"),
            format=LOG_FORMATS[part.serves.protocol] if part.access_logs else "",
            variables=part.variables,
        )

    def create(self, scope: Scope, name: str, wanted: ApiStageState) -> str:
        """The API is deployed first, so that the stage is whole from birth. AWS keeps one of a name in an API."""
        logs = {"AccessLogSettings": _logs(wanted)} if wanted.access_logs else {}
        scope.client(HTTP, once=True).create_stage(
            ApiId=wanted.api,
            StageName=wanted.stage,
            DeploymentId=deploy(scope, wanted.api, wanted.serves),
            DefaultRouteSettings=_settings(wanted.throttle),
            RouteSettings={key: _settings(one) for key, one in wanted.routes.items()},
            StageVariables=wanted.variables,
            Tags=self.birth_tags(scope, name, wanted),
            **logs,
        )
        return f"{wanted.api}/{wanted.stage}"

    def update(self, scope: Scope, id: str, wanted: ApiStageState, changed: frozenset[str]) -> None:
        """In one call, so that visitors never see a half of it; what is taken away goes after."""
        said: dict[str, Any] = {}
        if changed & {"serves", "auto_deploy"}:
            said |= {"DeploymentId": deploy(scope, wanted.api, wanted.serves), "AutoDeploy": False}
        if "throttle" in changed:
            said["DefaultRouteSettings"] = _settings(wanted.throttle)
        if "routes" in changed:
            said["RouteSettings"] = {key: _settings(one) for key, one in wanted.routes.items()}
        if changed & {"access_logs", "format"} and wanted.access_logs:
            said["AccessLogSettings"] = _logs(wanted)
        stage, aws = {"ApiId": wanted.api, "StageName": wanted.stage}, scope.client(HTTP)
        standing = aws.get_stage(**stage)
        if "variables" in changed:  # an empty one is taken away
            gone = dict.fromkeys(standing.get("StageVariables", {}), "")
            said["StageVariables"] = gone | wanted.variables
        if said:
            aws.update_stage(**stage, **said)
        if "access_logs" in changed and not wanted.access_logs:
            with gone_is_fine(GONE):
                aws.delete_access_log_settings(**stage)
        for key in sorted(standing.get("RouteSettings", {}).keys() - wanted.routes.keys()):
            with gone_is_fine(GONE):
                aws.delete_route_settings(**stage, RouteKey=key)
        if changed & {"serves", "auto_deploy", "stale"}:
            clear_away(scope, wanted.api, keep=wanted.serves)

    def delete(self, scope: Scope, id: str) -> None:
        """Its deployments go with it, unless another stage shows them."""
        api, _, stage = id.partition("/")
        with gone_is_fine(GONE):
            scope.client(HTTP).delete_stage(ApiId=api, StageName=stage)
        clear_away(scope, api)

    def _path(self, id: str) -> str:
        return f"/apis/{id.replace('/', '/stages/', 1)}"


# ---------------------------------------------------------------------- AWS's words and ours


def _told(api: str, stage: Mapping[str, Any], deployed: Mapping[str, str], stale: tuple[str, ...]) -> ApiStageState:
    logs = stage.get("AccessLogSettings") or {}
    return ApiStageState(
        api=api,
        stage=stage["StageName"],
        serves=deployed.get(stage.get("DeploymentId", ""), ""),
        auto_deploy=bool(stage.get("AutoDeploy")),
        throttle=_told_throttle(stage.get("DefaultRouteSettings") or {}),
        routes={key: _told_throttle(one) for key, one in (stage.get("RouteSettings") or {}).items()},
        access_logs=logs.get("DestinationArn", "").removesuffix(":*"),
        format=logs.get("Format", ""),
        variables=stage.get("StageVariables") or {},
        stale=stale,
    )


def _wanted_throttle(one: Throttle) -> ThrottleState:
    return ThrottleState(rate=one.rate, burst=one.burst)


def _told_throttle(settings: Mapping[str, Any]) -> ThrottleState:
    return ThrottleState(rate=settings.get("ThrottlingRateLimit"), burst=settings.get("ThrottlingBurstLimit"))


def _settings(one: ThrottleState) -> dict[str, Any]:
    return {"ThrottlingRateLimit": one.rate, "ThrottlingBurstLimit": one.burst}


def _logs(wanted: ApiStageState) -> dict[str, str]:
    return {"DestinationArn": wanted.access_logs, "Format": wanted.format}


def _url(api: Mapping[str, Any], stage: str) -> str:
    return str(api["ApiEndpoint"]) if stage == DEFAULT_STAGE else f"{api['ApiEndpoint']}/{stage}"
