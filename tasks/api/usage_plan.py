"""Usage plans: how much the keys that are on one may use of a REST API."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.usage import UsagePlan
from tasks.api.rest_listing import GONE, REST
from tasks.api.rest_tagging import TaggedAsRest
from tasks.errors import gone_is_fine
from tasks.kind import Found, State, Unordered
from tasks.scope import Scope


class UsagePlanState(State):
    """`stages` are `api/stage`; `quota` is `limit per period`, empty where there's none.

    https://docs.aws.amazon.com/apigateway/latest/api/API_UsagePlan.html
    """

    description: str
    stages: Unordered[str]
    rate: float | None
    burst: int | None
    quota: str
    api_keys: Unordered[str]


class UsagePlanKind(TaggedAsRest[UsagePlan, UsagePlanState]):
    """Usage plans: how much the keys that are on one may use of a REST API."""

    name = "usage-plan"
    whole_at_birth = False
    actions = (
        "apigateway:DELETE",
        "apigateway:GET",
        "apigateway:PATCH",
        "apigateway:POST",
        "apigateway:PUT",
    )

    def owned(self, scope: Scope) -> Iterator[Found[UsagePlanState]]:
        """GetUsagePlans tells tags; a call a plan of ours for its keys."""
        for plan in scope.pages(REST, "get_usage_plans", "items"):
            tags = plan.get("tags") or {}
            if scope.owns(tags) and (name := self.named_in(tags)):
                state = _told(plan, tuple(one["id"] for one in _keys(scope, plan["id"])))
                yield Found(self.name, name, plan["id"], state, tags)

    def wanted(self, part: UsagePlan, ids: Mapping[str, str]) -> UsagePlanState:
        """See the base."""
        return UsagePlanState(
            description=part.description,
            stages=(ids[part.stage],),
            rate=part.throttle.rate if part.throttle else None,
            burst=part.throttle.burst if part.throttle else None,
            quota=f"{part.quota.limit} per {part.quota.per}" if part.quota else "",
            api_keys=tuple(ids[key] for key in part.api_keys),
        )

    def create(self, scope: Scope, name: str, wanted: UsagePlanState) -> str:
        """CreateUsagePlan has no ClientToken, and names aren't unique: sent once. Its keys are put on it after."""
        plan = scope.client(REST, once=True).create_usage_plan(
            name=scope.name(name),
            description=wanted.description,
            apiStages=[dict(zip(("apiId", "stage"), stage.split("/"), strict=True)) for stage in wanted.stages],
            tags=self.birth_tags(scope, name, wanted),
        )
        limits = {field for field in ("rate", "burst", "quota") if getattr(wanted, field)}
        self.update(scope, plan["id"], wanted, frozenset({*limits, "api_keys"}))
        return str(plan["id"])

    def update(self, scope: Scope, id: str, wanted: UsagePlanState, changed: frozenset[str]) -> None:
        """The plan in one call, and a call for each key that comes or goes. Those that come are first."""
        standing = scope.client(REST).get_usage_plan(usagePlanId=id)
        if patch := list(_patch(wanted, standing, changed)):
            scope.client(REST).update_usage_plan(usagePlanId=id, patchOperations=patch)
        if "api_keys" in changed:
            there = {one["id"] for one in _keys(scope, id)}
            for key in sorted(set(wanted.api_keys) - there):
                _take_off_others(scope, id, key, wanted.stages)
                scope.client(REST).create_usage_plan_key(usagePlanId=id, keyId=key, keyType="API_KEY")
            for key in sorted(there - set(wanted.api_keys)):
                with gone_is_fine(GONE):
                    scope.client(REST).delete_usage_plan_key(usagePlanId=id, keyId=key)

    def delete(self, scope: Scope, id: str) -> None:
        """AWS deletes none that has a stage."""
        with gone_is_fine(GONE):
            standing = scope.client(REST).get_usage_plan(usagePlanId=id)
            if patch := [_stage("remove", one) for one in _stages(standing)]:
                scope.client(REST).update_usage_plan(usagePlanId=id, patchOperations=patch)
            scope.client(REST).delete_usage_plan(usagePlanId=id)

    def _path(self, id: str) -> str:
        return f"/usageplans/{id}"


# ---------------------------------------------------------------------- AWS's words and ours


def _keys(scope: Scope, plan: str) -> Iterator[dict[str, Any]]:
    """Those on a plan; none if it went since it was listed."""
    with gone_is_fine(GONE):
        yield from scope.pages(REST, "get_usage_plan_keys", "items", usagePlanId=plan)


def _take_off_others(scope: Scope, plan: str, key: str, stages: tuple[str, ...]) -> None:
    """AWS has a key on one plan of a stage only: one that moves leaves the environment's other plans of it first."""
    for other in scope.pages(REST, "get_usage_plans", "items", keyId=key):
        ours = other["id"] != plan and scope.owns(other.get("tags") or {})
        if ours and set(_stages(other)) & set(stages):
            with gone_is_fine(GONE):
                scope.client(REST).delete_usage_plan_key(usagePlanId=other["id"], keyId=key)


def _told(plan: Mapping[str, Any], keys: tuple[str, ...]) -> UsagePlanState:
    throttle, quota = plan.get("throttle") or {}, plan.get("quota") or {}
    return UsagePlanState(
        description=plan.get("description") or "",
        stages=_stages(plan),
        rate=throttle.get("rateLimit"),
        burst=throttle.get("burstLimit"),
        quota=f"{quota['limit']} per {quota['period'].lower()}" if quota else "",
        api_keys=keys,
    )


def _stages(plan: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(f"{one['apiId']}/{one['stage']}" for one in plan.get("apiStages") or ())


def _stage(op: str, stage: str) -> dict[str, str]:
    return {"op": op, "path": "/apiStages", "value": stage.replace("/", ":", 1)}


def _replace(path: str, value: Any) -> dict[str, str]:
    return {"op": "replace", "path": path, "value": str(value)}


def _patch(wanted: UsagePlanState, standing: Mapping[str, Any], changed: frozenset[str]) -> Iterator[dict[str, str]]:
    """https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html"""
    if "description" in changed:
        yield _replace("/description", wanted.description)
    if "stages" in changed:
        there = set(_stages(standing))
        yield from (_stage("add", one) for one in wanted.stages if one not in there)
        yield from (_stage("remove", one) for one in sorted(there - set(wanted.stages)))
    if changed & {"rate", "burst"}:
        if wanted.rate is not None:
            yield _replace("/throttle/rateLimit", wanted.rate)
            yield _replace("/throttle/burstLimit", wanted.burst)
        elif standing.get("throttle"):
            yield {"op": "remove", "path": "/throttle"}
    if "quota" in changed and wanted.quota:
        limit, _, period = wanted.quota.partition(" per ")
        yield _replace("/quota/limit", limit)
        yield _replace("/quota/period", period.upper())
    elif "quota" in changed and standing.get("quota"):
        yield {"op": "remove", "path": "/quota"}
