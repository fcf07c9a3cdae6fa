"""Caches of Valkey and Redis: replication groups of ElastiCache."""

import secrets
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from blueprints.caching import ReplicationGroup
from tasks.data.cache_listing import (
    TAGGING,
    TaggedByElastiCache,
    called,
    name_of,
    one_named,
    ours,
    tags_of,
    with_tags,
)
from tasks.data.cache_notes import PHASES
from tasks.data.replication_changes import CHANGES, change, password, settled
from tasks.data.replication_state import ReplicationGroupState, endpoints, own_tags, told_state, wanted_state
from tasks.errors import code_of, gone_is_fine
from tasks.kind import Found
from tasks.retry import when_released, when_visible
from tasks.scope import ON_REMOVAL, Scope, as_list
from tasks.waiting import wait_for

LONGEST, SHOWN = 40, 32  # characters of its id; of them, those before the hash
LAST = 24  # of them, in the name of its last snapshot
GONE_WITHIN = 3600.0  # seconds; a last snapshot is taken before
PLAIN = frozenset({"on_removal"})  # fields that stand in tags only


class ReplicationGroupKind(TaggedByElastiCache[ReplicationGroup, ReplicationGroupState]):
    """Caches of Valkey and Redis: replication groups of ElastiCache."""

    name = "replication-group"
    holds = "all that is in it"
    goes_first = True  # AWS keeps one of an id
    actions = tuple(
        sorted(
            (
                "elasticache:CreateReplicationGroup",
                "elasticache:DeleteReplicationGroup",
                "elasticache:DescribeCacheClusters",
                "elasticache:DescribeReplicationGroups",
                *CHANGES,
                *TAGGING,
            )
        )
    )

    def owned(self, scope: Scope) -> Iterator[Found[ReplicationGroupState]]:
        """DescribeReplicationGroups and DescribeCacheClusters, which tells the rest; a call each for the tags."""
        listed = scope.pages("elasticache", "describe_replication_groups", "ReplicationGroups")
        own = [(group, tags) for group, tags in with_tags(scope, listed) if self.named_in(tags)]
        members = {one["ReplicationGroupId"]: one for one in _clusters(scope)} if own else {}
        for group, tags in own:
            state = told_state(group, members.get(group["ReplicationGroupId"], {}), tags)
            id, kept = group["ReplicationGroupId"], state.on_removal == "snapshot"
            yield Found(
                self.name,
                str(self.named_in(tags)),
                group["ARN"],
                state,
                tags,
                PHASES.get(group["Status"], "pending"),
                outputs=endpoints(group, state.token),
                keeps=f"a last snapshot of {id}" if kept else "",
                loses="" if kept else "all that is in it, and its snapshots,",
            )

    def wanted(self, part: ReplicationGroup, ids: Mapping[str, str]) -> ReplicationGroupState:
        """See the base."""
        return wanted_state(part, ids)

    def create(self, scope: Scope, name: str, wanted: ReplicationGroupState) -> str:
        """Its id is unique, so it can't be made twice; one made by a call that got lost is taken.

        The password goes from Secrets Manager to ElastiCache, and is kept nowhere here.
        """
        id = called(scope, name, LONGEST, wanted.foundation)
        tags = self.birth_tags(scope, name, wanted) | own_tags(wanted)
        token = {"AuthToken": password(scope, wanted.token)} if wanted.token else {}
        try:
            made = when_visible(
                f"what cache {name} stands in",
                scope.client("elasticache").create_replication_group,
                ReplicationGroupId=id,
                ReplicationGroupDescription=f"{scope.environment}: {name}",
                Tags=as_list(tags),
                **_asked(wanted),
                **token,
            )
            return str(made["ReplicationGroup"]["ARN"])
        except ClientError as error:
            if code_of(error) != "ReplicationGroupAlreadyExists":
                raise
        there = one_named(scope, "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId", id)
        return ours(scope, self.key(name), f"a cache {id}", there)

    def ready(self, scope: Scope, id: str) -> None:
        """Five to ten minutes; with many shards, half an hour."""
        settled(scope, id)

    def update(self, scope: Scope, id: str, wanted: ReplicationGroupState, changed: frozenset[str]) -> None:
        """In place, while it's in use; the connections break for seconds where nodes are replaced."""
        if changed - PLAIN:
            change(scope, id, wanted, changed)
        self.tag(scope, id, own_tags(wanted))

    def delete(self, scope: Scope, id: str) -> None:
        """With a last snapshot, unless it's to be wiped; its name is one that there never was."""
        name, caches = name_of(id), scope.client("elasticache")
        there = one_named(scope, "describe_replication_groups", "ReplicationGroups", "ReplicationGroupId", name)
        if there is None:
            return
        if there["Status"] != "deleting":
            tags = tags_of(scope, id)
            last = last_snapshot(name, datetime.now(UTC))
            kept = {"FinalSnapshotIdentifier": last} if tags.get(ON_REMOVAL, "snapshot") == "snapshot" else {}
            with gone_is_fine("ReplicationGroupNotFoundFault"):
                when_released(
                    f"cache {name} to be available", caches.delete_replication_group, ReplicationGroupId=name, **kept
                )
        wait_for(
            scope, "elasticache", "replication_group_deleted", f"cache {name}", GONE_WITHIN, ReplicationGroupId=name
        )


def last_snapshot(id: str, now: datetime) -> str:
    """A name that there never was: what the cache's id begins with, the day, and six digits that chance gives.

    It may have 40 characters: https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups-manual.html
    """
    return f"{id[:LAST].rstrip('-')}-{now:%Y%m%d}-{secrets.token_hex(3)}"


def _clusters(scope: Scope) -> list[Any]:
    """The clusters that replication groups are made of."""
    listed = scope.pages("elasticache", "describe_cache_clusters", "CacheClusters")
    return [one for one in listed if one.get("ReplicationGroupId")]


def _asked(wanted: ReplicationGroupState) -> dict[str, Any]:
    """As CreateReplicationGroup takes it. What isn't said is left to AWS."""
    maybe = {
        "KmsKeyId": wanted.kms_key,
        "SnapshotName": wanted.from_snapshot,
        "SnapshotWindow": wanted.snapshot_window,
        "PreferredMaintenanceWindow": wanted.maintenance,
    }
    sharded = {"NumNodeGroups": wanted.shards, "ReplicasPerNodeGroup": wanted.replicas}
    return {key: value for key, value in maybe.items() if value} | {
        **(sharded if wanted.cluster else {"NumCacheClusters": wanted.replicas + 1}),
        "Engine": wanted.engine,
        "EngineVersion": wanted.version,
        "CacheNodeType": wanted.node_type,
        "AutomaticFailoverEnabled": wanted.failover,
        "MultiAZEnabled": wanted.multi_zone,
        "CacheSubnetGroupName": name_of(wanted.subnet_group),
        "SecurityGroupIds": list(wanted.groups),
        "CacheParameterGroupName": name_of(wanted.parameter_group),
        "Port": wanted.port,
        "TransitEncryptionEnabled": wanted.tls,
        "AtRestEncryptionEnabled": wanted.encrypted,
        "SnapshotRetentionLimit": wanted.snapshots,
        "AutoMinorVersionUpgrade": wanted.minor_upgrades,
    }
