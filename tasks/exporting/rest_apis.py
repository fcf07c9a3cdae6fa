"""REST APIs in the section `apis`, with their keys and plans."""

import json
from collections import Counter
from collections.abc import Iterable
from typing import Any

from blueprints.apis import OPEN
from blueprints.http_apis import Cors
from blueprints.rest_cors import ALLOW
from blueprints.rest_routes import RestAuthorizer
from tasks.api.rest_settings import EVERY
from tasks.exporting.rest_routes import route, unquoted
from tasks.exporting.standing import Section, Standing, said
from tasks.kind import Found

FAULT = "DEFAULT_4XX"
KINDS = {"TOKEN": "token", "REQUEST": "request", "COGNITO_USER_POOLS": "cognito"}
USUAL = tuple(RestAuthorizer.model_fields["identity"].default)
ASKED = "OPTIONS "  # what browsers ask before, as a method


def rest_apis(standing: Standing) -> dict[str, Section]:
    """Each, by name."""
    return {name: _api(standing, name, one) for name, one in standing.of("rest-api").items()}


def deciding(by_route: Iterable[str]) -> str:
    """Who decides on most routes; nobody, where as many are open."""
    counts = Counter(by_route)
    return max(counts, key=lambda one: (counts[one], one == OPEN), default=OPEN)


def _api(standing: Standing, name: str, one: Found[Any]) -> Section:
    state, stage = one.state, standing.state("rest-stage", name)
    cors = _cors(state)
    methods = {key: method for key, method in state.methods.items() if method and not _follows(key, method, cors)}
    by = deciding(method.authorizer or method.authorization for method in methods.values())
    settings = dict(stage.settings) if stage else {}
    usual = settings.pop(EVERY, None)
    return said(
        kind="rest",
        description=state.description,
        default_endpoint=state.default_endpoint,
        binary=list(state.binary),
        authorizers={key: _authorizer(standing, guard) for key, guard in state.authorizers.items()},
        authorizer=by,
        models={model: json.loads(schema) for model, schema in state.models.items()},
        cors=cors.model_dump(mode="json") if cors else None,
        routes={key: route(standing, method, by, cors, usual, settings.get(key)) for key, method in methods.items()},
        throttle=usual.throttle.model_dump() if usual else None,
        **(_stage(standing, name, stage) if stage else {}),
        **_users(standing, name),
    )


def _stage(standing: Standing, name: str, stage: Any) -> Section:
    return said(
        stage=stage.stage,
        variables=stage.variables,
        cache_size=stage.cache_size or None,
        access_logs=standing.written_to(f"api-{name}", stage.access_logs),
    )


def _authorizer(standing: Standing, guard: Any) -> Section:
    return said(
        kind=KINDS[guard.type],
        function=standing.function(guard.function) if guard.function else None,
        pools=list(guard.pools),
        identity=None if guard.identity == USUAL else list(guard.identity),
        cache=guard.cache,
        pattern=guard.pattern,
    )


def _cors(state: Any) -> Cors | None:
    """From the headers of what API Gateway answers itself, and of a method that browsers ask before."""
    headers = state.errors.get(FAULT)
    if not headers:
        return None
    before = next((one for key, one in state.methods.items() if one and key.startswith(ASKED) and _mock(one)), None)
    more = before.answers["200"].headers if before else {}
    told = said(
        origins=unquoted(headers.get(f"{ALLOW}Origin")),
        expose=unquoted(headers.get("Access-Control-Expose-Headers")),
        credentials=f"{ALLOW}Credentials" in headers or None,
        methods=unquoted(more.get(f"{ALLOW}Methods")),
        headers=unquoted(more.get(f"{ALLOW}Headers")),
        max_age=next((int(one) for one in unquoted(more.get("Access-Control-Max-Age")) or () if one.isdigit()), None),
    )
    return Cors.model_construct(**told) if told.get("origins") else None


def _mock(method: Any) -> bool:
    return method.type == "MOCK" and "200" in method.answers


def _follows(key: str, method: Any, cors: Cors | None) -> bool:
    """Whether it's only there because pages of other origins may call."""
    allowed = f"{ALLOW}Methods"
    return bool(cors) and key.startswith(ASKED) and _mock(method) and allowed in method.answers["200"].headers


def _users(standing: Standing, name: str) -> Section:
    """Keys, without their values, and the plans that they are on."""
    stage, start = standing.ids.get(f"rest-stage/{name}"), f"{name}-"
    plans = {one.name: one.state for one in standing.of("usage-plan").values() if stage in one.state.stages}
    others = [f"{other}-" for other in standing.of("rest-api") if other.startswith(start)]
    keys = {
        key: one.state
        for key, one in standing.of("api-key").items()
        if key.startswith(start) and not any(key.startswith(other) for other in others)
    }
    return {
        "api_keys": {
            key.removeprefix(start): {"description": state.description, "enabled": state.enabled}
            for key, state in keys.items()
        },
        "plans": {plan.removeprefix(start): _plan(standing, start, state) for plan, state in plans.items()},
    }


def _plan(standing: Standing, start: str, state: Any) -> Section:
    limit, _, period = state.quota.partition(" per ")
    return said(
        description=state.description,
        throttle={"rate": state.rate, "burst": state.burst} if state.rate is not None else None,
        quota={"limit": int(limit), "per": period} if limit else None,
        members=[standing.name(key).removeprefix(start) for key in state.api_keys],
    )
