"""APIs of API Gateway: the section that people write, and how it unfolds into parts."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from blueprints.behind_apis import (
    FunctionName,
    Target,
    WrittenLog,
    admitted,
    called,
    log_parts,
    log_problems,
    unknown_function,
)
from blueprints.http_apis import (
    DEFAULT_STAGE,
    ApiStage,
    Cors,
    HttpApi,
    HttpRoute,
    JwtAuthorizer,
    LambdaAuthorizer,
    Throttle,
)
from blueprints.part import Name, Part, Piece
from blueprints.problem import Problem

METHODS = ("ANY", "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")
HTTP_KEY = re.compile(rf"^({'|'.join(METHODS)}) (/[^\s]*)$")
SEGMENT = re.compile(r"^([A-Za-z0-9._~%@+-]+|\{[A-Za-z0-9._-]+\+?\})$")
WEBSOCKET_KEY = re.compile(r"^(\$connect|\$disconnect|\$default|[A-Za-z0-9._~-]{1,128})$")
VARIABLE = re.compile(r"\{([A-Za-z0-9._-]+)\+?\}")
LONGEST: Mapping[str, float] = {"http": 30, "websocket": 29}
"""Seconds that API Gateway waits for an answer: https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html"""
OPEN = "none"
ONLY_HTTP = ("cors",)
STAGES = {"http": DEFAULT_STAGE, "websocket": "live"}


def http_key_problem(at: str, key: str) -> Iterator[Problem]:
    """What's wrong with a method and a path."""
    found = HTTP_KEY.match(key)
    segments = found[2].strip("/").split("/") if found and found[2] != "/" else []
    if not found or not all(SEGMENT.match(one) for one in segments):
        way_out = f"Write a method and a path, such as GET /things/{{id}}; methods are {', '.join(METHODS)}"
        yield Problem(at, f"{key!r} isn't an HTTP route", way_out)
    elif any(one.endswith("+}") for one in segments[:-1]):
        yield Problem(at, "only the last step of a path can stand for many", "Take the + out, or what follows it")
    elif len(names := VARIABLE.findall(key)) != len(set(names)):
        yield Problem(at, "a variable stands twice in its path", "Give each a name of its own")


class Authorizer(Piece):
    """Decides who may use a route: by a token that is checked (jwt, cognito), or by a function of yours (lambda)."""

    kind: Literal["jwt", "cognito", "lambda"] = Field(description="How it decides.")
    issuer: Annotated[str, Field(pattern=r"^https://[^\s]+$")] | None = Field(
        default=None, description="jwt: the identity provider's address, as it stands in its tokens (`iss`)."
    )
    audience: tuple[str, ...] = Field(default=(), description="jwt: whom tokens must be for (`aud` or `client_id`).")
    pool: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]_[A-Za-z0-9]+$")] | None = Field(
        default=None, description="cognito: id of the user pool, such as eu-west-1_AbCdEfGhI."
    )
    clients: tuple[str, ...] = Field(default=(), description="cognito: ids of the pool's clients that are let in.")
    function: FunctionName | None = Field(
        default=None, description="lambda: the function that decides, function/<name> or an ARN."
    )
    identity: tuple[str, ...] = Field(
        default=(),
        description="Where in a request the token stands. Left out: $request.header.Authorization "
        "(of WebSocket APIs, nowhere).",
    )
    cache: int = Field(default=0, ge=0, le=3600, description="lambda: seconds that an answer holds. Not of WebSockets.")

    def problems(self, where: str, api: str) -> Iterator[Problem]:
        """What's missing, or doesn't belong to its kind."""
        needed = {"jwt": ("issuer", "audience"), "cognito": ("pool", "clients"), "lambda": ("function",)}
        for kind, fields in needed.items():
            for field in fields:
                given = bool(getattr(self, field))
                if kind == self.kind and not given:
                    yield Problem(f"{where}.{field}", f"is missing, and {self.kind} needs it", "Add it")
                elif kind != self.kind and given:
                    yield Problem(f"{where}.{field}", f"only an authorizer of kind {kind} has it", "Take it out")
        if self.cache and (self.kind != "lambda" or api == "websocket"):
            yield Problem(f"{where}.cache", "only an HTTP API remembers a function's answers", "Take it out")
        if api == "websocket" and self.kind != "lambda":
            why = "a WebSocket API checks no tokens itself"
            yield Problem(f"{where}.kind", why, "Use kind: lambda, or IAM on the route $connect")
        if self.kind != "lambda" and len(self.identity) > 1:
            yield Problem(f"{where}.identity", "a token stands in one place", "Name one")
        if self.cache and not self.identity and api == "websocket":
            yield Problem(f"{where}.identity", "answers are remembered by it", "Name where the token stands")

    def part(self, name: str, api: str) -> JwtAuthorizer | LambdaAuthorizer:
        """As a part has it."""
        usual = ("$request.header.Authorization",) if api == "http" else ()
        identity = self.identity or usual
        if self.kind == "lambda":
            return LambdaAuthorizer(
                name=name, function=called(self.function or ""), identity=identity, cache=self.cache
            )
        if self.kind == "cognito":
            pool = self.pool or ""
            issuer = f"https://cognito-idp.{pool.partition('_')[0]}.amazonaws.com/{pool}"
            return JwtAuthorizer(name=name, issuer=issuer, audience=self.clients, identity=identity)
        return JwtAuthorizer(name=name, issuer=self.issuer or "", audience=self.audience, identity=identity)


class Route(Piece):
    """What becomes of the requests of one key. `GET /things: https://...` is short for `GET /things: {to: https://...}`."""

    to: Target = Field(description="function/<name>, a function's ARN, or an address that requests are passed on to.")
    authorizer: str | None = Field(
        default=None, description="Name of an authorizer, `iam`, or `none`. Left out: what the API says."
    )
    scopes: tuple[str, ...] = Field(default=(), description="jwt and cognito: a token must have one of these.")
    timeout: float | None = Field(
        default=None, ge=0.05, le=30, description="Seconds until it's given up. Left out: the most there is, 30 or 29."
    )
    throttle: Throttle | None = Field(default=None, description="A limit of its own.")
    parameters: dict[str, str] = Field(
        default_factory=dict,
        description="What is changed of a request on its way, such as `append:header.x-id: $context.requestId`.",
    )


WrittenRoute = Annotated[
    Route,
    BeforeValidator(
        lambda value: {"to": value} if isinstance(value, str) else value, json_schema_input_type=str | Route
    ),
]


class Api(Piece):
    """An API of API Gateway in front of functions, or of servers that are reached by HTTP."""

    kind: Literal["http", "websocket"] = Field(default="http", description="What is spoken with visitors.")
    description: str = Field(default="", max_length=1024, description="What it's for.")
    routes: dict[str, WrittenRoute] = Field(
        min_length=1,
        description="By key. HTTP: a method (or ANY) and a path, `GET /things/{id}`, or `$default`. "
        "WebSocket: `$connect`, `$disconnect`, `$default`, or what the selection finds in a message.",
    )
    authorizers: dict[Name, Authorizer] = Field(default_factory=dict, description="By name; routes name them.")
    authorizer: str = Field(
        default=OPEN, description="Who decides where a route doesn't say: `none` lets everybody in."
    )
    selection: str = Field(
        default="$request.body.action", description="WebSocket: where in a message the route's key stands."
    )
    cors: Cors | None = Field(default=None, description="HTTP: which pages of other origins may call it.")
    stage: Annotated[str, Field(pattern=r"^(\$default|[A-Za-z0-9_-]{1,128})$")] | None = Field(
        default=None,
        description="The first step of its paths. Left out: none (`$default`); WebSocket APIs need one: `live`.",
    )
    variables: dict[Annotated[str, Field(pattern=r"^\w{1,64}$")], Annotated[str, Field(min_length=1)]] = Field(
        default_factory=dict, description="Stage variables, which routes may name as ${stageVariables.x}."
    )
    throttle: Throttle = Field(
        default=Throttle(rate=1000, burst=500),
        description="What is let through, of all routes together; 1000 a second and 500 at once, if not given.",
    )
    access_logs: WrittenLog = Field(
        default=None,
        description="Days that a line for each request is kept, or the ARN of a log group to write them to.",
    )
    default_endpoint: bool = Field(
        default=True,
        description="Whether AWS's own address works. Turn it off where a domain of your own is the only one.",
    )

    # ------------------------------------------------------------------ what's wrong

    def problems(self, name: str, region: str, functions: Collection[str]) -> Iterator[Problem]:
        """What doesn't fit together."""
        where = f"apis.{name}"
        for field in ONLY_HTTP:
            if self.kind == "websocket" and getattr(self, field) is not None:
                yield Problem(f"{where}.{field}", "only HTTP APIs have it", "Take it out, or set kind: http")
        if self.kind == "http" and self.selection != type(self).model_fields["selection"].default:
            yield Problem(f"{where}.selection", "only WebSocket APIs have it", "Take it out, or set kind: websocket")
        if self.kind == "websocket" and self.stage == DEFAULT_STAGE:
            yield Problem(f"{where}.stage", "a WebSocket API has no default stage", "Give it a name, such as live")
        yield from log_problems(f"{where}.access_logs", self.access_logs, region)
        if (why := self._unknown(self.authorizer)) and not (self.kind == "websocket" and self.authorizer == OPEN):
            yield Problem(f"{where}.authorizer", why, self._known())
        for inner, authorizer in self.authorizers.items():
            if inner in ("iam", OPEN):
                yield Problem(f"{where}.authorizers.{inner}", "this name has a meaning of its own", "Choose another")
            yield from authorizer.problems(f"{where}.authorizers.{inner}", self.kind)
            yield from unknown_function(f"{where}.authorizers.{inner}.function", authorizer.function, functions)
        yield from self._route_problems(f"{where}.routes")
        for key, route in self.routes.items():
            yield from unknown_function(f"{where}.routes.{key}.to", route.to, functions)

    def _route_problems(self, where: str) -> Iterator[Problem]:
        paths: dict[str, str] = {}
        for key, route in self.routes.items():
            at = f"{where}.{key}"
            yield from self._key_problems(at, key)
            alike = VARIABLE.sub("{}", key)
            if (other := paths.setdefault(alike, key)) != key:
                yield Problem(at, f"matches the same requests as {other}", "Take one of them out")
            yield from self._who_may(at, key, route)
            if route.timeout and route.timeout > LONGEST[self.kind]:
                why = f"API Gateway waits {LONGEST[self.kind]:g} s at most"
                yield Problem(f"{at}.timeout", why, "Make it shorter")
            if missing := set(VARIABLE.findall(route.to)) - set(VARIABLE.findall(key)):
                why = f"its path has no {{{'}, {'.join(sorted(missing))}}}"
                yield Problem(f"{at}.to", why, "Name only what stands in the route's path")

    def _key_problems(self, at: str, key: str) -> Iterator[Problem]:
        if self.kind == "websocket":
            if not WEBSOCKET_KEY.match(key):
                way_out = "Write $connect, $disconnect, $default, or a word that messages have"
                yield Problem(at, f"{key!r} isn't a WebSocket route", way_out)
        elif key != DEFAULT_STAGE:
            yield from http_key_problem(at, key)

    def _who_may(self, at: str, key: str, route: Route) -> Iterator[Problem]:
        named = route.authorizer
        if named and (why := self._unknown(named)):
            yield Problem(f"{at}.authorizer", why, self._known())
        if named and named != OPEN and self.kind == "websocket" and key != "$connect":
            why = "a WebSocket API decides once, when somebody connects"
            yield Problem(f"{at}.authorizer", why, "Write it at $connect")
        by = self._decides(key, route)
        if route.scopes and (by not in self.authorizers or self.authorizers[by].kind == "lambda"):
            yield Problem(f"{at}.scopes", "are a token's, and no token is checked", "Name an authorizer of kind jwt")

    def _unknown(self, named: str) -> str:
        return "" if named in ("iam", OPEN, *self.authorizers) else f"there is no authorizer {named!r} in this API"

    def _known(self) -> str:
        return f"Name one of: {', '.join((*self.authorizers, 'iam', OPEN))}"

    def _decides(self, key: str, route: Route) -> str:
        """Who decides on a route; of a WebSocket API, on connecting only."""
        if self.kind == "websocket" and key != "$connect":
            return OPEN
        return route.authorizer or self.authorizer

    # ------------------------------------------------------------------ what it unfolds into

    def parts(self, name: str, region: str) -> Iterator[Part]:
        """The API, the stage that shows it, its log, and what lets it call functions."""
        where = f"apis.{name}"
        api = HttpApi(
            name=name,
            where=where,
            protocol="HTTP" if self.kind == "http" else "WEBSOCKET",
            description=self.description,
            selection="" if self.kind == "http" else self.selection,
            cors=self.cors,
            default_endpoint=self.default_endpoint,
            authorizers=tuple(one.part(inner, self.kind) for inner, one in self.authorizers.items()),
            routes=tuple(self._route(key, one) for key, one in self.routes.items()),
        )
        yield api
        stage, behind = self.stage or STAGES[self.kind], [one.to for one in self.routes.values()]
        yield from admitted(api.key, stage, behind, [one.function for one in self.authorizers.values()], region, where)
        groups, log = log_parts(name, where, self.access_logs)
        yield from groups
        yield ApiStage(
            name=name,
            where=where,
            api=api.key,
            stage=stage,
            serves=api,
            throttle=self.throttle,
            routes={key: one.throttle for key, one in self.routes.items() if one.throttle},
            access_logs=log,
            variables=self.variables,
        )

    def _route(self, key: str, route: Route) -> HttpRoute:
        by = self._decides(key, route)
        return HttpRoute(
            key=key,
            to=called(route.to),
            timeout=round(1000 * (route.timeout or LONGEST[self.kind])),
            parameters=route.parameters,
            authorizer=None if by == OPEN else by,
            scopes=route.scopes,
        )
