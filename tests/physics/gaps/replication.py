"""Replication groups: made, changed and deleted in minutes, and what AWS refuses of them."""

import re
from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.cache_snapshots import COMBINATION, VALUE, begin, complete, go_on_with, hold, refuse_name
from tests.physics.caches import Group, caches, move_out, placed, settle_in, tags_of, zone_of
from tests.physics.hooks import instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World

SETTINGS = {
    "ReplicationGroupDescription": "Description",
    "CacheNodeType": "CacheNodeType",
    "Engine": "Engine",
    "EngineVersion": "EngineVersion",
    "SnapshotRetentionLimit": "SnapshotRetentionLimit",
    "SnapshotWindow": "SnapshotWindow",
    "PreferredMaintenanceWindow": "PreferredMaintenanceWindow",
    "AutoMinorVersionUpgrade": "AutoMinorVersionUpgrade",
    "AutomaticFailoverEnabled": "AutomaticFailoverEnabled",
    "MultiAZEnabled": "MultiAZEnabled",
}
DEFAULTS = {
    "SnapshotRetentionLimit": "0",
    "SnapshotWindow": "05:00-06:00",
    "PreferredMaintenanceWindow": "sun:23:00-mon:01:30",
    "AutoMinorVersionUpgrade": "true",
    "AutomaticFailoverEnabled": "false",
    "MultiAZEnabled": "false",
    "Port": "6379",
    "TransitEncryptionEnabled": "false",
    "AtRestEncryptionEnabled": "false",
}
NAME = re.compile(r"^[a-z](?!.*--)[a-z0-9-]{0,39}(?<!-)$")


@instead("elasticache:CreateReplicationGroup")
def make(request: Request, world: World) -> Answer:
    there, name = caches(request, world), request.text("ReplicationGroupId")
    if name in there.replication_groups:
        raise Refused("ReplicationGroupAlreadyExists", f"Replication group {name} already exists")
    if not NAME.match(name):
        raise Refused(VALUE, f"The parameter ReplicationGroupIdentifier is not a valid identifier: {name}")
    engine, version = request.text("Engine"), request.text("EngineVersion") or "8.0"
    asked = {key: value for key, value in request.params.items() if isinstance(value, str)}
    group = Group(
        name,
        there.arn("replicationgroup", name),
        {},
        tags_of(request),
        shards=int(request.text("NumNodeGroups") or 1),
        nodes=1 + int(request.text("ReplicasPerNodeGroup") or int(request.text("NumCacheClusters") or 1) - 1),
        token=request.text("AuthToken"),
        subnet_group=request.text("CacheSubnetGroupName"),
        parameter_group=request.text("CacheParameterGroupName") or f"default.{engine}{version.partition('.')[0]}",
        groups=request.texts("SecurityGroupIds"),
        settings=DEFAULTS | asked | {"EngineVersion": full(version)},
    )
    group.settings.pop("AuthToken", None)
    placed(request, world, group)
    cluster, snapshot = clustered(request, world, group), request.text("SnapshotName")
    sound(group, cluster)
    if snapshot:
        hold(world, go_on_with(there, snapshot, group, cluster))
    there.replication_groups[name] = group
    settle_in(request, world, group)
    soon(world, group, "creating", "cache_available")
    return ok(request, {"ReplicationGroup": told(request, world, group)})


def full(version: str) -> str:
    """7.1 is told as 7.1.0."""
    return version if version.count(".") >= 2 else f"{version}.0"


def clustered(request: Request, world: World, group: Group) -> bool:
    """By its parameters."""
    own = caches(request, world).parameter_groups.get(group.parameter_group)
    return group.parameter_group.endswith(".cluster.on") or bool(own and own.told["values"].get("cluster-enabled"))


def sound(group: Group, cluster: bool) -> None:
    """Raise Refused where its settings don't go together."""
    on = {key for key, value in group.settings.items() if value == "true"}
    if group.token and "TransitEncryptionEnabled" not in on:
        raise Refused(COMBINATION, "Encryption feature is not supported: AuthToken needs TransitEncryptionEnabled.")
    if group.token and not 16 <= len(group.token) <= 128:
        raise Refused(VALUE, "Invalid AuthToken provided.")
    if "AutomaticFailoverEnabled" in on and group.nodes < 2 and not cluster:
        raise Refused(COMBINATION, "Automatic failover is not supported for replication groups with one node.")
    if "MultiAZEnabled" in on and ("AutomaticFailoverEnabled" not in on or group.nodes < 2):
        raise Refused(COMBINATION, "Multi-AZ needs automatic failover, and a replica.")
    if group.shards > 1 and not cluster:
        raise Refused(COMBINATION, "Several shards need a parameter group with cluster mode on.")
    if cluster and "AutomaticFailoverEnabled" not in on:
        raise Refused(COMBINATION, "Automatic failover must be on in cluster mode.")


def soon(world: World, group: Group, now: str, time: str) -> None:
    """In this state for as long as `times` says, then available."""
    group.status = now

    def over() -> None:
        group.status = "available" if group.status == now else group.status

    world.later(time, over)


def told(request: Request, world: World, group: Group) -> dict[str, Any]:
    cluster, settings = clustered(request, world, group), group.settings
    domain, port = f"{group.name}.x1y2z3.euw1.cache.amazonaws.com", settings["Port"]
    made = group.status != "creating"
    shards = [
        {
            "NodeGroupId": f"{shard + 1:04}",
            "Status": group.status,
            "NodeGroupMembers": nodes(request, world, group, cluster, shard),
            **(
                {
                    "PrimaryEndpoint": {"Address": f"master.{domain}", "Port": port},
                    "ReaderEndpoint": {"Address": f"replica.{domain}", "Port": port},
                }
                if made and not cluster
                else {}
            ),
        }
        for shard in range(group.shards)
    ]
    names = ("Engine", "CacheNodeType", "SnapshotRetentionLimit", "SnapshotWindow", "AutoMinorVersionUpgrade")
    return {
        "ReplicationGroupId": group.name,
        "ARN": group.arn,
        "Status": group.status,
        "Description": settings["ReplicationGroupDescription"],
        "MemberClusters": [one for shard in range(group.shards) for one in members(group, cluster, shard)],
        "NodeGroups": shards,
        "AutomaticFailover": "enabled" if settings["AutomaticFailoverEnabled"] == "true" else "disabled",
        "MultiAZ": "enabled" if settings["MultiAZEnabled"] == "true" else "disabled",
        "ConfigurationEndpoint": {"Address": f"clustercfg.{domain}", "Port": port} if made and cluster else None,
        "ClusterEnabled": cluster,
        "AuthTokenEnabled": bool(group.token),
        "TransitEncryptionEnabled": settings["TransitEncryptionEnabled"],
        "AtRestEncryptionEnabled": settings["AtRestEncryptionEnabled"],
        "KmsKeyId": settings.get("KmsKeyId"),
        **{name: settings.get(name) for name in names},
    }


def nodes(request: Request, world: World, group: Group, cluster: bool, shard: int) -> list[dict[str, Any]]:
    """Which of them is the primary one, is told with cluster mode disabled only."""
    rows: list[dict[str, Any]] = []
    for number, name in enumerate(members(group, cluster, shard)):
        zone = zone_of(request, world, group, shard * group.nodes + number)
        role = None if cluster else "replica" if number else "primary"
        rows.append({"CacheClusterId": name, "PreferredAvailabilityZone": zone, "CurrentRole": role})
    return rows


def members(group: Group, cluster: bool, shard: int) -> list[str]:
    within = f"-{shard + 1:04}" if cluster else ""
    return [f"{group.name}{within}-{node + 1:03}" for node in range(group.nodes)]


def known(request: Request, world: World) -> Group:
    name = request.text("ReplicationGroupId")
    if (group := caches(request, world).replication_groups.get(name)) is None:
        raise Refused("ReplicationGroupNotFoundFault", f"ReplicationGroup {name} not found.", 404)
    return group


def available(request: Request, world: World) -> Group:
    group = known(request, world)
    if group.status != "available":
        raise Refused("InvalidReplicationGroupState", "Replication group must be in available state.")
    return group


@instead("elasticache:DescribeReplicationGroups")
def describe(request: Request, world: World) -> Answer:
    several = caches(request, world).replication_groups.values()
    chosen = [known(request, world)] if request.text("ReplicationGroupId") else several
    return ok(request, {"ReplicationGroups": [told(request, world, one) for one in chosen]})


@instead("elasticache:ModifyReplicationGroup")
def change(request: Request, world: World) -> Answer:
    group = available(request, world)
    was = group.settings
    if request.text("EngineVersion") and full(request.text("EngineVersion")) < was["EngineVersion"]:
        raise Refused(COMBINATION, "Cannot modify the engine version to a lower one.")
    if token := request.text("AuthToken"):
        change_token(group, token, request.text("AuthTokenUpdateStrategy") or "ROTATE")
    asked = {key: request.text(key) for key in SETTINGS if request.text(key)}
    if "EngineVersion" in asked:
        asked["EngineVersion"] = full(asked["EngineVersion"])
    group.settings = was | asked
    group.parameter_group = request.text("CacheParameterGroupName") or group.parameter_group
    group.groups = request.texts("SecurityGroupIds") or group.groups
    placed(request, world, group)
    try:
        sound(group, clustered(request, world, group))
    except Refused:
        group.settings = was
        raise
    settle_in(request, world, group)
    soon(world, group, "modifying", "cache_modified")
    return ok(request, {"ReplicationGroup": told(request, world, group)})


def change_token(group: Group, token: str, strategy: str) -> None:
    """https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html: one that was rotated in can be set."""
    if strategy == "SET" and group.settings.get("rotated") != token:
        raise Refused(COMBINATION, "The SET strategy is allowed after a ROTATE of the same token only.")
    if strategy == "DELETE":
        raise Refused(COMBINATION, "The DELETE strategy is allowed with user groups only.")
    group.settings["rotated"] = token
    group.token = token


@instead("elasticache:IncreaseReplicaCount", "elasticache:DecreaseReplicaCount")
def change_replicas(request: Request, world: World) -> Answer:
    group, wanted = available(request, world), int(request.text("NewReplicaCount")) + 1
    if wanted == group.nodes or (wanted > group.nodes) != (request.operation == "IncreaseReplicaCount"):
        raise Refused("NoOperationFault", "The operation would make no change.")
    if wanted == 1 and group.settings["MultiAZEnabled"] == "true":
        raise Refused(COMBINATION, "Multi-AZ needs a replica.")
    group.nodes = wanted
    settle_in(request, world, group)
    soon(world, group, "modifying", "cache_modified")
    return ok(request, {"ReplicationGroup": told(request, world, group)})


@instead("elasticache:ModifyReplicationGroupShardConfiguration")
def change_shards(request: Request, world: World) -> Answer:
    group, wanted = available(request, world), int(request.text("NodeGroupCount"))
    going = request.texts("NodeGroupsToRemove")
    if not clustered(request, world, group):
        raise Refused(COMBINATION, "Cluster mode is off.")
    if wanted < group.shards and len(going) != group.shards - wanted:
        raise Refused(VALUE, "NodeGroupsToRemove or NodeGroupsToRetain must say which shards go.")
    group.shards = wanted
    settle_in(request, world, group)
    soon(world, group, "modifying", "cache_modified")
    return ok(request, {"ReplicationGroup": told(request, world, group)})


@instead("elasticache:DeleteReplicationGroup")
def delete(request: Request, world: World) -> Answer:
    """With a last snapshot, which is taken of the primary node."""
    there, group = caches(request, world), available(request, world)
    last, cluster = request.text("FinalSnapshotIdentifier"), clustered(request, world, group)
    kept = []
    if last:
        refuse_name(there, last)
        kept = [begin(there, group, last, cluster, {}, members(group, cluster, 0)[0])]
    group.status = "deleting"

    def gone() -> None:
        if there.replication_groups.get(group.name) is group:
            del there.replication_groups[group.name]
            move_out(request, world, group)
        for snapshot in kept:
            complete(snapshot)

    answer = ok(request, {"ReplicationGroup": told(request, world, group)})
    world.later("cache_deleted", gone)
    return answer
