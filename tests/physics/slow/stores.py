"""Databases and caches: creating for minutes, deleting for minutes."""

from typing import Any

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World

KINDS = {
    "rds:CreateDBInstance": ("databases", "DBInstanceIdentifier", "_status", "database"),
    "elasticache:CreateReplicationGroup": ("replication_groups", "ReplicationGroupId", "status", "cache"),
    "elasticache:CreateCacheCluster": ("cache_clusters", "CacheClusterId", "cache_cluster_status", "cache"),
}
"""Where moto keeps them: its dict, the id's parameter, the attribute with the state, the name in `times`."""
DOOMED = {
    "elasticache:DeleteReplicationGroup": KINDS["elasticache:CreateReplicationGroup"],
    "elasticache:DeleteCacheCluster": KINDS["elasticache:CreateCacheCluster"],
}


@after(*KINDS)
def create(request: Request, answer: Answer, world: World) -> None:
    table, identifier, attribute, name = KINDS[f"{request.service}:{request.operation}"]
    thing = find(getattr(world.backend(request), table), request.text(identifier))
    if thing is None or world.time(f"{name}_available") <= 0:
        return
    setattr(thing, attribute, "creating")
    world.later(f"{name}_available", lambda: setattr(thing, attribute, "available"))


@after(*DOOMED)
def delete(request: Request, answer: Answer, world: World) -> None:
    """Moto leaves caches `deleting` for ever."""
    table, identifier, _, name = DOOMED[f"{request.service}:{request.operation}"]
    things, key = getattr(world.backend(request), table), request.text(identifier)
    world.later(f"{name}_deleted", lambda: things.pop(key, None) and None)


def find(things: dict[str, Any], key: str) -> Any:
    return things.get(key) or things.get(key.lower())
