"""Addresses of functions."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.addresses import FunctionUrl
from tasks.each import each
from tasks.errors import code_of, gone_is_fine
from tasks.kind import Fixed, Found, Kind, State, Unordered
from tasks.scope import ENVIRONMENT, PART, Scope
from tasks.serverless.function import name_of, standing_functions
from tasks.serverless.function_state import LIVE
from tasks.serverless.versions import GONE

URL = "/url"
OPEN, BY_IAM = "NONE", "AWS_IAM"


class CrossOriginState(State):
    """Which pages of other origins may call it from a browser. Headers in lower case, as AWS compares them so."""

    origins: Unordered[str]
    methods: Unordered[str]
    headers: Unordered[str]
    exposed: Unordered[str] = ()
    credentials: bool = False
    max_age: int = 0


class FunctionUrlState(State):
    """https://docs.aws.amazon.com/lambda/latest/dg/urls-configuration.html"""

    function: Fixed[str]
    open: bool
    cors: CrossOriginState | None
    streams: bool = False


class FunctionUrlKind(Kind[FunctionUrl, FunctionUrlState]):
    """Addresses of functions. AWS tags none: one is the environment's if its function is, and leads to its alias."""

    name = "function-url"
    taggable = False
    goes_first = True
    goes_with = ("function",)
    holds = "the address that others know"
    actions = (
        "lambda:CreateFunctionUrlConfig",
        "lambda:DeleteFunctionUrlConfig",
        "lambda:GetFunction",
        "lambda:GetFunctionConfiguration",
        "lambda:GetFunctionUrlConfig",
        "lambda:ListFunctions",
        "lambda:UpdateFunctionUrlConfig",
    )

    def owned(self, scope: Scope) -> Iterator[Found[FunctionUrlState]]:
        """A call for each function's alias, beside the functions that are listed anyway."""
        for function, url in each(lambda function: _url(scope, function), standing_functions(scope)):
            if url:
                arn, tags = function["Configuration"]["FunctionArn"], function["Tags"]
                name = tags[PART].partition("/")[2]
                own = {ENVIRONMENT: tags[ENVIRONMENT], PART: self.key(name)}
                yield Found(self.name, name, f"{arn}{URL}", _state(arn, url), own, outputs={"url": url["FunctionUrl"]})

    def wanted(self, part: FunctionUrl, ids: Mapping[str, str]) -> FunctionUrlState:
        """See the base."""
        cors = part.cors and CrossOriginState(
            origins=part.cors.origins,
            methods=part.cors.methods,
            headers=tuple(header.lower() for header in part.cors.headers),
            max_age=part.cors.max_age,
        )
        return FunctionUrlState(function=ids[part.function], open=part.open, cors=cors)

    def create(self, scope: Scope, name: str, wanted: FunctionUrlState) -> str:
        """AWS keeps one of an alias: what is there already is brought up to date."""
        id = f"{wanted.function}{URL}"
        try:
            scope.client("lambda").create_function_url_config(**_settings(id, wanted))
        except ClientError as error:
            if code_of(error) != "ResourceConflictException":
                raise
            self.update(scope, id, wanted, frozenset(FunctionUrlState.model_fields))
        return id

    def update(self, scope: Scope, id: str, wanted: FunctionUrlState, changed: frozenset[str]) -> None:
        """The address stays the same."""
        scope.client("lambda").update_function_url_config(**_settings(id, wanted))

    def delete(self, scope: Scope, id: str) -> None:
        """A later one has another address. It goes with its function too."""
        with gone_is_fine(GONE):
            scope.client("lambda").delete_function_url_config(FunctionName=_function(id), Qualifier=LIVE)


def _function(id: str) -> str:
    return name_of(id.removesuffix(URL))


def _url(scope: Scope, function: Mapping[str, Any]) -> dict[str, Any]:
    """Nothing, where it has none, or has gone since it was listed."""
    name = function["Configuration"]["FunctionName"]
    with gone_is_fine(GONE):
        return dict(scope.client("lambda").get_function_url_config(FunctionName=name, Qualifier=LIVE))
    return {}


def _settings(id: str, wanted: FunctionUrlState) -> dict[str, Any]:
    """As Lambda takes them; empty takes away."""
    cors: dict[str, Any] = {}
    if wanted.cors:
        cors = {
            "AllowOrigins": list(wanted.cors.origins),
            "AllowMethods": list(wanted.cors.methods),
            "AllowHeaders": list(wanted.cors.headers),
            "ExposeHeaders": list(wanted.cors.exposed),
            "AllowCredentials": wanted.cors.credentials,
            "MaxAge": wanted.cors.max_age,
        }
    return {
        "FunctionName": _function(id),
        "Qualifier": LIVE,
        "AuthType": OPEN if wanted.open else BY_IAM,
        "InvokeMode": "RESPONSE_STREAM" if wanted.streams else "BUFFERED",
        "Cors": cors,
    }


def _state(function: str, url: Mapping[str, Any]) -> FunctionUrlState:
    cors = url.get("Cors") or {}
    said = CrossOriginState(
        origins=tuple(cors.get("AllowOrigins") or ()),
        methods=tuple(cors.get("AllowMethods") or ()),
        headers=tuple(header.lower() for header in cors.get("AllowHeaders") or ()),
        exposed=tuple(cors.get("ExposeHeaders") or ()),
        credentials=bool(cors.get("AllowCredentials")),
        max_age=cors.get("MaxAge") or 0,
    )
    streams = str(url.get("InvokeMode") or "").upper() == "RESPONSE_STREAM"
    return FunctionUrlState(
        function=function, open=url["AuthType"] == OPEN, cors=said if said.origins else None, streams=streams
    )
