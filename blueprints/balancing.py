"""Load balancers: the section that people write, and the parts it unfolds into."""

from collections.abc import Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from blueprints.network import ANYWHERE, Firewall, GroupId, Network, Rule, SecurityGroup, SubnetId, VpcId
from blueprints.part import Id, Name, Part, Piece, Ready, of
from blueprints.problem import Problem

TargetGroupId = Annotated[Id, of("target-group")]


class LoadBalancer(Part):
    """An application load balancer."""

    kind: ClassVar[str] = "load-balancer"
    vpc: VpcId
    public: bool = False
    subnets: tuple[SubnetId, ...] = Field(min_length=2)
    groups: tuple[GroupId, ...] = Field(min_length=1)
    idle_timeout: int = Field(default=60, ge=1, le=4000, description="Seconds.")
    deletion_protection: bool = False
    drop_invalid_headers: bool = True
    after: tuple[Ready, ...] = Field(default=(), description="An internet gateway, where it's public.")


class HealthCheck(Piece):
    """How a target group finds out whether a target is well. Times in seconds."""

    path: str = "/"
    port: Annotated[int, Field(ge=1, le=65535)] | Literal["traffic-port"] = "traffic-port"
    protocol: Literal["HTTP", "HTTPS"] = "HTTP"
    codes: str = Field(default="200", pattern=r"^[0-9]{3}([,-][0-9]{3})*$")
    interval: int = Field(default=15, ge=5, le=300)
    timeout: int = Field(default=5, ge=2, le=120)
    healthy_after: int = Field(default=2, ge=2, le=10)
    unhealthy_after: int = Field(default=2, ge=2, le=10)

    @model_validator(mode="after")
    def _answers_in_time(self) -> "HealthCheck":
        if self.timeout >= self.interval:
            raise ValueError(f"timeout {self.timeout} should be less than interval {self.interval}")
        return self


class TargetGroup(Part):
    """Where a load balancer sends requests to. Instances of a scaling group register themselves."""

    kind: ClassVar[str] = "target-group"
    vpc: VpcId
    port: int = Field(ge=1, le=65535)
    protocol: Literal["HTTP", "HTTPS"] = "HTTP"
    health_check: HealthCheck = HealthCheck()
    stickiness: int = Field(
        default=0, ge=0, le=604800, description="Seconds that a visitor stays with a target; 0 is off."
    )
    deregistration_delay: int = Field(default=60, ge=0, le=3600, description="Seconds.")


class Listener(Part):
    """A port of a load balancer, and where its requests go that no rule takes."""

    kind: ClassVar[str] = "listener"
    load_balancer: Annotated[Id, of("load-balancer")]
    port: int = Field(ge=1, le=65535)
    protocol: Literal["HTTP"] = "HTTP"
    target_group: TargetGroupId


class ListenerRule(Part):
    """Requests of a listener, by path or host, that go elsewhere. The lowest priority is asked first."""

    kind: ClassVar[str] = "listener-rule"
    listener: Annotated[Id, of("listener")]
    priority: int = Field(ge=1, le=50000)
    paths: tuple[str, ...] = Field(default=(), max_length=5)
    hosts: tuple[str, ...] = Field(default=(), max_length=5)
    target_group: TargetGroupId


# ---------------------------------------------------------------------- the section

MOST_CONDITIONS = 5  # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
Port = Annotated[int, Field(ge=1, le=65535)]
Several = Annotated[
    tuple[str, ...],
    BeforeValidator(
        lambda value: (value,) if isinstance(value, str) else value, json_schema_input_type=str | tuple[str, ...]
    ),
]


class Forward(Piece):
    """Requests for a path or a host that go to other servers. `*` and `?` are wildcards."""

    path: Several = Field(default=(), max_length=5, description="Path patterns, such as /api/*.")
    host: Several = Field(default=(), max_length=5, description="Host names, such as api.example.com.")
    to: Name = Field(description="Servers, by name.")

    @model_validator(mode="after")
    def _asks_for_something(self) -> "Forward":
        if not self.path and not self.host:
            raise ValueError("should say for which path or host it is")
        if len(self.path) + len(self.host) > MOST_CONDITIONS:
            raise ValueError(f"has {len(self.path) + len(self.host)} conditions; AWS takes {MOST_CONDITIONS} a rule")
        return self


class Entrance(Piece):
    """A port of a balancer: servers that get its requests, and rules for those that go elsewhere, first match first."""

    port: Port
    protocol: Literal["HTTP"] = "HTTP"
    to: Name = Field(description="Servers, by name.")
    rules: tuple[Forward, ...] = Field(default=(), max_length=100)


class Balancer(Piece):
    """An application load balancer in front of servers."""

    kind: Literal["application"] = "application"
    public: bool = Field(default=False, description="Whether it can be reached from the internet.")
    listeners: tuple[Entrance, ...] = Field(min_length=1)
    idle_timeout: int = Field(default=60, ge=1, le=4000, description="Seconds until an idle connection is closed.")
    deletion_protection: bool = False
    drop_invalid_headers: bool = True

    def targets(self) -> tuple[str, ...]:
        """Names of the servers it sends requests to."""
        named = (name for one in self.listeners for name in (one.to, *(rule.to for rule in one.rules)))
        return tuple(dict.fromkeys(named))

    def problems(
        self, name: str, network: Network | None, region: str, ports: Mapping[str, int | None]
    ) -> Iterator[Problem]:
        """What doesn't fit with the rest. `ports` is each server group's port, None where it has none."""
        where = f"balancers.{name}"
        if network is not None and len(network.zone_names(region)) < 2:
            yield Problem(where, "an application load balancer needs two zones", "Set network.zones to 2 or more")
        for index, one in enumerate(self.listeners):
            at = f"{where}.listeners.{index}"
            if any(other.port == one.port for other in self.listeners[:index]):
                yield Problem(f"{at}.port", f"port {one.port} is listened on twice", "Use one listener with rules")
            yield from _unknown_target(f"{at}.to", one.to, ports)
            for number, rule in enumerate(one.rules):
                yield from _unknown_target(f"{at}.rules.{number}.to", rule.to, ports)

    def parts(
        self, name: str, network: Network, region: str, ports: Mapping[str, int], checks: Mapping[str, HealthCheck]
    ) -> Iterator[Part]:
        """The balancer with its group, firewall, listeners and rules; one target group for each of its targets."""
        where = f"balancers.{name}"
        yield SecurityGroup(name=f"balancer-{name}", where=where, vpc=network.vpc, description=f"Load balancer {name}")
        yield self._firewall(name, network, where, ports, checks)
        yield LoadBalancer(
            name=name,
            where=where,
            vpc=network.vpc,
            public=self.public,
            subnets=network.subnet_keys("public" if self.public else "private", region),
            groups=(f"security-group/balancer-{name}",),
            idle_timeout=self.idle_timeout,
            deletion_protection=self.deletion_protection,
            drop_invalid_headers=self.drop_invalid_headers,
            after=network.ways_in() if self.public else (),
        )
        for index, one in enumerate(self.listeners):
            yield from _listener(name, one, f"{where}.listeners.{index}")

    def _firewall(
        self, name: str, network: Network, where: str, ports: Mapping[str, int], checks: Mapping[str, HealthCheck]
    ) -> Firewall:
        peers = ANYWHERE if self.public else (network.addresses,)
        inbound = tuple(Rule(ports=(one.port, one.port), peer=peer) for one in self.listeners for peer in peers)
        reached = dict.fromkeys(
            (target, port) for target in self.targets() for port in admitted_ports(ports[target], checks[target])
        )
        outbound = tuple(Rule(ports=(port, port), peer=f"security-group/servers-{target}") for target, port in reached)
        group = f"security-group/balancer-{name}"
        return Firewall(name=f"balancer-{name}", where=where, group=group, inbound=inbound, outbound=outbound)


def admitted_ports(port: int, check: HealthCheck) -> tuple[int, ...]:
    """The ports on which a balancer must be admitted: that of the requests, and that of the health check."""
    return (port,) if check.port in ("traffic-port", port) else (port, int(check.port))


def _listener(balancer: str, one: Entrance, where: str) -> Iterator[Part]:
    name = f"{balancer}-{one.port}"
    yield Listener(
        name=name,
        where=where,
        load_balancer=f"load-balancer/{balancer}",
        port=one.port,
        protocol=one.protocol,
        target_group=f"target-group/{balancer}-{one.to}",
    )
    for index, rule in enumerate(one.rules):
        yield ListenerRule(
            name=f"{name}-{index + 1}",
            where=f"{where}.rules.{index}",
            listener=f"listener/{name}",
            priority=index + 1,
            paths=rule.path,
            hosts=rule.host,
            target_group=f"target-group/{balancer}-{rule.to}",
        )


def _unknown_target(path: str, name: str, ports: Mapping[str, int | None]) -> Iterator[Problem]:
    if name not in ports:
        yield Problem(path, f"there are no servers {name}", f"Name one of: {', '.join(ports) or 'none are described'}")
    elif ports[name] is None:
        yield Problem(path, f"servers.{name} says no port", f"Set servers.{name}.port")
