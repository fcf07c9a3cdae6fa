"""Clusters of caches: those that replication groups are made of, as they're told."""

from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.caches import Group, caches
from tests.physics.gaps.replication import clustered, members
from tests.physics.hooks import instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World


@instead("elasticache:DescribeCacheClusters")
def describe(request: Request, world: World) -> Answer:
    there = caches(request, world)
    alone = request.flag("ShowCacheClustersNotInReplicationGroups")
    rows = [] if alone else [row for group in there.replication_groups.values() for row in _rows(request, world, group)]
    if name := request.text("CacheClusterId"):
        rows = [row for row in rows if row["CacheClusterId"] == name]
        if not rows:
            raise Refused("CacheClusterNotFound", f"CacheCluster {name} not found.", 404)
    return ok(request, {"CacheClusters": rows})


def _rows(request: Request, world: World, group: Group) -> list[dict[str, Any]]:
    cluster = clustered(request, world, group)
    names = [one for shard in range(group.shards) for one in members(group, cluster, shard)]
    return [{"CacheClusterId": name, "ReplicationGroupId": group.name, **common(group)} for name in names]


def common(group: Group) -> dict[str, Any]:
    """What a cluster tells of itself, whatever its engine."""
    settings = group.settings
    return {
        "CacheClusterStatus": group.status,
        "Engine": settings["Engine"],
        "EngineVersion": settings["EngineVersion"],
        "CacheNodeType": settings["CacheNodeType"],
        "PreferredMaintenanceWindow": settings["PreferredMaintenanceWindow"],
        "AutoMinorVersionUpgrade": settings["AutoMinorVersionUpgrade"],
        "CacheParameterGroup": {"CacheParameterGroupName": group.parameter_group},
        "CacheSubnetGroupName": group.subnet_group,
        "SecurityGroups": [{"SecurityGroupId": one, "Status": "active"} for one in group.groups],
        "TransitEncryptionEnabled": settings["TransitEncryptionEnabled"],
        "AtRestEncryptionEnabled": settings["AtRestEncryptionEnabled"],
    }
