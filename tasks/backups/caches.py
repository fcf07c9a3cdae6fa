"""The store of ElastiCache: caches of Valkey and Redis, as manual snapshots, each under a name that is its slot's."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from blueprints.backups import BackupPolicy
from blueprints.environment import Environment
from blueprints.part import Part
from tasks.backups.birth import birth_tags
from tasks.backups.cache_listing import RESTORING, caches_in, piece_of, snapshots_in
from tasks.backups.cache_machine import cache_machine_of
from tasks.backups.cache_naming import snapshot_name
from tasks.backups.cache_restoring import cache_parts, cache_proof_parts, check_cache
from tasks.backups.carrier import Carrier
from tasks.backups.policy import Taking
from tasks.backups.proving import Proof
from tasks.backups.record import Backup
from tasks.backups.restoring import Wish
from tasks.backups.sources import MISSING, Covered, Source, Volume, part_in
from tasks.backups.store import Asked, Made
from tasks.data.cache_listing import name_of, one_named, with_tags
from tasks.data.replication_state import told_state
from tasks.errors import CastraError, gone_is_fine
from tasks.scope import Scope, as_list
from tasks.waiting import wait_until

SETTLES_WITHIN = 3600.0  # seconds; another snapshot of a big cache, or a change of it, takes its time
WAYS_OUT = {
    "create-failed": "look at its events in ElastiCache's console",
    "deleting": "take it out of the policy",
}
GONE = "SnapshotNotFoundFault"


class Caches:
    """Manual snapshots of ElastiCache, 20 of a node in 24 hours at most. They stay in their region and account.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups.html
    """

    noun = "cache"
    gib_month = 0.085
    """US dollars for a GiB-month, in all regions. One snapshot of each cache that stands is free: that isn't taken off.
    https://docs.aws.amazon.com/AmazonElastiCache/latest/red-ug/backups.html#backups-costs"""
    taken_names = frozenset({"SnapshotAlreadyExistsFault"})
    kept = frozenset({"InvalidSnapshotState"})
    carrier: Carrier | None = None

    def holds(self, id: str) -> bool:
        """By its ARN."""
        return id.startswith("arn:") and id.split(":")[2] == "elasticache"

    def listed(self, scope: Scope, asked: Asked, region: str) -> list[Backup]:
        """See the listing: no tag is told in bulk."""
        return caches_in(scope, asked, region)

    def covered(self, policy: BackupPolicy, environment: Environment, scope: Scope) -> Covered:
        """Two listings, where any is covered, and a call for the tags of each cache of the account."""
        if not policy.caches:
            return Covered()
        standing = {one.part: one for one in _sources(scope, environment.name)}
        wanted = [f"replication-group/{name}" for name in policy.caches]
        sources = tuple(standing[part] for part in wanted if part in standing)
        return Covered(sources=sources, missing={part: MISSING for part in wanted if part not in standing})

    def make(self, scope: Scope, taking: Taking) -> Made:
        """Once no change of it is under way. The name is its slot's, so that it can't be made twice."""
        source = taking.source
        group = _settled(scope, name_of(source.id))
        if group is None:
            raise CastraError(source.name, "it is gone", "Run `castra up`, and this again")
        if why := hindered(group):
            raise CastraError(source.name, why)
        tags = birth_tags(scope, taking)
        scope.go_ahead.check()
        answer = scope.client("elasticache").create_snapshot(
            SnapshotName=snapshot_name(str(scope.environment), taking), Tags=as_list(tags), **taken_of(group)
        )["Snapshot"]
        return Made(answer["ARN"], (piece_of(answer, tags),))

    def removals(self, scope: Scope, backup: Backup) -> Iterator[Callable[[], Any]]:
        """One call; gone already is fine."""

        def delete() -> None:
            with gone_is_fine(GONE):
                scope.client("elasticache", region=backup.region).delete_snapshot(SnapshotName=name_of(backup.id))

        yield delete

    def in_use(self, scope: Scope, beside: Collection[str]) -> Mapping[str, str]:
        """What is being restored, by the snapshot's own state."""
        found = (one for one in snapshots_in(scope) if one["SnapshotStatus"] == RESTORING)
        return {one["ARN"]: "a cache is being made of it" for one in found}

    def parts(self, scope: Scope, backup: Backup, wish: Wish) -> tuple[Part, ...]:
        """See the protocol."""
        return cache_parts(scope, backup, wish)

    def proof_parts(self, scope: Scope, proof: Proof) -> tuple[Part, ...]:
        """See the protocol."""
        return cache_proof_parts(proof, scope.region)

    def check(self, scope: Scope, proof: Proof, ids: Mapping[str, str]) -> str:
        """See the protocol."""
        return check_cache(scope, proof, ids)

    def note(self, scope: Scope, backup: Backup, tags: Mapping[str, str]) -> None:
        """By its ARN."""
        with gone_is_fine(GONE):
            caches = scope.client("elasticache", region=backup.region)
            caches.add_tags_to_resource(ResourceName=backup.id, Tags=as_list(tags))


def hindered(group: Mapping[str, Any]) -> str:
    """Why AWS takes no snapshot of a cache as it is, with a way out; nothing where it does, or soon will."""
    if way_out := WAYS_OUT.get(group["Status"]):
        return f"it is {group['Status']}, and AWS takes no snapshot of it then: {way_out}"
    return ""


def taken_of(group: Mapping[str, Any]) -> dict[str, str]:
    """What a snapshot is asked of: all shards at once, or, without shards, one node, a replica where there's any.

    The primary node would be slowed down: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups.html#backups-performance
    """
    if group.get("ClusterEnabled"):
        return {"ReplicationGroupId": group["ReplicationGroupId"]}
    nodes = [node for shard in group["NodeGroups"] for node in shard["NodeGroupMembers"]]
    first = min(nodes, key=lambda node: (node.get("CurrentRole") != "replica", node["CacheClusterId"]))
    return {"CacheClusterId": first["CacheClusterId"]}


def _settled(scope: Scope, name: str) -> Mapping[str, Any] | None:
    """A cache once it's available, or never will be; None if it's gone."""
    told: list[Any] = []

    def done() -> bool:
        told[:] = [one_named(scope, "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId", name)]
        return told[0] is None or told[0]["Status"] == "available" or told[0]["Status"] in WAYS_OUT

    wait_until(scope, done, f"cache {name}", SETTLES_WITHIN, lambda: f"it is {told[0]['Status']}")
    found: Mapping[str, Any] | None = told[0]
    return found


def _sources(scope: Scope, environment: str) -> Iterator[Source]:
    listed = scope.pages("elasticache", "describe_replication_groups", "ReplicationGroups")
    own = list(with_tags(scope, listed))
    clusters = scope.pages("elasticache", "describe_cache_clusters", "CacheClusters") if own else ()
    members = {one["ReplicationGroupId"]: one for one in clusters if one.get("ReplicationGroupId")}
    for group, tags in own:
        name, part = group["ReplicationGroupId"], part_in(tags, environment)
        state = told_state(group, members.get(name, {}), tags)
        yield Source(
            id=group["ARN"],
            name=f"{part} {name}" if part else name,
            part=part,
            volumes=(Volume(id=group["ARN"]),),  # how much is in it, nobody tells before
            cache=cache_machine_of(state, group),
            hindered=hindered(group),
        )
