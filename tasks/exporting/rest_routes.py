"""Routes of REST APIs, from their methods."""

from typing import Any

from blueprints.apis import VARIABLE
from blueprints.http_apis import Cors
from blueprints.rest_cors import cors_answer
from blueprints.rest_routes import MOCK, RestRoute
from tasks.exporting.standing import Section, Standing, said

REQUEST = "method.request."
MOCKED = {"application/json": '{"statusCode": 200}'}


def route(standing: Standing, method: Any, by: str, cors: Cors | None, usual: Any, setting: Any) -> Section:
    """One, by its method and what its stage lets through and keeps."""
    to = standing.function(method.uri) or MOCK
    filled = {f"integration.request.path.{name}": f"{REQUEST}path.{name}" for name in VARIABLE.findall(to)}
    sends = {name: value for name, value in method.sends.items() if filled.get(name) != value}
    decides = method.authorizer or method.authorization
    written = said(
        to=to,
        authorizer=None if decides == by else decides,
        scopes=list(method.scopes),
        api_key=method.api_key,
        timeout=method.timeout / 1000,
        parameters={name.removeprefix(REQUEST): needed for name, needed in method.parameters.items()},
        body=method.body,
        templates={} if to == MOCK and method.templates == MOCKED else method.templates,
        sends=sends,
        cache_keys=[name.removeprefix(REQUEST) for name in method.cache_keys],
        answers=_answers(method, to, sends, cors),
        **_settings(usual, setting),
    )
    usually = RestRoute.model_construct(to=to, body=method.body, parameters=method.parameters).looked_at
    return written if method.validates == usually else {**written, "validates": method.validates}


def unquoted(text: str | None) -> tuple[str, ...] | None:
    """What stands between quotes in a header that is set to a text, by commas."""
    return tuple(text.strip("'").split(",")) if text else None


def _answers(method: Any, to: str, sends: Section, cors: Cors | None) -> dict[int, Section]:
    """None, where there is only the one that follows from templates."""
    follow = cors_answer(cors)
    told = {}
    for status, one in method.answers.items():
        headers = {name: value for name, value in one.headers.items() if follow.get(name) != value}
        told[int(status)] = {"pattern": one.pattern, "templates": one.templates, "headers": headers, "model": one.model}
    plain = {200: {"pattern": "", "templates": {}, "headers": {}, "model": ""}}
    follows = to == MOCK or method.templates or (sends and not to.startswith("http"))
    return {} if told == plain and follows else told


def _settings(usual: Any, setting: Any) -> Section:
    if setting is None:
        return {}
    own = usual is None or setting.throttle != usual.throttle
    return said(throttle=setting.throttle.model_dump() if own else None, cache=setting.ttl)
