"""REST APIs of API Gateway: the section that people write, and how it unfolds into parts."""

from collections.abc import Collection, Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationInfo, model_validator

from blueprints.apis import OPEN, http_key_problem
from blueprints.behind_apis import Target, WrittenLog, admitted, log_parts, log_problems, unknown_function
from blueprints.http_apis import Cors, Throttle
from blueprints.openapi import from_file
from blueprints.part import Name, Part, Piece
from blueprints.problem import Problem
from blueprints.rest_apis import CacheSize, Caching, Method, RestApi, RestStage
from blueprints.rest_cors import cors_headers, cors_method
from blueprints.rest_routes import RestAuthorizer, WrittenRestRoute
from blueprints.usage import ApiKey, Plan, UsagePlan, WrittenKey

JsonSchema = Annotated[dict[str, Any], Field(json_schema_extra={"holds": "JSON Schema"})]


class Rest(Piece):
    """A REST API: what HTTP APIs lack. Templates, validation, API keys with plans, kept answers."""

    kind: Literal["rest"] = Field(description="What tells it from an HTTP or WebSocket API.")
    description: str = Field(default="", max_length=1024, description="What it's for.")
    document: str | None = Field(
        default=None,
        description="Path of an OpenAPI 3.0 document with API Gateway's extensions, relative to this one. What stands "
        "here beside it comes first.",
    )
    to: Target | None = Field(
        default=None, description="With a document: what's behind all of its routes that don't say that themselves."
    )
    routes: dict[str, WrittenRestRoute] = Field(
        default_factory=dict, description="By key: a method (or ANY) and a path, `GET /things/{id}`."
    )
    authorizers: dict[Name, RestAuthorizer] = Field(default_factory=dict, description="By name; routes name them.")
    authorizer: str = Field(
        default=OPEN, description="Who decides where a route doesn't say: `none` lets everybody in."
    )
    models: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9]+$")], JsonSchema] = Field(
        default_factory=dict,
        description="What bodies are, by name: JSON Schema (draft 4); `$ref: '#/Other'` names one.",
    )
    cors: Cors | None = Field(
        default=None,
        description="Which pages of one other origin, or of all, may call it. Functions that get whole requests must "
        "send Access-Control-Allow-Origin themselves.",
    )
    binary: tuple[str, ...] = Field(default=(), description="Content types that aren't text, such as image/png.")
    stage: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,128}$")] = Field(
        default="live", description="The first step of its paths."
    )
    variables: dict[Annotated[str, Field(pattern=r"^\w{1,64}$")], Annotated[str, Field(min_length=1)]] = Field(
        default_factory=dict, description="Stage variables, which routes may name as ${stageVariables.x}."
    )
    throttle: Throttle = Field(
        default=Throttle(rate=1000, burst=500),
        description="What is let through, of all routes together; 1000 a second and 500 at once, if not given.",
    )
    api_keys: dict[Name, WrittenKey] = Field(
        default_factory=dict, description="Keys by name, for routes with api_key: true. AWS makes up their values."
    )
    plans: dict[Name, Plan] = Field(default_factory=dict, description="How much the keys may use, by name.")
    cache_size: CacheSize | None = Field(
        default=None, description="GB of kept answers, paid by the hour; nothing is kept, if not given."
    )
    access_logs: WrittenLog = Field(
        default=None,
        description="Days that a line for each request is kept, or the ARN of a log group to write them to.",
    )
    default_endpoint: bool = Field(
        default=True, description="Whether AWS's own address works. Turn it off where your own domain is the only one."
    )

    @model_validator(mode="before")
    @classmethod
    def _with_its_document(cls, given: Any, info: ValidationInfo) -> Any:
        if not isinstance(given, dict) or not isinstance(given.get("document"), str):
            return given
        read = from_file(given["document"], (info.context or {}).get("folder"), given.get("to"))
        merged = {field: read[field] | (given.get(field) or {}) for field in ("routes", "authorizers", "models")}
        return {"binary": read["binary"]} | given | merged

    @model_validator(mode="after")
    def _has_routes(self) -> Self:
        if not self.routes:
            raise ValueError("has no routes: write them, or name a document that has some")
        if self.to and not self.document:
            raise ValueError("has a `to` without a document: write it at each route")
        return self

    # ------------------------------------------------------------------ what's wrong

    def problems(self, name: str, region: str, functions: Collection[str]) -> Iterator[Problem]:
        """What doesn't fit together."""
        where = f"apis.{name}"
        yield from log_problems(f"{where}.access_logs", self.access_logs, region)
        if self.cors and len(self.cors.origins) > 1:
            why = "a REST API answers for one origin, or for all"
            yield Problem(f"{where}.cors.origins", why, 'Name one, or "*", or set kind: http')
        yield from self._unknown(f"{where}.authorizer", self.authorizer)
        for inner, authorizer in self.authorizers.items():
            if inner in ("iam", OPEN):
                yield Problem(f"{where}.authorizers.{inner}", "this name has a meaning of its own", "Choose another")
            yield from authorizer.problems(f"{where}.authorizers.{inner}")
            yield from unknown_function(f"{where}.authorizers.{inner}.function", authorizer.function, functions)
        for model, schema in self.models.items():
            for other in sorted(_references(schema) - {f"#/{known}" for known in self.models}):
                yield Problem(f"{where}.models.{model}", f"{other!r} is no model of this API", "Write '#/Name' of one")
        for key, route in self.routes.items():
            at = f"{where}.routes.{key}"
            yield from http_key_problem(at, key)
            yield from unknown_function(f"{at}.to", route.to, functions)
            yield from route.problems(at, key, self.models, keeps=self.cache_size is not None)
            yield from self._unknown(f"{at}.authorizer", route.authorizer or OPEN)
            by = self.authorizers.get(route.authorizer or self.authorizer)
            if route.scopes and (by is None or by.kind != "cognito"):
                yield Problem(f"{at}.scopes", "are a Cognito token's", "Name an authorizer of kind cognito")
        yield from self._twins(f"{where}.routes")
        yield from self._plan_problems(where)

    def _unknown(self, at: str, named: str) -> Iterator[Problem]:
        known = (*self.authorizers, "iam", OPEN)
        if named not in known:
            yield Problem(at, f"there is no authorizer {named!r} in this API", f"Name one of: {', '.join(known)}")

    def _plan_problems(self, where: str) -> Iterator[Problem]:
        """Keys that nobody knows, that are on two plans, or that nobody has although one is asked for."""
        on: dict[str, str] = {}
        for name, plan in self.plans.items():
            for key in plan.members:
                at = f"{where}.plans.{name}.members"
                if key not in self.api_keys:
                    yield Problem(at, f"there is no key {key!r} in this API", "Describe it under api_keys")
                elif on.setdefault(key, name) != name:
                    yield Problem(at, f"{key} is on the plan {on[key]} already", "A key is on one plan of an API")
        for key, route in self.routes.items():
            if route.api_key and not on:
                why = "no key is on a plan, so nobody could use it"
                yield Problem(f"{where}.routes.{key}.api_key", why, "Describe api_keys, and plans with members")

    def _twins(self, where: str) -> Iterator[Problem]:
        """At one place of a path, AWS takes one variable, whatever the method."""
        variables: dict[tuple[str, ...], str] = {}
        for key in self.routes:
            steps = key.partition(" ")[2].split("/")
            for depth, step in enumerate(steps):
                above = tuple("{}" if one.startswith("{") else one for one in steps[:depth])
                if step.startswith("{") and (other := variables.setdefault(above, step)) != step:
                    yield Problem(f"{where}.{key}", f"{step} stands where another route has {other}", "Use one name")

    # ------------------------------------------------------------------ what it unfolds into

    def parts(self, name: str, region: str) -> Iterator[Part]:
        """The API, the stage that shows it, its log, and what lets it call functions."""
        where = f"apis.{name}"
        api = RestApi(
            name=name,
            where=where,
            description=self.description,
            default_endpoint=self.default_endpoint,
            binary=self.binary,
            authorizers=tuple(one.part(inner) for inner, one in self.authorizers.items()),
            models=self.models,
            methods=(*self._methods(), *self._asked_before()),
            errors={type: cors_headers(self.cors) for type in ("DEFAULT_4XX", "DEFAULT_5XX")} if self.cors else {},
        )
        yield api
        behind, doors = [one.to for one in self.routes.values()], [one.function for one in self.authorizers.values()]
        yield from admitted(api.key, self.stage, behind, doors, region, where)
        groups, log = log_parts(name, where, self.access_logs)
        yield from groups
        yield RestStage(
            name=name,
            where=where,
            api=api.key,
            stage=self.stage,
            serves=api,
            throttle=self.throttle,
            routes={key: one.throttle for key, one in self.routes.items() if one.throttle},
            cache_size=self.cache_size,
            cached={key: Caching(ttl=one.cache) for key, one in self.routes.items() if one.cache},
            access_logs=log,
            variables=self.variables,
        )
        for key, one in self.api_keys.items():
            at = f"{where}.api_keys.{key}"
            yield ApiKey(name=f"{name}-{key}", where=at, description=one.description, enabled=one.enabled)
        for called, plan in self.plans.items():
            yield UsagePlan(
                name=f"{name}-{called}",
                where=f"{where}.plans.{called}",
                description=plan.description,
                stage=f"rest-stage/{name}",
                throttle=plan.throttle,
                quota=plan.quota,
                api_keys=tuple(f"api-key/{name}-{key}" for key in plan.members),
            )

    def _methods(self) -> Iterator[Method]:
        for key, route in self.routes.items():
            by = route.authorizer or self.authorizer
            yield route.part(key, None if by == OPEN else by, self.cors)

    def _asked_before(self) -> Iterator[Method]:
        """What browsers ask before they call from another origin, for each path that doesn't answer that itself."""
        taken = {key.partition(" ")[2] for key in self.routes if key.startswith(("OPTIONS ", "ANY "))}
        for path in dict.fromkeys(key.partition(" ")[2] for key in self.routes):
            if self.cors and path not in taken:
                yield cors_method(path, self.cors)


def _references(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        own = {schema["$ref"]} if isinstance(schema.get("$ref"), str) else set()
        return own.union(*(_references(one) for one in schema.values()))
    return set().union(*(_references(one) for one in schema)) if isinstance(schema, list) else set()
