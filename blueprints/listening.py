"""Listeners of load balancers, and what becomes of requests: the parts, and how people write them."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from blueprints.part import Id, Part, Piece, of

TargetGroupId = Annotated[Id, of("target-group")]
Port = Annotated[int, Field(ge=1, le=65535)]
Weight = Annotated[int, Field(ge=0, le=999)]
Certificate = Annotated[
    str, Field(pattern=r"^arn:aws[a-z-]*:(acm:[a-z0-9-]+:[0-9]{12}:certificate|iam::[0-9]{12}:server-certificate)/.+$")
]
Protocol = Literal["HTTP", "HTTPS", "TCP", "UDP", "TCP_UDP", "TLS"]
SECURE = ("HTTPS", "TLS")
SPOKEN: Mapping[str, tuple[Protocol, ...]] = {
    "application": ("HTTP", "HTTPS"),
    "network": ("TCP", "UDP", "TCP_UDP", "TLS"),
    "classic": ("HTTP", "HTTPS", "TCP", "TLS"),
}
"""What each kind of balancer speaks; the first is what it speaks where nothing is said."""
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"  # TLS 1.3 and 1.2, and forward secrecy always: AWS's own advice
MOST_TARGETS, MOST_CONDITIONS, MOST_CERTIFICATES = 5, 5, 25  # a forward, a rule, and beside a listener's default one
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html


# ---------------------------------------------------------------------- what becomes of a request


class Share(Piece):
    """A target group, and its weight among those that it shares requests with."""

    target_group: TargetGroupId
    weight: Weight = 1


class Forward(Piece):
    """Requests go to target groups, in proportion to their weights."""

    shares: tuple[Share, ...] = Field(min_length=1, max_length=MOST_TARGETS)


class Redirect(Piece):
    """Who asks is told to ask elsewhere. What isn't named stays as it was asked. `https` is short for the usual one."""

    protocol: Literal["HTTP", "HTTPS"] | None = None
    port: Port | None = None
    host: str | None = Field(default=None, min_length=1, max_length=128, description="Such as www.example.com.")
    path: str | None = Field(default=None, pattern=r"^/", max_length=128, description="Such as /new or /v2/#{path}.")
    query: str | None = Field(default=None, max_length=128, description="Without the question mark.")
    permanent: bool = Field(default=True, description="Whether browsers may remember it (301), or ask again (302).")

    @model_validator(mode="after")
    def _leads_elsewhere(self) -> Self:
        if (self.protocol, self.port, self.host, self.path) == (None, None, None, None):
            raise ValueError("leads back to where it was asked: give another protocol, port, host or path")
        return self


class Response(Piece):
    """The balancer itself answers."""

    code: int = Field(description="An HTTP status code: 2xx, 4xx or 5xx.")
    body: str = Field(default="", max_length=1024, description="What is answered.")
    type: Literal["text/plain", "text/html", "text/css", "application/json", "application/javascript"] = Field(
        default="text/plain", description="What the body is."
    )

    @model_validator(mode="after")
    def _answers(self) -> Self:
        if not (200 <= self.code <= 299 or 400 <= self.code <= 599):
            raise ValueError(f"code {self.code} isn't a 2xx, 4xx or 5xx; for a 3xx write redirect")
        return self


Action = Forward | Redirect | Response


def forward(*target_groups: str) -> Forward:
    """All requests to one target group, or an equal share to each."""
    return Forward(shares=tuple(Share(target_group=Id(one)) for one in target_groups))


# ---------------------------------------------------------------------- the parts


class Listener(Part):
    """A port of a load balancer, and what becomes of requests that no rule takes.

    The first certificate is the default one; a visitor who names a host that another one is for gets that (SNI).
    """

    kind: ClassVar[str] = "listener"
    load_balancer: Annotated[Id, of("load-balancer")]
    port: Port
    protocol: Protocol = "HTTP"
    certificates: tuple[Certificate, ...] = ()
    ssl_policy: str | None = None
    action: Action

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.protocol in SECURE) != bool(self.certificates) or (self.ssl_policy and not self.certificates):
            raise ValueError(f"{self.key}: {' and '.join(SECURE)} have certificates, and nothing else has")
        if self.protocol not in SPOKEN["application"] and not isinstance(self.action, Forward):
            raise ValueError(f"{self.key}: {self.protocol} can only be forwarded")
        return self


class HeaderIs(Piece):
    """A header that must have one of these values. `*` and `?` are wildcards."""

    name: str
    values: tuple[str, ...]


class QueryIs(Piece):
    """A parameter of the query that must have one of these values. `*` and `?` are wildcards."""

    key: str
    values: tuple[str, ...]


class ListenerRule(Part):
    """Requests of a listener that fare otherwise: all conditions must hold. The lowest priority is asked first."""

    kind: ClassVar[str] = "listener-rule"
    listener: Annotated[Id, of("listener")]
    priority: int = Field(ge=1, le=50000)
    paths: tuple[str, ...] = Field(default=(), max_length=MOST_CONDITIONS)
    hosts: tuple[str, ...] = Field(default=(), max_length=MOST_CONDITIONS)
    headers: tuple[HeaderIs, ...] = ()
    methods: tuple[str, ...] = ()
    queries: tuple[QueryIs, ...] = ()
    action: Action


# ---------------------------------------------------------------------- the section

Several = Annotated[
    tuple[str, ...],
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value, json_schema_input_type=str | tuple[str, ...]
    ),
]
