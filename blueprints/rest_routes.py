"""Routes of REST APIs as people write them, and who decides on them."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from blueprints.apis import VARIABLE
from blueprints.behind_apis import URL, FunctionName, called, is_function
from blueprints.http_apis import Cors, Throttle
from blueprints.part import Piece
from blueprints.problem import Problem
from blueprints.rest_apis import Answer, Guard, Method, Validates
from blueprints.rest_cors import cors_answer
from blueprints.templates import template_faults

MOCK = "mock"
POOL_ARN = r"^arn:aws[a-z-]*:cognito-idp:[a-z0-9-]+:[0-9]{12}:userpool/.+$"
Parameter = Annotated[str, Field(pattern=r"^(querystring|header)\.[A-Za-z0-9._-]+$")]


class RestAuthorizer(Piece):
    """Decides who may use a route: a function that gets a token or the whole request, or a Cognito user pool."""

    kind: Literal["token", "request", "cognito"] = Field(description="What it decides by.")
    function: FunctionName | None = Field(
        default=None, description="token and request: the function that decides, function/<name> or an ARN."
    )
    pools: tuple[Annotated[str, Field(pattern=POOL_ARN)], ...] = Field(
        default=(), description="cognito: ARNs of user pools."
    )
    identity: tuple[str, ...] = Field(
        default=("method.request.header.Authorization",),
        description="Where in a request the token, or what answers are remembered by, stands.",
    )
    cache: int = Field(default=0, ge=0, le=3600, description="Seconds that an answer holds.")
    pattern: str = Field(default="", description="token: what a token must look like, before anybody is asked.")

    def problems(self, where: str) -> Iterator[Problem]:
        """What's missing, or doesn't belong to its kind."""
        by_function = self.kind != "cognito"
        for field, belongs in (("function", by_function), ("pools", not by_function)):
            if bool(getattr(self, field)) != belongs:
                why = f"is missing, and {self.kind} needs it" if belongs else f"{self.kind} has none"
                yield Problem(f"{where}.{field}", why, "Add it" if belongs else "Take it out")
        if self.pattern and self.kind != "token":
            yield Problem(f"{where}.pattern", "only a token has a form", "Take it out, or set kind: token")
        if self.kind != "request" and len(self.identity) != 1:
            yield Problem(f"{where}.identity", "a token stands in one place", "Name one")

    def part(self, name: str) -> Guard:
        """As a part has it."""
        types: dict[str, Any] = {"token": "TOKEN", "request": "REQUEST", "cognito": "COGNITO_USER_POOLS"}
        said = self.model_dump(exclude={"kind", "function"})
        function = called(self.function) if self.function else None
        return Guard(name=name, type=types[self.kind], function=function, **said)


class RestAnswer(Piece):
    """What is made of what's behind a route answers."""

    pattern: str = Field(
        default="",
        description="A regular expression for a function's error text, or an address's status. Left out: all else.",
    )
    templates: dict[str, str] = Field(
        default_factory=dict, description="Mapping templates (Velocity) by content type; left out: as it came."
    )
    headers: dict[str, str] = Field(
        default_factory=dict, description="Such as `X-Kind: \"'answer'\"` or integration.response.header.X-Kind."
    )
    model: str = Field(default="", description="Which of the models it is.")


class RestRoute(Piece):
    """What becomes of the requests of one key. Only its `to` may be written instead of it.

    Without `templates` and `answers`, what's behind gets the whole request, and its whole answer is answered; with one
    of them, they say what it gets, and what is made of its answer.
    """

    to: str = Field(
        max_length=1600, description="function/<name>, a function's ARN, an address, or `mock`: nobody is asked."
    )
    authorizer: str | None = Field(
        default=None, description="Name of an authorizer, `iam`, or `none`. Left out: what the API says."
    )
    scopes: tuple[str, ...] = Field(default=(), description="cognito: a token must have one of these.")
    api_key: bool = Field(default=False, description="Whether an API key of a plan must be sent, as X-API-Key.")
    timeout: float = Field(default=29, ge=0.05, le=29, description="Seconds until it's given up.")
    throttle: Throttle | None = Field(default=None, description="A limit of its own.")
    cache: int = Field(default=0, ge=0, le=3600, description="Seconds that an answer is kept; needs cache_size.")
    cache_keys: tuple[Parameter, ...] = Field(
        default=(), description="Parameters by which kept answers are told apart, beside the path."
    )
    parameters: dict[Parameter, bool] = Field(
        default_factory=dict, description="`querystring.page: true` is one that must be sent, `false` one that may be."
    )
    body: str = Field(default="", description="Which of the models a request's body must be.")
    validates: Validates | None = Field(
        default=None, description="What is looked at before anybody is asked. Left out: what is required above."
    )
    templates: dict[str, str] = Field(
        default_factory=dict, description="Mapping templates (Velocity) of requests, by content type. Others get a 415."
    )
    sends: dict[str, str] = Field(
        default_factory=dict, description="Such as `integration.request.header.X-Who: context.identity.sourceIp`."
    )
    answers: dict[Annotated[int, Field(ge=100, le=599)], RestAnswer] = Field(
        default_factory=dict, description="What is answered, by status."
    )

    @property
    def custom(self) -> bool:
        """Whether it says what's sent on and answered, instead of passing all of it through."""
        sends = self.sends and not self.to.startswith("http")
        return bool(self.templates or self.answers or sends) or self.to == MOCK

    def problems(self, at: str, key: str, models: dict[str, Any], keeps: bool) -> Iterator[Problem]:
        """What's wrong with it in itself."""
        if self.to != MOCK and not is_function(self.to) and not re.match(URL, self.to):
            yield Problem(f"{at}.to", f"{self.to!r} is no function, no address and not mock", "Write one of them")
        if missing := set(VARIABLE.findall(self.to)) - set(VARIABLE.findall(key)):
            why = f"its path has no {{{'}, {'.join(sorted(missing))}}}"
            yield Problem(f"{at}.to", why, "Name only what stands in the route's path")
        templates = {f"templates.{type}": text for type, text in self.templates.items()}
        for status, answer in self.answers.items():
            templates |= {f"answers.{status}.templates.{type}": text for type, text in answer.templates.items()}
            yield from _pattern_problems(f"{at}.answers.{status}.pattern", answer.pattern)
        for place, text in templates.items():
            for fault in template_faults(text):
                yield Problem(f"{at}.{place}", f"isn't a valid template: {fault}", "Mend it")
        patterns = [answer.pattern for answer in self.answers.values()]
        if len(set(patterns)) != len(patterns):
            why = "two of them are for the same answers"
            yield Problem(f"{at}.answers", why, "Give all but one a pattern of its own")
        if patterns and "" not in patterns:
            yield Problem(f"{at}.answers", "none is for all other answers", "Take the pattern of one out")
        named = {"body": self.body} | {f"answers.{status}.model": one.model for status, one in self.answers.items()}
        for place, model in named.items():
            if model and model not in models:
                yield Problem(f"{at}.{place}", f"there is no model {model!r} in this API", "Describe it under models")
        if self.validates in ("body", "all") and not self.body:
            yield Problem(f"{at}.validates", "nothing says what the body must be", "Name a model as its body")
        yield from self._kept_problems(at, key, keeps)

    def _kept_problems(self, at: str, key: str, keeps: bool) -> Iterator[Problem]:
        if self.cache and not keeps:
            yield Problem(f"{at}.cache", "the API keeps no answers", "Set its cache_size, which is paid by the hour")
        if (self.cache or self.throttle) and key.startswith("ANY "):
            field = "cache" if self.cache else "throttle"
            yield Problem(f"{at}.{field}", "AWS has none for ANY", "Write a route for each method that needs it")
        if unknown := set(self.cache_keys) - self.parameters.keys():
            why = f"{', '.join(sorted(unknown))} isn't among its parameters"
            yield Problem(f"{at}.cache_keys", why, "Add it there")

    def part(self, key: str, authorizer: str | None, cors: Cors | None) -> Method:
        """As a part has it. A variable in an address is filled from the path."""
        answers = self.answers or ({200: RestAnswer()} if self.custom else {})
        filled = {
            f"integration.request.path.{name}": f"method.request.path.{name}" for name in VARIABLE.findall(self.to)
        }
        mocked = {"application/json": '{"statusCode": 200}'} if self.to == MOCK and not self.templates else {}
        return Method(
            key=key,
            to=called(self.to),
            custom=self.custom,
            timeout=round(1000 * self.timeout),
            templates=mocked or self.templates,
            sends=filled | self.sends,
            answers=tuple(
                Answer(
                    status=status,
                    pattern=one.pattern,
                    templates=one.templates,
                    headers=cors_answer(cors) | one.headers,
                    model=one.model,
                )
                for status, one in answers.items()
            ),
            parameters={f"method.request.{name}": needed for name, needed in self.parameters.items()},
            body=self.body,
            validates=self.validates or self.looked_at,
            authorizer=authorizer,
            scopes=self.scopes,
            api_key=self.api_key,
            cache_keys=tuple(f"method.request.{name}" for name in self.cache_keys),
        )

    @property
    def looked_at(self) -> Validates:
        """What is looked at where it isn't said: what is required."""
        required = any(self.parameters.values())
        if self.body:
            return "all" if required else "body"
        return "parameters" if required else "none"


def _pattern_problems(at: str, pattern: str) -> Iterator[Problem]:
    try:
        re.compile(pattern)
    except re.error as error:
        yield Problem(at, f"{pattern!r} isn't a regular expression: {error}", "Mend it")


WrittenRestRoute = Annotated[
    RestRoute,
    BeforeValidator(
        lambda value: {"to": value} if isinstance(value, str) else value, json_schema_input_type=str | RestRoute
    ),
]
