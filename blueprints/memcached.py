"""Caches of Memcached: what people write, and the parts it unfolds into."""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field

from blueprints.admitting import Admits
from blueprints.caching import CacheCluster, CacheParameterGroup, CacheSubnetGroup, FullVersion, NodeType
from blueprints.firewalls import Firewall, SecurityGroup
from blueprints.network import Network
from blueprints.part import Part, Piece
from blueprints.problem import Problem
from blueprints.windows import HOUR, Weekly, window_problems


class Memcached(Piece):
    """A cache of Memcached in the network's private subnets, with TLS; only those it admits reach it.

    It asks for no password, and stores nothing: what is in it goes with its nodes.
    """

    engine: Literal["memcached"] = Field(description="What runs on it.")
    version: FullVersion = Field(default="1.6.22", description="In full. It can't be lowered.")
    node_type: NodeType = Field(default="cache.t4g.small", description="Size of each node, as ElastiCache names it.")
    nodes: int = Field(default=1, ge=1, le=40, description="How many there are, spread over the network's zones.")
    port: int = Field(default=11211, ge=1024, le=65535, description="Where it listens.")
    admits: Admits = Field(default=Admits(), description="Who may reach it.")
    tls: bool = Field(default=True, description="Whether it speaks TLS, and nothing else.")
    parameters: dict[str, str | int] = Field(
        default_factory=dict, description="Settings, such as max_item_size, as ElastiCache names them."
    )
    maintenance: Weekly | None = Field(
        default=None, description="When AWS may work on it, in UTC: sun:05:00-sun:06:00; AWS chooses else."
    )
    minor_upgrades: bool = Field(default=True, description="Whether AWS raises its minor version by itself.")

    @property
    def _family(self) -> str:
        return f"memcached{self.version.rpartition('.')[0]}"

    def problems(self, name: str, document: Any) -> Iterator[Problem]:
        """What doesn't fit with the rest of the document."""
        if document.network is None:
            yield Problem(f"caches.{name}", "the document has no network, and caches stand in one", "Add one")
        yield from window_problems(f"caches.{name}", HOUR, ("maintenance", self.maintenance))
        yield from self.admits.problems(f"caches.{name}.admits", document)

    def parts(self, name: str, network: Network, region: str) -> Iterator[Part]:
        """The cache with its subnet group, security group, firewall and parameters."""
        where, called = f"caches.{name}", f"cache-{name}"
        yield SecurityGroup(name=called, where=where, vpc=network.vpc, description=f"Cache {name}")
        inbound = tuple(self.admits.rules(self.port))
        yield Firewall(name=called, where=where, group=f"security-group/{called}", inbound=inbound)
        subnets = network.subnet_keys("private", region)
        yield CacheSubnetGroup(name=name, where=where, vpc=network.vpc, subnets=subnets)
        if self.parameters:
            settings = {key: str(value) for key, value in self.parameters.items()}
            yield CacheParameterGroup(name=name, where=where, family=self._family, parameters=settings)
        yield CacheCluster(
            name=name,
            where=where,
            version=self.version,
            node_type=self.node_type,
            nodes=self.nodes,
            spread=len(network.zone_names(region)) > 1,
            subnet_group=f"cache-subnet-group/{name}",
            groups=(f"security-group/{called}",),
            parameter_group=f"cache-parameter-group/{name}" if self.parameters else f"default.{self._family}",
            port=self.port,
            tls=self.tls,
            maintenance=self.maintenance,
            minor_upgrades=self.minor_upgrades,
        )
