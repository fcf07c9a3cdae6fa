"""What a cache was like when it was backed up: enough to make another one of it once it's gone."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from tasks.backups.machine import MACHINE, PLACE, several, whole, words_in, words_of
from tasks.data.cache_listing import name_of
from tasks.data.replication_state import ReplicationGroupState


class CacheMachine(BaseModel):
    """A cache, as what it's restored into needs to know it. `version` is major and minor; `replicas` are of each shard.

    `zones` are two at most that its nodes are in; `subnet_group` and `parameter_group` are names in its region; `key`
    is the ARN of the key that somebody chose. `token` says whether it asked for a password: no tag knows which.
    """

    model_config = ConfigDict(frozen=True)

    node_type: str = ""
    engine: str = ""
    version: str = ""
    cluster: bool = False
    shards: int = 1
    replicas: int = 0
    failover: bool = False
    port: int = 0
    tls: bool = True
    encrypted: bool = True
    token: bool = True
    zones: tuple[str, ...] = ()
    subnet_group: str = ""
    groups: tuple[str, ...] = ()
    parameter_group: str = ""
    key: str = ""

    @property
    def tags(self) -> dict[str, str]:
        """What its snapshot doesn't tell, as a backup's tags have it; without the key, where that doesn't fit. Pure."""
        what = {"cluster": "yes" if self.cluster else "", "replicas": str(self.replicas) if self.replicas else ""}
        what |= {"failover": "yes" if self.failover else "", "tls": _no(self.tls), "encrypted": _no(self.encrypted)}
        what |= {"token": _no(self.token), "zones": "+".join(self.zones)}
        tags = {MACHINE: words_of(what), PLACE: words_of({"groups": "+".join(self.groups), "key": self.key})}
        return {key: value for key, value in tags.items() if value}


def cache_machine_of(state: ReplicationGroupState, group: Mapping[str, Any]) -> CacheMachine:
    """From a cache in the words of its kind, and as DescribeReplicationGroups tells where its nodes are."""
    nodes = [node for shard in group.get("NodeGroups", ()) for node in shard.get("NodeGroupMembers", ())]
    zones = sorted({node["PreferredAvailabilityZone"] for node in nodes if node.get("PreferredAvailabilityZone")})
    return CacheMachine(
        node_type=state.node_type,
        engine=state.engine,
        version=state.version,
        cluster=state.cluster,
        shards=state.shards,
        replicas=state.replicas,
        failover=state.failover,
        port=state.port,
        tls=state.tls,
        encrypted=state.encrypted,
        token=bool(group.get("AuthTokenEnabled")),
        zones=tuple(zones[:2]),
        subnet_group=name_of(state.subnet_group),
        groups=state.groups,
        parameter_group=name_of(state.parameter_group),
        key=state.kms_key,
    )


def read_cache_machine(tags: Mapping[str, str], snapshot: Mapping[str, Any]) -> CacheMachine:
    """Back from a backup's tags, and from what ElastiCache itself tells of the snapshot."""
    said = words_in(tags)
    return CacheMachine(
        node_type=snapshot.get("CacheNodeType", ""),
        engine=snapshot.get("Engine", ""),
        version=major_and_minor(snapshot.get("EngineVersion", "")),
        cluster=said.get("cluster") == "yes",
        shards=snapshot.get("NumNodeGroups") or 1,
        replicas=whole(said.get("replicas", "")),
        failover=said.get("failover") == "yes",
        port=snapshot.get("Port", 0),
        tls=said.get("tls") != "no",
        encrypted=said.get("encrypted") != "no",
        token=said.get("token") != "no",
        zones=several(said.get("zones", "")),
        subnet_group=snapshot.get("CacheSubnetGroupName", ""),
        groups=several(said.get("groups", "")),
        parameter_group=snapshot.get("CacheParameterGroupName", ""),
        key=said.get("key", ""),
    )


def major_and_minor(version: str) -> str:
    """Of 8.0.1, 8.0. Pure."""
    return ".".join(version.split(".")[:2])


def _no(yes: bool) -> str:
    return "" if yes else "no"
