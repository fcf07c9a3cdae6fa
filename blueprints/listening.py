"""Listeners of load balancers, and what becomes of requests: the parts, and how people write them."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from blueprints.part import Id, Name, Part, Piece, of
from blueprints.problem import Problem

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


def _shares(value: Any) -> Any:
    if isinstance(value, str):
        return {value: 1}
    if isinstance(value, Mapping) and value and not any(value.values()):
        raise ValueError("has no weight but 0: nobody would get a request; give one of them more")
    if isinstance(value, Mapping) and len(value) > MOST_TARGETS:
        raise ValueError(f"names {len(value)}; AWS shares requests among {MOST_TARGETS} at most")
    return value


def _redirect(value: Any) -> Any:
    if isinstance(value, str) and value != "https":
        raise ValueError("should be the word https, or a mapping of protocol, port, host, path and query")
    return {"protocol": "HTTPS", "port": 443} if value == "https" else value


Shares = Annotated[dict[Name, Weight], BeforeValidator(_shares, json_schema_input_type=Name | dict[Name, Weight])]


class Answered(Piece):
    """What becomes of requests: one of `to`, `redirect` and `respond`."""

    to: Shares = Field(
        default_factory=dict, description="Servers, by name; or several, each with its weight: {app: 90, canary: 10}."
    )
    redirect: Annotated[
        Redirect | None, BeforeValidator(_redirect, json_schema_input_type=Literal["https"] | Redirect | None)
    ] = Field(default=None, description="Where to ask instead. `https`: the same over HTTPS.")
    respond: Response | None = Field(default=None, description="What the balancer itself answers.")

    @model_validator(mode="after")
    def _one_of_three(self) -> Self:
        given = [name for name in ("to", "redirect", "respond") if getattr(self, name)]
        if len(given) != 1:
            raise ValueError(f"should say one of to, redirect and respond, not {' and '.join(given) or 'none'}")
        return self

    def action(self, balancer: str) -> Action:
        """The same, with the balancer's target groups instead of servers."""
        if answer := self.redirect or self.respond:
            return answer
        one = len(self.to) == 1
        return Forward(
            shares=tuple(
                Share(target_group=Id(f"target-group/{balancer}-{name}"), weight=1 if one else weight)
                for name, weight in self.to.items()
            )
        )


class Detour(Answered):
    """Requests that fare otherwise: all that's asked for must hold. `*` and `?` are wildcards."""

    path: Several = Field(default=(), max_length=5, description="Path patterns, such as /api/*.")
    host: Several = Field(default=(), max_length=5, description="Host names, such as api.example.com.")
    header: dict[str, Several] = Field(default_factory=dict, description="Headers, such as {x-beta: 'yes'}.")
    method: Several = Field(default=(), description="HTTP methods, such as POST.")
    query: dict[str, Several] = Field(default_factory=dict, description="Parameters, such as {version: '2'}.")

    @model_validator(mode="after")
    def _asks_for_something(self) -> Self:
        asked = (*self.path, *self.host, *self.method)
        asked += tuple(one for several in (*self.header.values(), *self.query.values()) for one in several)
        if not asked:
            raise ValueError("should say for which path or host it is (or header, method, query)")
        if len(asked) > MOST_CONDITIONS:
            raise ValueError(f"has {len(asked)} conditions; AWS takes {MOST_CONDITIONS} a rule")
        return self


class Entrance(Answered):
    """A port of a balancer: what becomes of requests, and rules for those that fare otherwise, first match first."""

    port: Port
    protocol: Protocol | None = Field(
        default=None, description="Left out: HTTP, or TCP on a network load balancer. HTTPS and TLS need a certificate."
    )
    certificate: Annotated[
        tuple[Certificate, ...],
        BeforeValidator(
            lambda value: (value,) if isinstance(value, str) else value,
            json_schema_input_type=Certificate | tuple[Certificate, ...],
        ),
    ] = Field(
        default=(), description="ARN of a certificate in ACM; or several: the first is for who names no known host."
    )
    ssl_policy: str | None = Field(
        default=None,
        pattern=r"^ELBSecurityPolicy-[A-Za-z0-9-]+$",
        description=f"Which TLS is spoken. Left out: {TLS_POLICY} (TLS 1.3 and 1.2); classic: TLS 1.2.",
    )
    rules: tuple[Detour, ...] = Field(default=(), max_length=100)

    def speaks(self, kind: str) -> Protocol:
        """The protocol, on a balancer of this kind."""
        return self.protocol or SPOKEN[kind][0]

    def problems(self, at: str, region: str, kind: str) -> Iterator[Problem]:
        """What's wrong with the port itself, on a balancer of this kind."""
        protocol = self.speaks(kind)
        if protocol not in SPOKEN[kind]:
            why = f"{protocol} isn't spoken by {kind} load balancers"
            yield Problem(f"{at}.protocol", why, f"Choose {' or '.join(SPOKEN[kind])}")
            return
        yield from self._certificate_problems(at, region, protocol, SPOKEN[kind])
        if self.redirect == Redirect(protocol="HTTPS", port=self.port) and protocol == "HTTPS":
            yield Problem(f"{at}.redirect", "leads back to where it was asked", "Redirect from the port that has HTTP")
        if kind != "application":
            for field in ("redirect", "respond", "rules"):
                if getattr(self, field):
                    why = f"{kind} load balancers don't look into requests"
                    yield Problem(f"{at}.{field}", why, "Take it out, or set kind: application")
            if len(self.to) > 1:
                why = f"{kind} load balancers send all to the same servers"
                yield Problem(f"{at}.to", why, "Name one, or set kind: application")

    def _certificate_problems(
        self, at: str, region: str, protocol: Protocol, spoken: tuple[Protocol, ...]
    ) -> Iterator[Problem]:
        if protocol in SECURE and not self.certificate:
            way_out = f"Name one of {region} by its ARN: certificate: arn:aws:acm:{region}:…"
            yield Problem(f"{at}.certificate", f"{protocol} needs a certificate", way_out)
        if protocol not in SECURE:
            secure = " or ".join(one for one in spoken if one in SECURE)
            for field in ("certificate", "ssl_policy"):
                if getattr(self, field):
                    why = f"is for {secure}, and port {self.port} speaks {protocol}"
                    yield Problem(f"{at}.{field}", why, f"Set protocol: {secure}, or take it out")
        if len(self.certificate) > MOST_CERTIFICATES + 1:
            why = f"names {len(self.certificate)}; AWS takes {MOST_CERTIFICATES} beside the default one"
            yield Problem(f"{at}.certificate", why, "Use certificates for several names")
        for index, arn in enumerate(self.certificate):
            path = f"{at}.certificate.{index}" if len(self.certificate) > 1 else f"{at}.certificate"
            service, of_region = arn.split(":")[2:4]
            if service == "acm" and of_region != region:
                why = f"is a certificate of {of_region}, and the balancer stands in {region}"
                yield Problem(path, why, f"Ask ACM for one in {region}")
            if arn in self.certificate[:index]:
                yield Problem(path, f"{arn} is named twice", "Name it once")

    def parts(self, balancer: str, kind: str, where: str) -> Iterator[Part]:
        """The listener and its rules."""
        name = f"{balancer}-{self.port}"
        yield Listener(
            name=name,
            where=where,
            load_balancer=f"load-balancer/{balancer}",
            port=self.port,
            protocol=self.speaks(kind),
            certificates=self.certificate,
            ssl_policy=(self.ssl_policy or TLS_POLICY) if self.certificate else None,
            action=self.action(balancer),
        )
        for index, rule in enumerate(self.rules):
            yield ListenerRule(
                name=f"{name}-{index + 1}",
                where=f"{where}.rules.{index}",
                listener=f"listener/{name}",
                priority=index + 1,
                paths=rule.path,
                hosts=rule.host,
                headers=tuple(HeaderIs(name=header, values=values) for header, values in rule.header.items()),
                methods=rule.method,
                queries=tuple(QueryIs(key=key, values=values) for key, values in rule.query.items()),
                action=rule.action(balancer),
            )
