"""Clusters of caches: those that replication groups are made of, as they're told, and those of Memcached."""

from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.caches import Group, caches, move_out, placed, settle_in, tags_of
from tests.physics.gaps.replication import DEFAULTS, clustered, members, soon
from tests.physics.hooks import instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World


@instead("elasticache:DescribeCacheClusters")
def describe(request: Request, world: World) -> Answer:
    there = caches(request, world)
    alone = request.flag("ShowCacheClustersNotInReplicationGroups")
    rows = [] if alone else [row for group in there.replication_groups.values() for row in _rows(request, world, group)]
    rows += [alone_told(group, request.flag("ShowCacheNodeInfo")) for group in there.clusters.values()]
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


# ---------------------------------------------------------------------- of Memcached

OF_MEMCACHED = {"Port": "11211", "EngineVersion": "1.6.22"}
CHANGED = ("EngineVersion", "PreferredMaintenanceWindow", "AutoMinorVersionUpgrade", "AZMode")


def alone_told(group: Group, nodes: bool) -> dict[str, Any]:
    """Its address is known once it's made."""
    front = {"Address": f"{group.name}.x1y2z3.cfg.euw1.cache.amazonaws.com", "Port": group.settings["Port"]}
    rows = [{"CacheNodeId": one, "CacheNodeStatus": group.status} for one in group.settings["ids"]]
    return {
        "CacheClusterId": group.name,
        "ARN": group.arn,
        "NumCacheNodes": group.nodes,
        "ConfigurationEndpoint": front if group.status != "creating" else None,
        "CacheNodes": rows if nodes else None,
        **common(group),
    }


@instead("elasticache:CreateCacheCluster")
def make(request: Request, world: World) -> Answer:
    there, name = caches(request, world), request.text("CacheClusterId")
    if name in there.clusters:
        raise Refused("CacheClusterAlreadyExists", f"CacheCluster {name} already exists")
    asked = {key: value for key, value in request.params.items() if isinstance(value, str)}
    nodes = int(request.text("NumCacheNodes") or 1)
    if request.text("AZMode") == "cross-az" and nodes < 2:
        raise Refused("InvalidParameterCombination", "Cross-AZ needs several nodes.")
    group = Group(
        name,
        there.arn("cluster", name),
        {},
        tags_of(request),
        nodes=nodes,
        subnet_group=request.text("CacheSubnetGroupName"),
        parameter_group=request.text("CacheParameterGroupName") or "default.memcached1.6",
        groups=request.texts("SecurityGroupIds"),
        settings=DEFAULTS | OF_MEMCACHED | asked | {"ids": [f"{one + 1:04}" for one in range(nodes)]},
    )
    placed(request, world, group)
    there.clusters[name] = group
    settle_in(request, world, group)
    soon(world, group, "creating", "cache_available")
    return ok(request, {"CacheCluster": alone_told(group, True)})


def available(request: Request, world: World) -> Group:
    name = request.text("CacheClusterId")
    if (group := caches(request, world).clusters.get(name)) is None:
        raise Refused("CacheClusterNotFound", f"CacheCluster {name} not found.", 404)
    if group.status != "available":
        raise Refused("InvalidCacheClusterState", f"Cache cluster {name} is not in available state.")
    return group


@instead("elasticache:ModifyCacheCluster")
def change(request: Request, world: World) -> Answer:
    """Which nodes go has to be said."""
    group = available(request, world)
    wanted, going = int(request.text("NumCacheNodes") or group.nodes), request.texts("CacheNodeIdsToRemove")
    if wanted < group.nodes and len(going) != group.nodes - wanted:
        raise Refused("InvalidParameterCombination", "CacheNodeIdsToRemove must say which nodes go.")
    version = request.text("EngineVersion")
    if version and version < group.settings["EngineVersion"]:
        raise Refused("InvalidParameterCombination", "Cannot modify the engine version to a lower one.")
    staying = [one for one in group.settings["ids"] if one not in going]
    ids = [*staying, *(f"{len(staying) + one + 1:04}" for one in range(wanted - len(staying)))]
    group.settings |= {key: request.text(key) for key in CHANGED if request.text(key)} | {"ids": ids}
    group.nodes = wanted
    group.parameter_group = request.text("CacheParameterGroupName") or group.parameter_group
    group.groups = request.texts("SecurityGroupIds") or group.groups
    placed(request, world, group)
    settle_in(request, world, group)
    soon(world, group, "modifying", "cache_modified")
    return ok(request, {"CacheCluster": alone_told(group, True)})


@instead("elasticache:DeleteCacheCluster")
def delete(request: Request, world: World) -> Answer:
    there, group = caches(request, world), available(request, world)
    group.status = "deleting"

    def gone() -> None:
        if there.clusters.get(group.name) is group:
            del there.clusters[group.name]
            move_out(request, world, group)

    answer = ok(request, {"CacheCluster": alone_told(group, False)})
    world.later("cache_deleted", gone)
    return answer
