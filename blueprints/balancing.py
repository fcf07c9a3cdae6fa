"""Load balancers: the section that people write, and how it unfolds into parts."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Literal, Protocol

from pydantic import BeforeValidator, Field

from blueprints import listening
from blueprints.classic import CLASSIC_TLS_POLICY, ClassicBalancer, ClassicListener
from blueprints.entrances import Entrance
from blueprints.firewalls import ANYWHERE, Firewall, Rule, SecurityGroup
from blueprints.gateways import Address
from blueprints.health import AccessLogs, HealthCheck
from blueprints.load_balancers import LoadBalancer, TargetGroup
from blueprints.network import Network
from blueprints.part import Part, Piece
from blueprints.problem import Problem

__all__ = ["Balancer", "LoadBalancer", "TargetGroup"]


class Behind(Protocol):
    """Servers, as balancers see them."""

    @property
    def port(self) -> int | None: ...
    @property
    def health_check(self) -> HealthCheck: ...
    @property
    def stickiness(self) -> int: ...
    @property
    def deregistration_delay(self) -> int: ...


ONLY = {
    "deletion_protection": ("application", "network"),
    "drop_invalid_headers": ("application",),
    "idle_timeout": ("application", "classic"),
    "static_addresses": ("network",),
    "preserve_client_ip": ("network",),
    "sticky": ("network",),
    "cookie": ("classic",),
}
"""Settings that not every kind of balancer has."""
OVER = {"UDP": ("udp",), "TCP_UDP": ("tcp", "udp")}
"""What a listener's protocol goes over, where that isn't TCP alone."""


class Balancer(Piece):
    """A load balancer in front of servers: for HTTP (application), for TCP, UDP and TLS (network), or an old one."""

    kind: Literal["application", "network", "classic"] = Field(
        default="application",
        description="Application for HTTP, network for all else; classic where one stands already.",
    )
    public: bool = Field(default=False, description="Whether it can be reached from the internet.")
    listeners: tuple[Entrance, ...] = Field(min_length=1)
    idle_timeout: int = Field(
        default=60, ge=1, le=4000, description="Seconds until an idle connection is closed. Not of network ones."
    )
    deletion_protection: bool = False
    drop_invalid_headers: bool = True
    cross_zone: bool | None = Field(
        default=None,
        description="Whether each zone sends to servers in all. Left out: yes; network ones no, as AWS charges.",
    )
    access_logs: Annotated[
        AccessLogs | None,
        BeforeValidator(
            lambda value: {"bucket": value} if isinstance(value, str) else value,
            json_schema_input_type=str | AccessLogs | None,
        ),
    ] = Field(default=None, description="Name of a bucket, or a bucket and a prefix. Network ones log TLS only.")
    static_addresses: bool = Field(
        default=False, description="Network and public: an elastic IP address in each zone, which stays the same."
    )
    preserve_client_ip: bool = Field(
        default=True, description="Network: whether servers see the visitor's address, or the balancer's."
    )
    sticky: bool = Field(
        default=False, description="Network: whether a visitor, known by address, stays with a server."
    )
    cookie: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]+$", max_length=255)] | None = Field(
        default=None, description="Classic: the application's own cookie, for as long as which a visitor stays."
    )

    def targets(self) -> tuple[str, ...]:
        """Names of the servers it sends requests to."""
        named = (name for one in self.listeners for answer in (one, *one.rules) for name in answer.to)
        return tuple(dict.fromkeys(named))

    # ------------------------------------------------------------------ what's wrong

    def problems(
        self, name: str, network: Network | None, region: str, servers: Mapping[str, Behind]
    ) -> Iterator[Problem]:
        """What doesn't fit with the rest."""
        where = f"balancers.{name}"
        if self.kind == "application" and network is not None and len(network.zone_names(region)) < 2:
            yield Problem(where, "an application load balancer needs two zones", "Set network.zones to 2 or more")
        yield from self._own_problems(where)
        for index, one in enumerate(self.listeners):
            at = f"{where}.listeners.{index}"
            if any(other.port == one.port for other in self.listeners[:index]):
                way_out = "Use one listener with rules" if self.kind == "application" else "Use TCP_UDP for both"
                yield Problem(f"{at}.port", f"port {one.port} is listened on twice", way_out)
            yield from one.problems(at, region, self.kind)
            yield from _unknown_targets(f"{at}.to", one.to, servers)
            for number, rule in enumerate(one.rules):
                yield from _unknown_targets(f"{at}.rules.{number}.to", rule.to, servers)
        for target in self.targets():
            if target in servers:
                yield from self._target_problems(where, target, servers[target])

    def _own_problems(self, where: str) -> Iterator[Problem]:
        """Settings that this kind doesn't have, or that don't go together."""
        for field, kinds in ONLY.items():
            if self.kind not in kinds and getattr(self, field) != type(self).model_fields[field].default:
                why = f"only {' and '.join(kinds)} load balancers have it"
                yield Problem(f"{where}.{field}", why, f"Take it out, or set kind: {kinds[0]}")
        protocols = {one.speaks(self.kind) for one in self.listeners}
        if self.cookie and not protocols & {"HTTP", "HTTPS"}:
            yield Problem(f"{where}.cookie", "no listener speaks HTTP", "Take it out")
        if self.kind == "classic":
            yield from self._classic_problems(where)
        if self.static_addresses and not self.public:
            yield Problem(f"{where}.static_addresses", "is for public ones", "Set public: true, or take it out")
        if self.kind == "network" and self.access_logs and "TLS" not in protocols:
            yield Problem(f"{where}.access_logs", "a network load balancer logs TLS only", "Use flow logs instead")
        if self.kind == "network" and not self.preserve_client_ip and protocols & {"UDP", "TCP_UDP"}:
            why = "UDP always preserves the visitor's address"
            yield Problem(f"{where}.preserve_client_ip", why, "Take it out, or use another balancer for UDP")

    def _classic_problems(self, where: str) -> Iterator[Problem]:
        if len(self.targets()) > 1:
            why = (
                f"all ports of a classic load balancer lead to the same servers, not to {' and '.join(self.targets())}"
            )
            yield Problem(f"{where}.listeners", why, "Name one, or set kind: application")
        for index, one in enumerate(self.listeners):
            if len(one.certificate) > 1:
                why = "a classic load balancer has one certificate a port"
                yield Problem(f"{where}.listeners.{index}.certificate", why, "Name one, or set kind: application")

    def _target_problems(self, where: str, target: str, servers: Behind) -> Iterator[Problem]:
        if self.kind == "application" and servers.health_check.protocol == "TCP":
            why = f"an application load balancer ({where}) checks by HTTP or HTTPS"
            yield Problem(f"servers.{target}.health_check", why, "Give a path that answers when a server is well")
        if self.kind == "classic" and servers.health_check.codes != "200":
            why = f"a classic load balancer ({where}) takes only the code 200"
            yield Problem(f"servers.{target}.health_check.codes", why, "Take it out, or set kind: application")
        if self.cookie and servers.stickiness:
            why = f"servers.{target}.stickiness is for a time already"
            yield Problem(f"{where}.cookie", why, "Take one of them out")
        if self.kind == "application" and self.cross_zone is False and servers.stickiness:
            why = f"AWS has no stickiness without cross_zone, and servers.{target} have it"
            yield Problem(f"{where}.cross_zone", why, "Take one of them out")
        protocols = self._protocols(target)
        if "TLS" in protocols and protocols & {"UDP", "TCP_UDP"}:
            why = f"servers.{target} can't get TLS and UDP from one balancer"
            yield Problem(where, why, "Use another balancer for UDP")
        if self.sticky and "TLS" in protocols:
            yield Problem(f"{where}.sticky", "TLS listeners have no stickiness", "Take it out")

    # ------------------------------------------------------------------ what it unfolds into

    def parts(self, name: str, network: Network, region: str, servers: Mapping[str, Behind]) -> Iterator[Part]:
        """The balancer with its group, firewall, addresses, listeners and rules."""
        where = f"balancers.{name}"
        yield SecurityGroup(name=f"balancer-{name}", where=where, vpc=network.vpc, description=f"Load balancer {name}")
        yield self._firewall(name, network, where, servers)
        if self.kind == "classic":
            yield self._classic(name, network, region, where, servers[self.targets()[0]])
            return
        letters = network.letters(region) if self.static_addresses else ()
        addresses = tuple(Address(name=f"balancer-{name}-{letter}", where=where) for letter in letters)
        yield from addresses
        application = self.kind == "application"
        yield LoadBalancer(
            name=name,
            where=where,
            type="application" if application else "network",
            vpc=network.vpc,
            public=self.public,
            subnets=network.subnet_keys("public" if self.public else "private", region),
            groups=(f"security-group/balancer-{name}",),
            addresses=tuple(address.key for address in addresses),
            idle_timeout=self.idle_timeout if application else None,
            deletion_protection=self.deletion_protection,
            drop_invalid_headers=self.drop_invalid_headers if application else None,
            cross_zone=None if application else self.cross_zone,
            access_logs=self.access_logs,
            after=network.ways_in() if self.public else (),
        )
        for index, one in enumerate(self.listeners):
            yield from one.parts(name, self.kind, f"{where}.listeners.{index}")

    def _classic(self, name: str, network: Network, region: str, where: str, servers: Behind) -> ClassicBalancer:
        port, check = servers.port or 0, self._check(servers)
        spoken = {"HTTP": "HTTP", "HTTPS": "HTTPS", "TCP": "TCP", "TLS": "SSL"}
        listeners = tuple(
            ClassicListener(
                port=one.port,
                protocol=spoken[one.speaks(self.kind)],
                target_port=port,
                target_protocol="HTTP" if one.speaks(self.kind) in ("HTTP", "HTTPS") else "TCP",
                certificate=next(iter(one.certificate), None),
                ssl_policy=(one.ssl_policy or CLASSIC_TLS_POLICY) if one.certificate else None,
            )
            for one in self.listeners
        )
        return ClassicBalancer(
            name=name,
            where=where,
            vpc=network.vpc,
            public=self.public,
            subnets=network.subnet_keys("public" if self.public else "private", region),
            groups=(f"security-group/balancer-{name}",),
            listeners=listeners,
            health_check=check.model_copy(update={"port": port if check.port == "traffic-port" else check.port}),
            stickiness=servers.stickiness,
            cookie=self.cookie,
            cross_zone=self.cross_zone is not False,
            draining=servers.deregistration_delay,
            idle_timeout=self.idle_timeout,
            access_logs=self.access_logs,
            after=network.ways_in() if self.public else (),
        )

    def target_group(self, name: str, target: str, servers: Behind, network: Network, where: str) -> TargetGroup:
        """The target group of these servers."""
        protocols, by_address = self._protocols(target), self.kind == "network"
        told: listening.Protocol = "TCP"
        if protocols & {"UDP", "TCP_UDP"}:
            told = "UDP" if protocols == {"UDP"} else "TCP_UDP"
        return TargetGroup(
            name=f"{name}-{target}",
            where=where,
            vpc=network.vpc,
            port=servers.port,
            protocol=told if by_address else "HTTP",
            health_check=self._check(servers),
            stickiness=("source_ip" if self.sticky else 0) if by_address else servers.stickiness,
            deregistration_delay=servers.deregistration_delay,
            cross_zone=False if not by_address and self.cross_zone is False else None,
            preserve_client_ip=False if not self.preserve_client_ip else None,
        )

    def admitted(self, target: str, servers: Behind) -> tuple[tuple[Literal["tcp", "udp"], int], ...]:
        """Over what, and on which ports, servers must admit it: for requests, and for the health check."""
        port = servers.port or 0
        over: list[Literal["tcp", "udp"]] = [over for over in ("tcp", "udp") if over in self._over(target)]
        check = servers.health_check.port
        return tuple(
            dict.fromkeys([*((one, port) for one in over), ("tcp", port if check == "traffic-port" else check)])
        )

    def _check(self, servers: Behind) -> HealthCheck:
        """Where nothing is said, and nobody listens for HTTP, it asks only whether the port is open."""
        http = any(one.speaks(self.kind) in ("HTTP", "HTTPS") for one in self.listeners)
        usual = not http and servers.health_check == HealthCheck()
        return HealthCheck(protocol="TCP") if usual else servers.health_check

    def _protocols(self, target: str) -> set[listening.Protocol]:
        """What the listeners speak that send to these servers."""
        return {
            one.speaks(self.kind) for one in self.listeners if any(target in answer.to for answer in (one, *one.rules))
        }

    def _over(self, target: str) -> set[str]:
        return {over for protocol in self._protocols(target) for over in OVER.get(protocol, ("tcp",))}

    def _firewall(self, name: str, network: Network, where: str, servers: Mapping[str, Behind]) -> Firewall:
        peers = ANYWHERE if self.public else (network.addresses,)
        inbound = tuple(
            Rule(protocol=over, ports=(one.port, one.port), peer=peer)
            for one in self.listeners
            for over in OVER.get(one.speaks(self.kind), ("tcp",))
            for peer in peers
        )
        outbound = tuple(
            Rule(protocol=over, ports=(port, port), peer=f"security-group/servers-{target}")
            for target in self.targets()
            for over, port in self.admitted(target, servers[target])
        )
        group = f"security-group/balancer-{name}"
        return Firewall(name=f"balancer-{name}", where=where, group=group, inbound=inbound, outbound=outbound)


def _unknown_targets(path: str, names: Iterable[str], servers: Mapping[str, Behind]) -> Iterator[Problem]:
    names = tuple(names)
    for name in names:
        at = path if len(names) == 1 else f"{path}.{name}"
        if name not in servers:
            known = ", ".join(servers) or "none are described"
            yield Problem(at, f"there are no servers {name}", f"Name one of: {known}")
        elif servers[name].port is None:
            yield Problem(at, f"servers.{name} says no port", f"Set servers.{name}.port")
