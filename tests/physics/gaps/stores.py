"""Stores: the caches' subnet groups that moto can't delete, and when an object was written by AWS's own clock."""

from datetime import timedelta

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World


@instead("elasticache:DeleteCacheSubnetGroup")
def subnet_group_deleted(request: Request, world: World) -> Answer:
    caches, name = world.backend(request), request.text("CacheSubnetGroupName")
    if name not in caches.cache_subnet_groups:
        raise Refused("CacheSubnetGroupNotFoundFault", f"Cache Subnet Group {name} does not exist.")
    users = [*caches.replication_groups.values(), *caches.cache_clusters.values()]
    if any(each.cache_subnet_group_name == name for each in users):
        raise Refused("CacheSubnetGroupInUse", f"Cache subnet group {name} is currently in use by a cache cluster.")
    del caches.cache_subnet_groups[name]
    return ok(request)


@after("s3:PutObject")
def written_by_the_clock(request: Request, answer: Answer, world: World) -> None:
    """Moto's objects know this machine's time only; `advance` moves S3's too, as its Date header tells."""
    ahead = timedelta(seconds=world.clock.ahead)
    if ahead:
        bucket, key = request.text("Bucket"), request.text("Key")
        world.backend(request).buckets[bucket].keys[key].last_modified += ahead
