"""REST APIs of API Gateway: the parts."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field

from blueprints.behind_apis import Called, Log
from blueprints.http_apis import Throttle
from blueprints.part import Id, Part, Piece, of

CacheSize = Literal["0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237"]
Validates = Literal["none", "body", "parameters", "all"]


class Guard(Piece):
    """Who decides on requests: a function that gets a token or the whole request, or Cognito. `cache` is in seconds."""

    name: str
    type: Literal["TOKEN", "REQUEST", "COGNITO_USER_POOLS"]
    function: Called | None = None
    pools: tuple[str, ...] = ()
    identity: tuple[str, ...] = ()
    cache: int = 0
    pattern: str = ""


class Answer(Piece):
    """What's made of an answer whose error text (of functions) or status (of addresses) fits the pattern.

    Without a pattern, of all others. `headers` are by name, in words of the mapping: `'*'`, `integration.response.…`.
    """

    status: int
    pattern: str = ""
    templates: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)
    model: str = ""


class Method(Piece):
    """What becomes of the requests of one key, `POST /things`. `timeout` is in milliseconds.

    `to` is a function, an address, or `mock`. `custom`: templates say what is sent on and what is answered.
    `parameters` are those of requests, and whether they are required; `sends` is what is passed on, and from where.
    """

    key: str
    to: Called
    custom: bool = False
    timeout: int = 29_000
    templates: dict[str, str] = Field(default_factory=dict)
    sends: dict[str, str] = Field(default_factory=dict)
    answers: tuple[Answer, ...] = ()
    parameters: dict[str, bool] = Field(default_factory=dict)
    body: str = ""
    validates: Validates = "none"
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()
    api_key: bool = False
    cache_keys: tuple[str, ...] = ()


class RestApi(Part):
    """A REST API, with its methods and all that belongs to them."""

    kind: ClassVar[str] = "rest-api"
    description: str = ""
    default_endpoint: bool = True
    binary: tuple[str, ...] = ()
    authorizers: tuple[Guard, ...] = ()
    models: dict[str, Any] = Field(default_factory=dict)
    methods: tuple[Method, ...] = ()
    errors: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="Headers of what API Gateway answers itself, by DEFAULT_4XX and so on."
    )


class Caching(Piece):
    """Answers of one route that are kept. `ttl` is in seconds."""

    ttl: int = Field(ge=1, le=3600)


class RestStage(Part):
    """What visitors reach of a REST API: the API as it was deployed last, and never a half-made one."""

    kind: ClassVar[str] = "rest-stage"
    api: Annotated[Id, of("rest-api")]
    stage: str = "live"
    serves: RestApi = Field(description="The API as it is to be deployed.")
    throttle: Throttle
    routes: dict[str, Throttle] = Field(default_factory=dict, description="Throttles of single routes, by their keys.")
    cache_size: CacheSize | None = None
    cached: dict[str, Caching] = Field(default_factory=dict, description="Routes whose answers are kept.")
    access_logs: Log | None = None
    variables: dict[str, str] = Field(default_factory=dict)
