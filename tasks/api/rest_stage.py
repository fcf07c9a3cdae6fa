"""Stages of REST APIs: what visitors reach."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.part import filled
from blueprints.rest_apis import RestStage
from tasks.api.api_stage import LOG_FORMATS, ThrottleState
from tasks.api.rest_deploying import clear_away, contents, deploy, unshown
from tasks.api.rest_listing import GONE, REST, rest_apis, stages
from tasks.api.rest_settings import EVERY, SettingState, told_settings, wanted_settings, written
from tasks.api.rest_state import content, wanted_state
from tasks.api.rest_tagging import TaggedAsRest
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Phase, State, Unordered
from tasks.scope import Scope
from tasks.waiting import wait_until

AT_ONCE = 80  # operations that an UpdateStage takes
PHASES: dict[str, Phase] = {"CREATE_IN_PROGRESS": "pending", "FLUSH_IN_PROGRESS": "pending"}
LOG_FORMAT = (
    LOG_FORMATS["HTTP"]
    .replace("$context.routeKey", "$context.httpMethod $context.resourcePath")
    .replace("$context.integrationErrorMessage", "$context.error.message")
)
"""https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html"""


class RestStageState(State):
    """`serves` stands for the API as it was deployed; empty where somebody deployed it by hand.

    `settings` are by method (`GET /things`), `*` for all; `cache_size` is in GB, empty where there's no cache; `stale`
    are Castra's deployments that no stage shows any more, which a run that died has left.
    https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html
    """

    api: Fixed[str]
    stage: Fixed[str]
    serves: str
    settings: dict[str, SettingState]
    cache_size: str
    access_logs: str
    format: str
    variables: dict[str, str]
    stale: Unordered[str] = ()


class RestStageKind(TaggedAsRest[RestStage, RestStageState]):
    """Stages of REST APIs: what visitors reach."""

    name = "rest-stage"
    whole_at_birth = False
    goes_with = ("rest-api",)
    actions = (
        "apigateway:DELETE",
        "apigateway:GET",
        "apigateway:PATCH",
        "apigateway:POST",
        "apigateway:PUT",
    )

    def owned(self, scope: Scope) -> Iterator[Found[RestStageState]]:
        """Stages and deployments of the environment's APIs: two calls an API."""
        for api in rest_apis(scope):
            id, all_of_it = api["id"], stages(scope, api["id"])
            ours = [stage for stage in all_of_it if scope.owns(stage.get("tags") or {})]
            deployed = contents(scope, id) if ours else {}
            stale = unshown(all_of_it, deployed)
            for stage in ours:
                if name := self.named_in(stage["tags"]):
                    state, outputs = _told(id, stage, deployed, stale), {"url": _url(scope, id, stage["stageName"])}
                    phase = PHASES.get(stage.get("cacheClusterStatus") or "", "standing")
                    where = f"{id}/{stage['stageName']}"
                    yield Found(self.name, name, where, state, stage["tags"], phase, outputs=outputs)

    def wanted(self, part: RestStage, ids: Mapping[str, str]) -> RestStageState:
        """See the base."""
        return RestStageState(
            api=ids[part.api],
            stage=part.stage,
            serves=content(wanted_state(part.serves, ids)),
            settings=wanted_settings(part),
            cache_size=part.cache_size or "",
            access_logs=filled(part.access_logs or "", ids).removesuffix(":*"),
            format=LOG_FORMAT if part.access_logs else "",
            variables=part.variables,
        )

    def create(self, scope: Scope, name: str, wanted: RestStageState) -> str:
        """The API is deployed first. AWS keeps one of a name in an API; throttles and logs need a second call."""
        cache = {"cacheClusterEnabled": True, "cacheClusterSize": wanted.cache_size} if wanted.cache_size else {}
        scope.client(REST, once=True).create_stage(
            restApiId=wanted.api,
            stageName=wanted.stage,
            deploymentId=deploy(scope, wanted.api, wanted.serves),
            variables=wanted.variables,
            tags=self.birth_tags(scope, name, wanted),
            **cache,
        )
        id = f"{wanted.api}/{wanted.stage}"
        self.update(scope, id, wanted, frozenset({"settings", "access_logs"}))
        return id

    def ready(self, scope: Scope, id: str) -> None:
        """A cache takes some minutes."""
        api, _, stage = id.partition("/")
        wait_until(scope, lambda: _cached(scope, api, stage), f"the cache of {id}", 1200)

    def update(self, scope: Scope, id: str, wanted: RestStageState, changed: frozenset[str]) -> None:
        """In one call, if there isn't very much, so that visitors never see a half of it; the API itself always."""
        stage = {"restApiId": wanted.api, "stageName": wanted.stage}
        standing = scope.client(REST).get_stage(**stage)
        patch: list[dict[str, str]] = []
        if "serves" in changed:
            patch += [_replace("/deploymentId", deploy(scope, wanted.api, wanted.serves))]
        if "cache_size" in changed:
            patch += _cache(wanted.cache_size)
        if "settings" in changed:
            patch += written(told_settings(standing), wanted.settings)
        if changed & {"access_logs", "format"}:
            patch += _logs(wanted, standing)
        if "variables" in changed:
            gone = sorted((standing.get("variables") or {}).keys() - wanted.variables.keys())
            patch += [{"op": "remove", "path": f"/variables/{name}"} for name in gone]
            patch += [_replace(f"/variables/{name}", value) for name, value in wanted.variables.items()]
        for start in range(0, len(patch), AT_ONCE):
            scope.client(REST).update_stage(**stage, patchOperations=patch[start : start + AT_ONCE])
        if changed & {"serves", "stale"}:
            clear_away(scope, wanted.api, keep=wanted.serves)

    def delete(self, scope: Scope, id: str) -> None:
        """Its deployments go with it, unless another stage shows them."""
        api, _, stage = id.partition("/")
        with gone_is_fine(GONE):
            scope.client(REST).delete_stage(restApiId=api, stageName=stage)
        clear_away(scope, api)

    def _path(self, id: str) -> str:
        return f"/restapis/{id.replace('/', '/stages/', 1)}"


# ---------------------------------------------------------------------- AWS's words and ours


def _told(api: str, stage: Mapping[str, Any], deployed: Mapping[str, str], stale: tuple[str, ...]) -> RestStageState:
    logs = stage.get("accessLogSettings") or {}
    return RestStageState(
        api=api,
        stage=stage["stageName"],
        serves=deployed.get(stage.get("deploymentId") or "", ""),
        settings=told_settings(stage) or {EVERY: SettingState(throttle=ThrottleState(rate=None, burst=None))},
        cache_size=stage.get("cacheClusterSize", "") if stage.get("cacheClusterEnabled") else "",
        access_logs=logs.get("destinationArn", "").removesuffix(":*"),
        format=logs.get("format", ""),
        variables=stage.get("variables") or {},
        stale=stale,
    )


def _replace(path: str, value: str) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": value}


def _cache(size: str) -> list[dict[str, str]]:
    enabled = _replace("/cacheClusterEnabled", "true" if size else "false")
    return [enabled, _replace("/cacheClusterSize", size)] if size else [enabled]


def _logs(wanted: RestStageState, standing: Mapping[str, Any]) -> list[dict[str, str]]:
    if wanted.access_logs:
        place = _replace("/accessLogSettings/destinationArn", wanted.access_logs)
        return [place, _replace("/accessLogSettings/format", wanted.format)]
    return [{"op": "remove", "path": "/accessLogSettings"}] if standing.get("accessLogSettings") else []


def _cached(scope: Scope, api: str, stage: str) -> bool:
    told = scope.client(REST).get_stage(restApiId=api, stageName=stage)
    return (told.get("cacheClusterStatus") or "") not in PHASES


def _url(scope: Scope, api: str, stage: str) -> str:
    domain = "amazonaws.com.cn" if scope.region.startswith("cn-") else "amazonaws.com"
    return f"https://{api}.execute-api.{scope.region}.{domain}/{stage}"
