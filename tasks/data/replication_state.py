"""Replication groups in their one vocabulary, as they're wanted and as AWS tells them."""

from collections.abc import Mapping
from typing import Any

from blueprints.caching import ReplicationGroup
from blueprints.part import Id, Lookup
from tasks.data.cache_listing import beside
from tasks.data.cache_notes import PORT, chosen_in, notes, numbers, version_told
from tasks.kind import AtBirth, Fixed, State, Unordered
from tasks.scope import KMS_KEY, ON_REMOVAL

TOKEN_OF = "castra:token-of"  # the ARN of the secret whose value is its password


class ReplicationGroupState(State):
    """ARNs; days. https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_ReplicationGroup.html"""

    engine: str
    version: str
    node_type: str
    cluster: Fixed[bool]
    shards: int
    replicas: int
    failover: bool
    multi_zone: bool
    subnet_group: Fixed[str]
    groups: Unordered[str]
    parameter_group: str
    port: Fixed[int]
    tls: Fixed[bool]
    encrypted: Fixed[bool]
    kms_key: Fixed[str]
    token: str
    snapshots: int
    snapshot_window: str
    maintenance: str
    minor_upgrades: bool
    from_snapshot: AtBirth[str]
    on_removal: str

    def immovable(self, found: "ReplicationGroupState") -> frozenset[str]:
        """A version can't be lowered, a password not be taken off, and Redis become Valkey, but not the other way."""
        back = {"engine"} if (found.engine, self.engine) == ("valkey", "redis") else set[str]()
        back |= {"version"} if found.engine == self.engine and numbers(self.version) < numbers(found.version) else set()
        back |= {"token"} if found.token and not self.token else set()
        return self.fixed() | back


def wanted_state(part: ReplicationGroup, ids: Mapping[str, str]) -> ReplicationGroupState:
    """The part in the words that AWS's answers are told in."""
    own = part.parameter_group
    return ReplicationGroupState(
        engine=part.engine,
        version=part.version,
        node_type=part.node_type,
        cluster=part.cluster,
        shards=part.shards,
        replicas=part.replicas,
        failover=part.failover,
        multi_zone=part.failover and part.replicas > 0,
        subnet_group=ids[part.subnet_group],
        groups=tuple(ids[one] for one in part.groups),
        parameter_group=ids[own] if isinstance(own, Id | Lookup) else own,
        port=part.port,
        tls=part.tls,
        encrypted=part.encrypted,
        kms_key=part.kms_key or "",
        token=ids[part.token] if part.token else "",
        snapshots=part.snapshots,
        snapshot_window=part.snapshot_window or "",
        maintenance=part.maintenance or "",
        minor_upgrades=part.minor_upgrades,
        from_snapshot=part.from_snapshot or "",
        on_removal=part.on_removal,
    )


def told_state(group: Mapping[str, Any], member: Mapping[str, Any], tags: Mapping[str, str]) -> ReplicationGroupState:
    """What AWS tells of it and of one of the clusters that it is made of; what it doesn't tell, the tags do."""
    arn, shards, chosen = group["ARN"], group["NodeGroups"], chosen_in(tags)
    used = member.get("CacheParameterGroup", {}).get("CacheParameterGroupName", "")
    engine = group.get("Engine") or member.get("Engine", "")
    return ReplicationGroupState(
        engine=engine,
        version=version_told(member.get("EngineVersion", ""), tags),
        node_type=group.get("CacheNodeType", ""),
        cluster=group.get("ClusterEnabled", False),
        shards=len(shards),
        replicas=max((len(shard.get("NodeGroupMembers", ())) for shard in shards), default=1) - 1,
        failover=group.get("AutomaticFailover") in ("enabled", "enabling"),
        multi_zone=group.get("MultiAZ") == "enabled",
        subnet_group=beside(arn, "subnetgroup", member.get("CacheSubnetGroupName", "")),
        groups=tuple(one["SecurityGroupId"] for one in member.get("SecurityGroups", ())),
        parameter_group=used if used.startswith("default.") else beside(arn, "parametergroup", used),
        port=int(tags.get(PORT, "6379")),
        tls=group.get("TransitEncryptionEnabled", False),
        encrypted=group.get("AtRestEncryptionEnabled", False),
        kms_key=group.get("KmsKeyId", "") if KMS_KEY in tags else "",
        token=tags.get(TOKEN_OF, "") if group.get("AuthTokenEnabled") else "",
        snapshots=group.get("SnapshotRetentionLimit", 0),
        snapshot_window=group.get("SnapshotWindow", "") if "snapshot_window" in chosen else "",
        maintenance=member.get("PreferredMaintenanceWindow", "") if "maintenance" in chosen else "",
        minor_upgrades=group.get("AutoMinorVersionUpgrade", member.get("AutoMinorVersionUpgrade", True)),
        from_snapshot="",
        on_removal=tags.get(ON_REMOVAL, "snapshot"),
    )


def own_tags(wanted: ReplicationGroupState) -> dict[str, str]:
    """What AWS doesn't tell of it, or tells later only."""
    windows = {"snapshot_window": wanted.snapshot_window, "maintenance": wanted.maintenance}
    tags = notes(wanted.version, wanted.port, windows) | {ON_REMOVAL: wanted.on_removal}
    tags |= {TOKEN_OF: wanted.token} if wanted.token else {}
    return tags | ({KMS_KEY: "chosen"} if wanted.kms_key else {})


def endpoints(group: Mapping[str, Any], token: str) -> dict[str, str]:
    """Where it's reached: by shards through one address, else by the primary node's and by its readers'."""
    shards = group.get("NodeGroups") or [{}]
    front = group.get("ConfigurationEndpoint") or shards[0].get("PrimaryEndpoint") or {}
    told = {"address": front.get("Address"), "port": front.get("Port"), "secret": token}
    told["reader"] = (shards[0].get("ReaderEndpoint") or {}).get("Address")
    return {key: str(one) for key, one in told.items() if one} if front.get("Address") else {}
