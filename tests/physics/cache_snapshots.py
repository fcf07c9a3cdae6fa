"""What a snapshot of a cache is: its name, what it tells, and what can be made of it.

https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_Snapshot.html
"""

import re
from datetime import UTC, datetime
from typing import Any

from tests.physics.answers import Refused
from tests.physics.caches import Caches, Group, Thing
from tests.physics.world import World

COMBINATION, VALUE = "InvalidParameterCombination", "InvalidParameterValue"
NAME = re.compile(r"[a-z](-?[a-z0-9])*")
LONGEST = 40
"""https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-manual.html"""
SIZE = "7 MB"
COPIED = ("CacheNodeType", "Engine", "EngineVersion", "Port", "SnapshotRetentionLimit", "SnapshotWindow", "KmsKeyId")


def refuse_name(there: Caches, name: str) -> None:
    """Raise Refused for a name that is none, or another's."""
    if not NAME.fullmatch(name) or len(name) > LONGEST:
        raise Refused(VALUE, f"The parameter SnapshotName is not a valid identifier: {name}")
    if name in there.snapshots:
        raise Refused("SnapshotAlreadyExistsFault", f"Snapshot with specified name already exists: {name}")


def begin(there: Caches, group: Group, name: str, cluster: bool, tags: dict[str, str], node: str = "") -> Thing:
    """One that is being made: of all shards, where there are any, else of one node. How big it is isn't known yet."""
    settings = {key: group.settings[key] for key in COPIED if group.settings.get(key)}
    parts: list[dict[str, Any]] = [{"NodeGroupId": f"{shard + 1:04}", "CacheSize": ""} for shard in range(group.shards)]
    of: dict[str, Any] = {"ReplicationGroupId": group.name, "NumNodeGroups": group.shards}
    if not cluster:
        of, parts = {"CacheClusterId": node, "NumCacheNodes": 1}, [{"CacheNodeId": "0001", "CacheSize": ""}]
    told = {"SnapshotName": name, "SnapshotStatus": "creating", "SnapshotSource": "manual", "NodeSnapshots": parts}
    told |= {"CacheParameterGroupName": group.parameter_group, "CacheSubnetGroupName": group.subnet_group}
    failover = "enabled" if group.settings["AutomaticFailoverEnabled"] == "true" else "disabled"
    told |= {"AutomaticFailover": failover} | settings | of
    made = there.snapshots[name] = Thing(name, there.arn("snapshot", name), told, tags)
    return made


def complete(snapshot: Thing) -> None:
    """It's available, and tells how big it is."""
    if snapshot.told["SnapshotStatus"] == "creating":
        now = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
        snapshot.told["SnapshotStatus"] = "available"
        for part in snapshot.told["NodeSnapshots"]:
            part |= {"CacheSize": SIZE, "SnapshotCreateTime": now}


def go_on_with(there: Caches, name: str, group: Group, cluster: bool) -> Thing:
    """The snapshot that a new group is made of. Raises Refused where it can't be.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-restoring.html
    """
    if (snapshot := there.snapshots.get(name)) is None:
        raise Refused("SnapshotNotFoundFault", f"Snapshot {name} not found.", 404)
    told, asked = snapshot.told, group.settings
    if told["SnapshotStatus"] not in ("available", "restoring"):
        raise Refused(VALUE, f"Snapshot {name} is not in a valid state: {told['SnapshotStatus']}.")
    if "NumNodeGroups" in told and not cluster:
        raise Refused(COMBINATION, f"Snapshot {name} is of a cluster with cluster mode enabled.")
    if (told["Engine"], asked["Engine"]) == ("valkey", "redis"):
        raise Refused(COMBINATION, f"Snapshot {name} is of another engine.")
    if told["Engine"] == asked["Engine"] and _numbers(asked["EngineVersion"]) < _numbers(told["EngineVersion"]):
        raise Refused(COMBINATION, f"Snapshot {name} is of a newer version: {told['EngineVersion']}.")
    return snapshot


def hold(world: World, snapshot: Thing) -> None:
    """It's restoring until the group that is made of it stands."""
    snapshot.told["SnapshotStatus"] = "restoring"

    def over() -> None:
        snapshot.told["SnapshotStatus"] = "available"

    world.later("cache_available", over)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(one) for one in version.split(".") if one.isdigit())
