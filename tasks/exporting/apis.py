"""The sections `apis` and `api_domains`: HTTP and WebSocket APIs here, REST APIs in a file of their own."""

import re
from typing import Any

from blueprints.apis import LONGEST, OPEN, STAGES, Authorizer
from tasks.exporting.rest_apis import deciding, rest_apis
from tasks.exporting.standing import Section, Standing, said
from tasks.kind import Found

POOL = re.compile(r"^https://cognito-idp\.[a-z0-9-]+\.amazonaws\.com/([^/]+)$")
KINDS = {"HTTP": "http", "WEBSOCKET": "websocket"}


def apis(standing: Standing) -> dict[str, Section]:
    """Each, of any kind, by name."""
    told = {name: _api(standing, name, one) for name, one in standing.of("http-api").items()}
    return told | rest_apis(standing)


def api_domains(standing: Standing) -> dict[str, Section]:
    """Each, by name."""
    return {
        name: {
            "domain": one.state.domain,
            "certificate": one.state.certificate,
            "paths": {path: standing.name(stage) for path, stage in one.state.mappings.items()},
        }
        for name, one in standing.of("api-domain").items()
    }


def _api(standing: Standing, name: str, one: Found[Any]) -> Section:
    state, stage = one.state, standing.state("api-stage", name)
    kind = KINDS.get(state.protocol, state.protocol)
    by = _decides(state, kind)
    throttles = stage.routes if stage else {}
    return said(
        kind=kind,
        description=state.description,
        authorizers={_plain(key): _authorizer(standing, one, kind) for key, one in state.authorizers.items()},
        authorizer=by,
        selection=state.selection or None,
        cors=state.cors.model_dump(mode="json") if state.cors else None,
        default_endpoint=state.default_endpoint,
        routes={key: _route(standing, key, one, kind, by, throttles.get(key)) for key, one in state.routes.items()},
        **(_stage(standing, name, stage, kind) if stage else {}),
    )


def _stage(standing: Standing, name: str, stage: Any, kind: str) -> Section:
    return said(
        stage=None if stage.stage == STAGES.get(kind) else stage.stage,
        variables=stage.variables,
        throttle=stage.throttle.model_dump(),
        access_logs=standing.written_to(f"api-{name}", stage.access_logs),
    )


def _plain(authorizer: str) -> str:
    """In AWS, its name ends with its type."""
    return re.sub("-(jwt|lambda)$", "", authorizer)


def _authorizer(standing: Standing, state: Any, api: str) -> Section:
    header = Authorizer(kind="lambda").part("", api).identity
    common = said(identity=None if state.identity == header else list(state.identity))
    if state.type == "lambda":
        return {"kind": "lambda", "function": standing.function(state.function), "cache": state.cache, **common}
    if pool := POOL.match(state.issuer):
        return {"kind": "cognito", "pool": pool[1], "clients": list(state.audience), **common}
    return {"kind": "jwt", "issuer": state.issuer, "audience": list(state.audience), **common}


def _named(route: Any) -> str:
    """Who decides on it, as a document says it."""
    return _plain(route.authorizer) or str(route.authorization)


def _decides(state: Any, kind: str) -> str:
    """Who decides on most routes."""
    return deciding(_named(route) for key, route in state.routes.items() if kind == "http" or key == "$connect")


def _route(standing: Standing, key: str, route: Any, kind: str, by: str, throttle: Any) -> Section:
    """One that somebody made by hand and that leads nowhere has no `to`, which no document is right without."""
    if route.to is None:
        return {}
    otherwise = by if kind == "http" or key == "$connect" else OPEN
    longest = round(1000 * LONGEST[kind])
    return said(
        to=standing.function(route.to.uri),
        authorizer=None if _named(route) == otherwise else _named(route),
        scopes=list(route.scopes),
        timeout=None if route.to.timeout == longest else route.to.timeout / 1000,
        throttle=throttle.model_dump() if throttle else None,
        parameters=route.to.parameters,
    )
