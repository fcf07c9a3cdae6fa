"""HTTP and WebSocket APIs of API Gateway: the parts."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from blueprints.behind_apis import Called, Log
from blueprints.part import Id, Part, Piece, of

DEFAULT_STAGE = "$default"


class Throttle(Piece):
    """How many requests are let through: API Gateway answers 429 to what is more.

    AWS lets 10,000 a second through for a whole account and region, and 5,000 at once (fewer in some regions):
    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html
    """

    rate: float = Field(gt=0, le=10_000, description="Requests a second, over time.")
    burst: int = Field(gt=0, le=5_000, description="Requests at once.")


class Cors(Piece):
    """Which pages of other origins may call an API, and how: browsers ask before.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    """

    origins: tuple[str, ...] = Field(
        min_length=1,
        description="Such as https://www.example.com; `*` is every one.",
        examples=[["https://example.com"]],
    )
    methods: tuple[Literal["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "*"], ...] = Field(
        default=("GET", "HEAD", "OPTIONS"), description="Methods that they may use."
    )
    headers: tuple[str, ...] = Field(default=(), description="Headers that they may send.")
    expose: tuple[str, ...] = Field(default=(), description="Headers of answers that they may read.")
    max_age: int = Field(default=0, ge=0, le=86_400, description="Seconds that a browser remembers it.")
    credentials: bool = Field(default=False, description="Whether they may send cookies. Not with the origin `*`.")

    @model_validator(mode="after")
    def _no_cookies_from_everywhere(self) -> Self:
        if self.credentials and "*" in self.origins:
            raise ValueError("would let every page send cookies: name the origins, or take credentials out")
        return self


class JwtAuthorizer(Piece):
    """Lets those in who bring a token that an identity provider has signed (OpenID Connect, OAuth 2.0, Cognito)."""

    name: str
    issuer: str
    audience: tuple[str, ...]
    identity: tuple[str, ...]


class LambdaAuthorizer(Piece):
    """Lets those in whom a function lets in. `cache` is in seconds."""

    name: str
    function: Called
    identity: tuple[str, ...] = ()
    cache: int = 0


class HttpRoute(Piece):
    """What becomes of the requests of one key: `GET /things/{id}`, `$default`, `$connect`.

    `timeout` is in milliseconds. `authorizer` is the name of one, `iam`, or None: everybody may.
    """

    key: str
    to: Called
    timeout: int
    parameters: dict[str, str] = Field(default_factory=dict)
    authorizer: str | None = None
    scopes: tuple[str, ...] = ()


class HttpApi(Part):
    """An HTTP or WebSocket API, with its routes and all that belongs to them."""

    kind: ClassVar[str] = "http-api"
    protocol: Literal["HTTP", "WEBSOCKET"] = "HTTP"
    description: str = ""
    selection: str = Field(default="", description="WebSocket: where in a message its route's key stands.")
    cors: Cors | None = None
    default_endpoint: bool = True
    authorizers: tuple[JwtAuthorizer | LambdaAuthorizer, ...] = ()
    routes: tuple[HttpRoute, ...] = ()


class ApiStage(Part):
    """What visitors reach of an HTTP or WebSocket API: the API as it was deployed last, and never a half-made one."""

    kind: ClassVar[str] = "api-stage"
    api: Annotated[Id, of("http-api")]
    stage: str = DEFAULT_STAGE
    serves: HttpApi = Field(description="The API as it is to be deployed.")
    throttle: Throttle
    routes: dict[str, Throttle] = Field(default_factory=dict, description="Throttles of single routes, by their keys.")
    access_logs: Log | None = None
    variables: dict[str, str] = Field(default_factory=dict)
