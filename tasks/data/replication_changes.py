"""Changes of a replication group in place: one after the other, each once the one before is through."""

from typing import Any

from tasks.data.cache_listing import name_of, one_named
from tasks.data.replication_state import ReplicationGroupState
from tasks.errors import CastraError
from tasks.retry import when_released
from tasks.scope import Scope
from tasks.waiting import wait_for

WITHIN = 3 * 3600.0  # seconds; moving a big cache to other nodes, or keys to other shards, takes hours
CHANGES = (
    "elasticache:DecreaseReplicaCount",
    "elasticache:IncreaseReplicaCount",
    "elasticache:ModifyReplicationGroup",
    "elasticache:ModifyReplicationGroupShardConfiguration",
    "secretsmanager:GetSecretValue",
)


def change(scope: Scope, arn: str, wanted: ReplicationGroupState, changed: frozenset[str]) -> None:
    """Bring these fields to what is wanted, at once.

    Failover ends before the replicas that it needs go, and begins after they've come. A version goes with its family's
    parameters in one call. A new password is taken beside the old one first, and is then the only one.
    """
    settings = {field: setting for field, setting in _settings(wanted).items() if field in changed}
    late = {
        field: settings.pop(field)
        for field in ("failover", "multi_zone")
        if field in settings and getattr(wanted, field)
    }
    _modify(scope, arn, *settings.values())
    if "replicas" in changed:
        _replicate(scope, arn, wanted.replicas)
    if "shards" in changed:
        _shard(scope, arn, wanted.shards)
    _modify(scope, arn, *late.values())
    if "token" in changed and wanted.token:
        token = password(scope, wanted.token)
        for strategy in ("ROTATE", "SET"):
            _modify(scope, arn, {"AuthToken": token, "AuthTokenUpdateStrategy": strategy})


def password(scope: Scope, secret: str) -> str:
    """The value of a secret, to be handed on to ElastiCache: it is kept nowhere."""
    return str(scope.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])


def settled(scope: Scope, arn: str) -> None:
    """Wait until no change of it is under way. Raises CastraError if that's never, or it's gone."""
    group, name = _told(scope, arn), name_of(arn)
    if group is None or group["Status"] == "create-failed":
        why = "it is gone" if group is None else "AWS couldn't make it"
        raise CastraError(f"cache {name}", why, "Look at its events in ElastiCache's console, and run again")
    wait_for(scope, "elasticache", "replication_group_available", f"cache {name}", WITHIN, ReplicationGroupId=name)


def _told(scope: Scope, arn: str) -> Any:
    name = name_of(arn)
    return one_named(scope, "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId", name)


def _settings(wanted: ReplicationGroupState) -> dict[str, dict[str, Any]]:
    """By field, what ModifyReplicationGroup takes."""
    return {
        "engine": {"Engine": wanted.engine, "EngineVersion": wanted.version},
        "version": {"EngineVersion": wanted.version},
        "parameter_group": {"CacheParameterGroupName": name_of(wanted.parameter_group)},
        "node_type": {"CacheNodeType": wanted.node_type},
        "groups": {"SecurityGroupIds": list(wanted.groups)},
        "failover": {"AutomaticFailoverEnabled": wanted.failover},
        "multi_zone": {"MultiAZEnabled": wanted.multi_zone},
        "snapshots": {"SnapshotRetentionLimit": wanted.snapshots},
        "snapshot_window": {"SnapshotWindow": wanted.snapshot_window} if wanted.snapshot_window else {},
        "maintenance": {"PreferredMaintenanceWindow": wanted.maintenance} if wanted.maintenance else {},
        "minor_upgrades": {"AutoMinorVersionUpgrade": wanted.minor_upgrades},
    }


def _modify(scope: Scope, arn: str, *settings: dict[str, Any]) -> None:
    if asked := {key: value for setting in settings for key, value in setting.items()}:
        _do(scope, arn, "modify_replication_group", **asked)


def _replicate(scope: Scope, arn: str, replicas: int) -> None:
    """More or fewer, as it stands now."""
    group = _told(scope, arn)
    stand = max((len(shard["NodeGroupMembers"]) for shard in group["NodeGroups"]), default=1) - 1 if group else replicas
    if stand != replicas:
        call = "increase_replica_count" if replicas > stand else "decrease_replica_count"
        _do(scope, arn, call, NewReplicaCount=replicas)


def _shard(scope: Scope, arn: str, shards: int) -> None:
    """More or fewer; the last ones go, after their keys have moved to the others."""
    group = _told(scope, arn)
    names = sorted(shard["NodeGroupId"] for shard in group["NodeGroups"]) if group else []
    if len(names) != shards:
        going = {"NodeGroupsToRemove": names[shards:]} if len(names) > shards else {}
        _do(scope, arn, "modify_replication_group_shard_configuration", NodeGroupCount=shards, **going)


def _do(scope: Scope, arn: str, call: str, **asked: Any) -> None:
    """One change, from the end of the one before to its own end."""
    name = name_of(arn)
    settled(scope, arn)
    asked = {"ReplicationGroupId": name, "ApplyImmediately": True, **asked}
    when_released(f"cache {name} to be available", getattr(scope.client("elasticache"), call), **asked)
    settled(scope, arn)
