"""REST APIs in one vocabulary: what is wanted of them, and what AWS tells."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from blueprints.part import filled
from blueprints.rest_apis import Guard, Method, RestApi
from tasks.api.http_state import function_in
from tasks.kind import State, Unordered, unknown, unknowns

AUTHORIZATION = {"NONE": "none", "AWS_IAM": "iam", "CUSTOM": "lambda", "COGNITO_USER_POOLS": "cognito"}
VALIDATORS = {"none": (False, False), "body": (True, False), "parameters": (False, True), "all": (True, True)}
"""Whether a request's body and its parameters are looked at."""
OWN_MODELS = ("Empty", "Error")
"""Models that AWS puts into a new API by itself."""
SEEN_AT_ONCE = frozenset({"description", "default_endpoint"})
"""What needs no deployment."""
PATH = "method.request.path."


class GuardState(State):
    """`cache` is in seconds. https://docs.aws.amazon.com/apigateway/latest/api/API_Authorizer.html"""

    type: str
    function: str = ""
    pools: Unordered[str] = ()
    identity: Unordered[str] = ()
    cache: int = 0
    pattern: str = ""


class AnswerState(State):
    """https://docs.aws.amazon.com/apigateway/latest/api/API_IntegrationResponse.html"""

    pattern: str = ""
    templates: dict[str, str] = {}
    headers: dict[str, str] = {}
    model: str = ""


class MethodState(State):
    """`timeout` is in milliseconds. https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html

    Variables of the path aren't among the `parameters`: they follow from the key.
    """

    type: str
    uri: str = ""
    verb: str = ""
    timeout: int
    passthrough: str
    templates: dict[str, str] = {}
    sends: dict[str, str] = {}
    cache_keys: Unordered[str] = ()
    answers: dict[str, AnswerState] = {}
    parameters: dict[str, bool] = {}
    body: str = ""
    validates: str = "none"
    authorization: str = "none"
    authorizer: str = ""
    scopes: Unordered[str] = ()
    api_key: bool = False


class RestApiState(State):
    """Methods by key (`GET /things`), answers by status, models as canonical JSON."""

    description: str
    default_endpoint: bool
    binary: Unordered[str]
    authorizers: dict[str, GuardState]
    models: dict[str, str]
    methods: dict[str, MethodState | None]
    errors: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Listed:
    """What an API has, as AWS describes it."""

    resources: list[dict[str, Any]] = field(default_factory=list)
    authorizers: list[dict[str, Any]] = field(default_factory=list)
    models: list[dict[str, Any]] = field(default_factory=list)
    validators: list[dict[str, Any]] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)


def content(state: RestApiState) -> str:
    """What stands for all that is to be deployed: a hash; the unknown ids, where it isn't known yet. Pure."""
    if waits := unknowns(state):
        return " ".join(unknown(key) for key in sorted(waits))
    text = json.dumps(state.model_dump(mode="json", exclude=set(SEEN_AT_ONCE)), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def canonical(schema: Any) -> str:
    """A model's JSON Schema as one text: AWS adds which version it is, and where in it others are to be found."""
    given = json.loads(schema) if isinstance(schema, str) else schema
    return json.dumps(_schema(given), sort_keys=True, separators=(",", ":"))


def _schema(given: Any) -> Any:
    if isinstance(given, Mapping):
        plain = {key: _schema(value) for key, value in given.items() if key != "$schema"}
        return plain | ({"$ref": f"#/{given['$ref'].rpartition('/')[2]}"} if "$ref" in given else {})
    return [_schema(one) for one in given] if isinstance(given, list | tuple) else given


# ---------------------------------------------------------------------- what is wanted


def wanted_state(part: RestApi, ids: Mapping[str, str]) -> RestApiState:
    """The part's."""
    guards = {one.name: one for one in part.authorizers}
    return RestApiState(
        description=part.description,
        default_endpoint=part.default_endpoint,
        binary=part.binary,
        authorizers={name: _wanted_guard(one, ids) for name, one in guards.items()},
        models={name: canonical(schema) for name, schema in part.models.items()},
        methods={one.key: _wanted_method(one, guards, ids) for one in part.methods},
        errors=part.errors,
    )


def _wanted_guard(one: Guard, ids: Mapping[str, str]) -> GuardState:
    function = filled(one.function, ids) if one.function else ""
    said = one.model_dump(exclude={"name", "function"})
    return GuardState(function=function, **said)


def _wanted_method(one: Method, guards: Mapping[str, Guard], ids: Mapping[str, str]) -> MethodState:
    guard = guards.get(one.authorizer or "")
    authorization = one.authorizer or "none"
    if guard:
        authorization = "cognito" if guard.type == "COGNITO_USER_POOLS" else "lambda"
    return MethodState(
        type=_type(one),
        uri="" if one.to == "mock" else filled(one.to, ids),
        verb={"MOCK": "", "AWS": "POST", "AWS_PROXY": "POST"}.get(_type(one), one.key.partition(" ")[0]),
        timeout=one.timeout,
        passthrough="NEVER" if one.custom and one.templates else "WHEN_NO_MATCH",
        templates=one.templates,
        sends=one.sends,
        cache_keys=one.cache_keys,
        answers={str(answer.status): AnswerState(**answer.model_dump(exclude={"status"})) for answer in one.answers},
        parameters=one.parameters,
        body=one.body,
        validates=one.validates,
        authorization=authorization,
        authorizer=guard.name if guard else "",
        scopes=one.scopes,
        api_key=one.api_key,
    )


def _type(one: Method) -> str:
    if one.to == "mock":
        return "MOCK"
    by_http = isinstance(one.to, str) and one.to.startswith("http")
    return ("HTTP" if by_http else "AWS") + ("" if one.custom else "_PROXY")


# ---------------------------------------------------------------------- what AWS tells


def told_state(api: Mapping[str, Any], listed: Listed) -> RestApiState:
    """What AWS tells of an API and of what it has."""
    guards = {one["id"]: one["name"] for one in listed.authorizers}
    validators = {one["id"]: _validates(one) for one in listed.validators}
    return RestApiState(
        description=api.get("description") or "",
        default_endpoint=not api.get("disableExecuteApiEndpoint"),
        binary=api.get("binaryMediaTypes") or (),
        authorizers={one["name"]: _told_guard(one) for one in listed.authorizers},
        models={one["name"]: canonical(one["schema"]) for one in listed.models if one["name"] not in OWN_MODELS},
        methods={
            f"{verb} {resource['path']}": told_method(method, guards, validators)
            for resource in listed.resources
            for verb, method in (resource.get("resourceMethods") or {}).items()
        },
        errors={one["responseType"]: _told_error(one) for one in listed.errors if not one.get("defaultResponse")},
    )


def _validates(one: Mapping[str, Any]) -> str:
    looks = (bool(one.get("validateRequestBody")), bool(one.get("validateRequestParameters")))
    return next(word for word, what in VALIDATORS.items() if what == looks)


def _told_guard(one: Mapping[str, Any]) -> GuardState:
    return GuardState(
        type=one["type"],
        function=function_in(one.get("authorizerUri") or ""),
        pools=one.get("providerARNs") or (),
        identity=tuple(where.strip() for where in (one.get("identitySource") or "").split(",") if where.strip()),
        cache=300 if one.get("authorizerResultTtlInSeconds") is None else one["authorizerResultTtlInSeconds"],
        pattern=one.get("identityValidationExpression") or "",
    )


def _told_error(one: Mapping[str, Any]) -> dict[str, str]:
    headers = one.get("responseParameters") or {}
    return {name.removeprefix("gatewayresponse.header."): value for name, value in headers.items()}


def told_method(
    method: Mapping[str, Any], guards: Mapping[str, str], validators: Mapping[str, str]
) -> MethodState | None:
    """What AWS tells of one; nothing can be said of one that has nothing behind it."""
    behind = method.get("methodIntegration")
    if not behind:
        return None
    authorization = AUTHORIZATION.get(method.get("authorizationType") or "NONE", "none")
    by_one = authorization in ("lambda", "cognito")
    parameters = method.get("requestParameters") or {}
    return MethodState(
        type=behind["type"],
        uri="" if behind["type"] == "MOCK" else function_in(behind.get("uri") or ""),
        verb="" if behind["type"] == "MOCK" else behind.get("httpMethod") or "",
        timeout=int(behind.get("timeoutInMillis") or 29_000),
        passthrough=behind.get("passthroughBehavior") or "WHEN_NO_MATCH",
        templates=behind.get("requestTemplates") or {},
        sends=behind.get("requestParameters") or {},
        cache_keys=behind.get("cacheKeyParameters") or (),
        answers=_told_answers(behind.get("integrationResponses") or {}, method.get("methodResponses") or {}),
        parameters={name: needed for name, needed in parameters.items() if not name.startswith(PATH)},
        body=(method.get("requestModels") or {}).get("application/json", ""),
        validates=validators.get(method.get("requestValidatorId") or "", "none"),
        authorization=authorization,
        authorizer=guards.get(method.get("authorizerId") or "", "") if by_one else "",
        scopes=(method.get("authorizationScopes") or ()) if by_one else (),
        api_key=bool(method.get("apiKeyRequired")),
    )


def _told_answers(behind: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, AnswerState]:
    """Those of the integration, with the models of the method's own. AWS tells an empty template as none."""
    return {
        status: AnswerState(
            pattern=one.get("selectionPattern") or "",
            templates={type: text or "" for type, text in (one.get("responseTemplates") or {}).items()},
            headers={
                name.removeprefix("method.response.header."): value
                for name, value in (one.get("responseParameters") or {}).items()
            },
            model=((before.get(status) or {}).get("responseModels") or {}).get("application/json", ""),
        )
        for status, one in behind.items()
    }
