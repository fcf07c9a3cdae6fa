"""The parts that caches are made of: where they stand, their parameters, and themselves."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprints.log_groups import KeyArn
from blueprints.part import Id, Lookup, Part, asking, of
from blueprints.places import GroupId, SubnetId, VpcId
from blueprints.windows import Daily, Weekly

Engine = Literal["valkey", "redis"]
OnRemoval = Literal["snapshot", "wipe"]
NodeType = Annotated[str, Field(pattern=r"^cache\.[a-z0-9-]+\.[a-z0-9]+$")]
Version = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+$")]
FullVersion = Annotated[str, Field(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]


def family_of(engine: str, version: str) -> str:
    """What the settings of an engine's major version are called: valkey8, redis7, redis6.x. Pure."""
    major = version.partition(".")[0]
    return "redis6.x" if (engine, major) == ("redis", "6") else f"{engine}{major}"


def default_group(engine: str, version: str, cluster: bool) -> str:
    """AWS's own parameter group, with cluster mode on or off. Pure."""
    return f"default.{family_of(engine, version)}{'.cluster.on' if cluster else ''}"


class CacheSubnetGroup(Part):
    """The subnets that caches may stand in."""

    kind: ClassVar[str] = "cache-subnet-group"
    vpc: VpcId
    subnets: tuple[SubnetId, ...] = Field(min_length=1)


class CacheParameterGroup(Part):
    """Settings of a cache's engine, for one major version of it."""

    kind: ClassVar[str] = "cache-parameter-group"
    family: str = Field(description="Engine and major version, such as valkey8.")
    parameters: dict[str, str] = Field(default_factory=dict, description="What isn't as the engine has it by itself.")


class ReplicationGroup(Part):
    """A cache of Valkey or Redis: shards, each of one primary node and its replicas."""

    kind: ClassVar[str] = "replication-group"
    engine: Engine = "valkey"
    version: Version
    node_type: NodeType
    cluster: bool = Field(default=False, description="Whether keys are spread over shards (cluster mode).")
    shards: int = Field(default=1, ge=1, le=500)
    replicas: int = Field(default=0, ge=0, le=5, description="Of each shard.")
    failover: bool = Field(default=False, description="Whether a replica in another zone takes over by itself.")
    subnet_group: Annotated[Id, of("cache-subnet-group")] | Annotated[Lookup, asking("id")]
    groups: tuple[GroupId, ...]
    parameter_group: Annotated[Id, of("cache-parameter-group")] | Annotated[Lookup, asking("id")] | str = Field(
        union_mode="left_to_right", description="Or the name of one of AWS's own, such as default.valkey8."
    )
    port: int = Field(default=6379, ge=1024, le=65535)
    tls: bool = True
    encrypted: bool = True
    kms_key: KeyArn | None = None
    token: Annotated[Id, of("secret")] | None = Field(default=None, description="The secret with its password.")
    snapshots: int = Field(default=1, ge=0, le=35, description="Days that daily snapshots are kept; 0: there are none.")
    snapshot_window: Daily | None = None
    maintenance: Weekly | None = None
    minor_upgrades: bool = True
    from_snapshot: str | None = Field(default=None, description="What is in it at first.")
    on_removal: OnRemoval = "snapshot"


class CacheCluster(Part):
    """A cache of Memcached: nodes among which its clients spread the keys. Nothing of it is ever stored."""

    kind: ClassVar[str] = "cache-cluster"
    version: FullVersion
    node_type: NodeType
    nodes: int = Field(default=1, ge=1, le=40)
    spread: bool = Field(default=False, description="Whether new nodes go to several zones.")
    subnet_group: Annotated[Id, of("cache-subnet-group")]
    groups: tuple[GroupId, ...]
    parameter_group: Annotated[Id, of("cache-parameter-group")] | str = Field(
        union_mode="left_to_right", description="Or the name of AWS's own, default.memcached1.6."
    )
    port: int = Field(default=11211, ge=1024, le=65535)
    tls: bool = True
    maintenance: Weekly | None = None
    minor_upgrades: bool = True
