"""Snapshots of caches: taken of what is available only, so many a day, told in pages and without their tags."""

from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.cache_snapshots import COMBINATION, begin, complete, refuse_name
from tests.physics.caches import Caches, Group, Thing, caches, tags_of
from tests.physics.gaps.replication import clustered, known, members
from tests.physics.hooks import instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World

A_DAY, MOST_A_DAY = 86_400.0, 20
"""https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups.html#backups-constraints"""
SOURCES = {"user": "manual", "system": "automated"}
NOT_FOUND = ("SnapshotNotFoundFault", "Snapshot not found.", 404)


@instead("elasticache:CreateSnapshot")
def make(request: Request, world: World) -> Answer:
    """With the tags of the request, or, if it has none, those of the group, which is snapshotting meanwhile."""
    there, name = caches(request, world), request.text("SnapshotName").lower()
    refuse_name(there, name)
    group, node = _source(request, world)
    _within_quota(request, world, node or group.name)
    tags = tags_of(request) or dict(group.tags)
    snapshot = begin(there, group, name, clustered(request, world, group), tags, node or f"{group.name}-001")
    group.status = "snapshotting"

    def over() -> None:
        complete(snapshot)
        group.status = "available" if group.status == "snapshotting" else group.status

    answer = ok(request, {"Snapshot": told(snapshot)})
    world.later("cache_snapshot_available", over)
    return answer


def _source(request: Request, world: World) -> tuple[Group, str]:
    """The group, and of which node; of all, where that isn't said. Raises Refused where AWS takes none."""
    there, node = caches(request, world), request.text("CacheClusterId")
    if bool(node) == bool(request.text("ReplicationGroupId")):
        raise Refused(COMBINATION, "Exactly one of ReplicationGroupId and CacheClusterId must be specified.")
    group = _of_node(request, world, there, node) if node else known(request, world)
    cluster = clustered(request, world, group)
    if node and cluster:
        raise Refused(COMBINATION, "With cluster mode enabled, a snapshot is of a whole replication group.")
    if not cluster and group.settings["CacheNodeType"] == "cache.t1.micro":
        raise Refused("SnapshotFeatureNotSupportedFault", "Snapshots aren't supported on cache.t1.micro.")
    if group.status != "available":
        code = "InvalidCacheClusterState" if node else "InvalidReplicationGroupState"
        raise Refused(code, f"{node or group.name} must be in available state: it is {group.status}.")
    return group, node


def _of_node(request: Request, world: World, there: Caches, node: str) -> Group:
    if node in there.clusters:
        raise Refused("SnapshotFeatureNotSupportedFault", "Snapshots aren't supported by Memcached.")
    for group in there.replication_groups.values():
        cluster = clustered(request, world, group)
        if any(node in members(group, cluster, shard) for shard in range(group.shards)):
            return group
    raise Refused("CacheClusterNotFound", f"CacheCluster {node} not found.", 404)


def _within_quota(request: Request, world: World, of: str) -> None:
    """Twenty of each node in 24 hours."""
    taken: dict[str, list[float]] = world.recall(f"snapshots taken in {request.region}", dict)
    now = world.clock.now()
    lately = taken[of] = [when for when in taken.get(of, []) if now - when < A_DAY]
    if len(lately) >= MOST_A_DAY:
        raise Refused("SnapshotQuotaExceededFault", "The maximum number of snapshots within 24 hours was exceeded.")
    lately.append(now)


@instead("elasticache:DescribeSnapshots")
def describe(request: Request, world: World) -> Answer:
    there, name = caches(request, world).snapshots, request.text("SnapshotName")
    if name and name not in there:
        raise Refused(*NOT_FOUND)
    wanted = {"SnapshotName": name, "SnapshotSource": SOURCES.get(request.text("SnapshotSource"), "")}
    wanted |= {key: request.text(key) for key in ("CacheClusterId", "ReplicationGroupId")}
    asked = {key: value for key, value in wanted.items() if value}
    found = [one for one in there.values() if all(one.told.get(key) == value for key, value in asked.items())]
    after, most = request.text("Marker"), int(request.text("MaxRecords") or 50)
    left = sorted((one for one in found if one.name > after), key=lambda one: one.name)
    page = {"Marker": left[most - 1].name} if len(left) > most else {}
    return ok(request, {"Snapshots": [told(one) for one in left[:most]], **page})


@instead("elasticache:DeleteSnapshot")
def drop(request: Request, world: World) -> Answer:
    there, name = caches(request, world).snapshots, request.text("SnapshotName")
    if name not in there:
        raise Refused(*NOT_FOUND)
    if (status := there[name].told["SnapshotStatus"]) not in ("available", "failed"):
        raise Refused("InvalidSnapshotState", f"Snapshot {name} is not in a valid state: {status}.")
    gone = there.pop(name)
    return ok(request, {"Snapshot": told(gone) | {"SnapshotStatus": "deleting"}})


def told(snapshot: Thing) -> dict[str, Any]:
    """Without its tags, as AWS tells it."""
    return {**snapshot.told, "ARN": snapshot.arn}
