"""What people write of a listener: where its requests go, and the rules for those that go elsewhere."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from blueprints.listening import (
    MOST_CERTIFICATES,
    MOST_CONDITIONS,
    MOST_TARGETS,
    SECURE,
    SPOKEN,
    TLS_POLICY,
    Action,
    Certificate,
    Forward,
    HeaderIs,
    Listener,
    ListenerRule,
    Port,
    Protocol,
    QueryIs,
    Redirect,
    Response,
    Several,
    Share,
    Weight,
)
from blueprints.part import Id, Name, Part, Piece
from blueprints.problem import Problem


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
