"""Caches of ElastiCache: the section that people write, and the parts it unfolds into."""

from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, model_validator

from blueprints.admitting import Admits
from blueprints.caching import (
    CacheParameterGroup,
    CacheSubnetGroup,
    NodeType,
    OnRemoval,
    ReplicationGroup,
    Version,
    default_group,
    family_of,
)
from blueprints.firewalls import Firewall, SecurityGroup
from blueprints.log_groups import KeyArn
from blueprints.network import Network
from blueprints.part import Part, Piece
from blueprints.problem import Problem
from blueprints.secrets import Random, Secret
from blueprints.windows import HOUR, Daily, Weekly, window_problems

NEWEST = {"valkey": "8.0", "redis": "7.1"}
CLUSTER_MODE = "cluster-enabled"


class Cache(Piece):
    """A cache in the network's private subnets: encrypted, with TLS and a password; only those it admits reach it."""

    engine: Literal["valkey", "redis"] = Field(default="valkey", description="What runs on it.")
    version: Version | None = Field(
        default=None,
        description="Major and minor, such as 8.0; 8.0 of Valkey, 7.1 of Redis, if not given. It can't be lowered.",
    )
    node_type: NodeType = Field(default="cache.t4g.small", description="Size of each node, as ElastiCache names it.")
    shards: int | None = Field(
        default=None, ge=1, le=500, description="If given, keys are spread over so many shards (cluster mode)."
    )
    replicas: int = Field(default=1, ge=0, le=5, description="Copies of each primary node, in other zones.")
    failover: bool | None = Field(
        default=None,
        description="Whether a replica in another zone takes over by itself; it does, if there is one.",
    )
    port: int = Field(default=6379, ge=1024, le=65535, description="Where it listens.")
    admits: Admits = Field(default=Admits(), description="Who may reach it.")
    tls: bool = Field(default=True, description="Whether it speaks TLS, and nothing else.")
    token: bool = Field(
        default=True, description="Whether it asks for a password: the secret cache-<name>, which is made for it."
    )
    encrypted: bool = Field(default=True, description="Whether what it stores on disk is encrypted.")
    kms_key: KeyArn | None = Field(default=None, description="ARN of the key for that; AWS's own, if not given.")
    parameters: dict[str, str | int] = Field(
        default_factory=dict, description="Settings of the engine, such as maxmemory-policy, as ElastiCache names them."
    )
    snapshots: int = Field(default=1, ge=0, le=35, description="Days that daily snapshots are kept; 0: there are none.")
    snapshot_window: Daily | None = Field(default=None, description="When, in UTC: 03:00-04:00; AWS chooses else.")
    maintenance: Weekly | None = Field(
        default=None, description="When AWS may work on it, in UTC: sun:05:00-sun:06:00; AWS chooses else."
    )
    minor_upgrades: bool = Field(default=True, description="Whether AWS raises its minor version by itself.")
    from_snapshot: str | None = Field(
        default=None, max_length=255, description="A snapshot's name: what is in it first."
    )
    on_removal: OnRemoval = Field(
        default="snapshot",
        description="When nobody wants it any more: it goes after a last snapshot, or with all in it.",
    )

    @model_validator(mode="after")
    def _sound(self) -> "Cache":
        if self.token and not self.tls:
            raise ValueError("has a token, which AWS takes with TLS only: set token: false, or tls: true")
        if self.kms_key and not self.encrypted:
            raise ValueError("has a kms_key, but isn't encrypted: leave one of both out")
        if self.failover and self.replicas == 0:
            raise ValueError("has failover, but no replica to take over: set replicas: 1")
        if self.shards is not None and self.failover is False:
            raise ValueError("has shards, which AWS keeps with failover only: leave failover out")
        if CLUSTER_MODE in self.parameters:
            raise ValueError(f"has a parameter {CLUSTER_MODE}, which `shards` says")
        return self

    @property
    def unkept(self) -> bool:
        """Whether AWS takes no snapshot of such nodes: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups.html"""
        return self.node_type == "cache.t1.micro" and self.shards is None

    @property
    def _version(self) -> str:
        return self.version or NEWEST[self.engine]

    def problems(self, name: str, document: Any) -> Iterator[Problem]:
        """What doesn't fit with the rest of the document."""
        where, network = f"caches.{name}", document.network
        if network is None:
            yield Problem(where, "the document has no network, and caches stand in one", "Add one")
        elif self.replicas and self.failover is not False and len(network.zone_names(document.region)) < 2:
            why = "failover goes to another zone, and the network has one only"
            yield Problem(f"{where}.failover", why, "Add a zone to the network, or set failover: false")
        weekly, daily = ("maintenance", self.maintenance), ("snapshot_window", self.snapshot_window)
        yield from window_problems(where, HOUR, weekly, daily)
        if self.token and f"cache-{name}" in document.secrets:
            yield Problem(f"secrets.cache-{name}", f"{where}.token makes a secret of this name", "Rename one of them")
        yield from self.admits.problems(f"{where}.admits", document)

    def parts(self, name: str, network: Network, region: str) -> Iterator[Part]:
        """The cache with its subnet group, security group, firewall, password and parameters."""
        where, called = f"caches.{name}", f"cache-{name}"
        subnets = network.subnet_keys("private", region)
        yield SecurityGroup(name=called, where=where, vpc=network.vpc, description=f"Cache {name}")
        inbound = tuple(self.admits.rules(self.port))
        yield Firewall(name=called, where=where, group=f"security-group/{called}", inbound=inbound)
        yield CacheSubnetGroup(name=name, where=where, vpc=network.vpc, subnets=subnets)
        if self.token:
            yield Secret(name=called, where=where, random=Random(length=64), on_removal="wipe", recovery=0)
        settings = {key: str(value) for key, value in self.parameters.items()}
        cluster = self.shards is not None
        if settings:
            settings |= {CLUSTER_MODE: "yes"} if cluster else {}
            family = family_of(self.engine, self._version)
            yield CacheParameterGroup(name=name, where=where, family=family, parameters=settings)
        own = default_group(self.engine, self._version, cluster)
        yield ReplicationGroup(
            name=name,
            where=where,
            engine=self.engine,
            version=self._version,
            node_type=self.node_type,
            cluster=cluster,
            shards=self.shards or 1,
            replicas=self.replicas,
            failover=cluster or (self.replicas > 0 if self.failover is None else self.failover),
            subnet_group=f"cache-subnet-group/{name}",
            groups=(f"security-group/{called}",),
            parameter_group=f"cache-parameter-group/{name}" if settings else own,
            port=self.port,
            tls=self.tls,
            encrypted=self.encrypted,
            kms_key=self.kms_key,
            token=f"secret/{called}" if self.token else None,
            snapshots=self.snapshots,
            snapshot_window=self.snapshot_window,
            maintenance=self.maintenance,
            minor_upgrades=self.minor_upgrades,
            from_snapshot=self.from_snapshot,
            on_removal=self.on_removal,
        )
