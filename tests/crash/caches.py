"""Caches, their subnets and parameters, and what was kept of them, as plain clients list them."""

from collections.abc import Iterator
from typing import Any

DESCRIBED = (
    ("describe_cache_subnet_groups", "CacheSubnetGroups"),
    ("describe_cache_parameter_groups", "CacheParameterGroups"),
    ("describe_replication_groups", "ReplicationGroups"),
    ("describe_cache_clusters", "CacheClusters"),
)


def caches(client: Any) -> Iterator[tuple[str, Any]]:
    """With their tags; a cluster that a replication group is made of has none of its own."""
    for operation, key in DESCRIBED:
        for one in getattr(client, operation)()[key]:
            tagged = "ReplicationGroupId" not in one or key == "ReplicationGroups"
            tags = client.list_tags_for_resource(ResourceName=one["ARN"])["TagList"] if tagged else []
            yield key, {**one, "Tags": tags}
    for one in client.describe_snapshots()["Snapshots"]:
        tags = client.list_tags_for_resource(ResourceName=one["ARN"])["TagList"]
        of = one.get("ReplicationGroupId") or one["CacheClusterId"]
        yield "CacheSnapshots", {"Of": of, "State": one["SnapshotStatus"], "Tags": tags, "castra:kept": True}
