"""Load balancers: the section that people write, and the parts it unfolds into."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from blueprints.listening import Entrance
from blueprints.network import ANYWHERE, Firewall, GroupId, Network, Rule, SecurityGroup, SubnetId, VpcId
from blueprints.part import Part, Piece, Ready
from blueprints.problem import Problem


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


# ---------------------------------------------------------------------- the section


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
        named = (name for one in self.listeners for answer in (one, *one.rules) for name in answer.to)
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
            yield from one.problems(at, region)
            yield from _unknown_targets(f"{at}.to", one.to, ports)
            for number, rule in enumerate(one.rules):
                yield from _unknown_targets(f"{at}.rules.{number}.to", rule.to, ports)

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
            yield from one.parts(name, f"{where}.listeners.{index}")

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


def _unknown_targets(path: str, names: Iterable[str], ports: Mapping[str, int | None]) -> Iterator[Problem]:
    names = tuple(names)
    for name in names:
        at = path if len(names) == 1 else f"{path}.{name}"
        if name not in ports:
            known = ", ".join(ports) or "none are described"
            yield Problem(at, f"there are no servers {name}", f"Name one of: {known}")
        elif ports[name] is None:
            yield Problem(at, f"servers.{name} says no port", f"Set servers.{name}.port")
