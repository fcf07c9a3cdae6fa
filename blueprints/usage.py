"""Who uses a REST API, and how much: API keys, and the plans that they are on."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from blueprints.http_apis import Throttle
from blueprints.part import Id, Name, Part, Piece, of


class Quota(Piece):
    """How many requests a key may make: https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html"""

    limit: int = Field(ge=1, description="Requests of each key.")
    per: Literal["day", "week", "month"] = Field(description="How long until it begins anew.")


class ApiKey(Part):
    """A key that is sent as X-API-Key. AWS makes its value up, and Castra never reads it."""

    kind: ClassVar[str] = "api-key"
    description: str = ""
    enabled: bool = True


class UsagePlan(Part):
    """What the keys of a plan may use of a stage, and how much."""

    kind: ClassVar[str] = "usage-plan"
    description: str = ""
    stage: Annotated[Id, of("rest-stage")]
    throttle: Throttle | None = None
    quota: Quota | None = None
    api_keys: tuple[Annotated[Id, of("api-key")], ...] = ()


# ---------------------------------------------------------------------- the section


class Plan(Piece):
    """A plan: how much each of its keys may use. AWS aims at that, and promises nothing: it's no protection."""

    description: str = Field(default="", max_length=255, description="What it's for.")
    throttle: Throttle | None = Field(default=None, description="What is let through of each key.")
    quota: Quota | None = Field(default=None, description="How many requests of each key in a day, week or month.")
    members: tuple[Name, ...] = Field(default=(), description="Names of the API's keys that are on it.")


class Key(Piece):
    """An API key. A text in its place is its description."""

    description: str = Field(default="", max_length=255, description="Whose it is.")
    enabled: bool = Field(default=True, description="Whether it lets anybody in.")


WrittenKey = Annotated[
    Key,
    BeforeValidator(
        lambda value: {"description": value or ""} if value is None or isinstance(value, str) else value,
        json_schema_input_type=str | Key,
    ),
]
