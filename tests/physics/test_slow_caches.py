"""Snapshots of caches that take their time, and what AWS refuses meanwhile."""

from collections.abc import Iterator

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds, code_of
from tests.physics.test_cache_snapshots import ASKED, group, taken


@pytest.fixture(scope="module")
def stage() -> Iterator[Builds]:
    times = {"cache_snapshot_available": 60, "cache_available": 300, "cache_deleted": 200}
    with Physics("calm", times=times) as aws:
        yield Builds(aws)


def state(make: Builds, name: str = "one") -> str:
    (one,) = make.elasticache.describe_snapshots(SnapshotName=name)["Snapshots"]
    return str(one["SnapshotStatus"])


def standing(make: Builds) -> str:
    (one,) = make.elasticache.describe_replication_groups(ReplicationGroupId="main")["ReplicationGroups"]
    return str(one["Status"])


def test_while_one_is_made_its_size_is_not_told_and_its_group_neither_changes_nor_tells_its_tags(make: Builds) -> None:
    group(make)
    other = {"SnapshotName": "two", "CacheClusterId": "main-001"}
    assert code_of(make.elasticache.create_snapshot, **other) == "InvalidCacheClusterState"
    make.aws.advance(301)
    one = taken(make)
    assert (one["SnapshotStatus"], one["NodeSnapshots"][0]["CacheSize"], standing(make)) == (
        *("creating", ""),
        "snapshotting",
    )
    caches = make.elasticache
    assert code_of(caches.create_snapshot, **other) == "InvalidCacheClusterState"
    assert code_of(caches.modify_replication_group, ReplicationGroupId="main") == "InvalidReplicationGroupState"
    arn = caches.describe_replication_groups()["ReplicationGroups"][0]["ARN"]
    assert code_of(caches.list_tags_for_resource, ResourceName=arn) == "InvalidReplicationGroupState"
    assert code_of(caches.delete_snapshot, SnapshotName="one") == "InvalidSnapshotState"
    again = {**ASKED, "ReplicationGroupId": "again", "SnapshotName": "one"}
    assert code_of(caches.create_replication_group, **again) == "InvalidParameterValue"
    make.aws.advance(61)
    (one,) = caches.describe_snapshots()["Snapshots"]
    assert (one["SnapshotStatus"], one["NodeSnapshots"][0]["CacheSize"]) == ("available", "7 MB")
    assert standing(make) == "available"


def test_it_is_restoring_until_what_is_made_of_it_stands_and_stays_meanwhile(make: Builds) -> None:
    group(make)
    make.aws.advance(301)
    taken(make)
    make.aws.advance(61)
    make.elasticache.create_replication_group(**ASKED, ReplicationGroupId="again", SnapshotName="one")
    assert state(make) == "restoring"
    assert code_of(make.elasticache.delete_snapshot, SnapshotName="one") == "InvalidSnapshotState"
    make.aws.advance(301)
    assert state(make) == "available"


def test_a_last_one_is_made_while_its_group_goes(make: Builds) -> None:
    group(make)
    make.aws.advance(301)
    make.elasticache.delete_replication_group(ReplicationGroupId="main", FinalSnapshotIdentifier="last")
    assert (standing(make), state(make, "last")) == ("deleting", "creating")
    make.aws.advance(201)
    assert state(make, "last") == "available"
