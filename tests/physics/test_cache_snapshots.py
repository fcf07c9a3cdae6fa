"""Snapshots of caches: of what they're taken, under which names, how often, and what can be made of them."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.physics.builds import Builds, code_of

ASKED = {"ReplicationGroupDescription": "x", "Engine": "valkey", "EngineVersion": "8.0"}
ASKED |= {"CacheNodeType": "cache.t4g.small"}
SHARDS = {"CacheParameterGroupName": "default.valkey8.cluster.on", "AutomaticFailoverEnabled": True}
SPREAD = SHARDS | {"NumNodeGroups": 2, "ReplicasPerNodeGroup": 1}
TAGS = [{"Key": "a", "Value": "b"}]


def group(make: Builds, name: str = "main", **more: Any) -> None:
    make.elasticache.create_replication_group(ReplicationGroupId=name, **{**ASKED, **more})


def taken(make: Builds, name: str = "one", node: str = "main-001", **more: Any) -> dict[str, Any]:
    return dict(make.elasticache.create_snapshot(SnapshotName=name, CacheClusterId=node, **more)["Snapshot"])


def refused(make: Builds, **asked: Any) -> str:
    return code_of(make.elasticache.create_snapshot, **asked)


def test_a_name_is_short_plain_and_taken_once(make: Builds) -> None:
    group(make)
    taken(make, "a" * 40)
    for name in ("a" * 41, "a--b", "a-", "1a", "a_b"):
        assert refused(make, SnapshotName=name, CacheClusterId="main-001") == "InvalidParameterValue"
    again = {"SnapshotName": "A" * 40, "CacheClusterId": "main-001"}
    assert refused(make, **again) == "SnapshotAlreadyExistsFault"
    last = {"ReplicationGroupId": "main", "FinalSnapshotIdentifier": "a" * 41}
    assert code_of(make.elasticache.delete_replication_group, **last) == "InvalidParameterValue"


def test_without_shards_it_is_of_one_node_and_with_them_of_the_whole(make: Builds) -> None:
    group(make, NumCacheClusters=2)
    group(make, "spread", **SPREAD)
    one = taken(make, node="main-002")
    assert (one["CacheClusterId"], "ReplicationGroupId" in one) == ("main-002", False)
    assert refused(make, SnapshotName="two", CacheClusterId="spread-0001-001") == "InvalidParameterCombination"
    two = make.elasticache.create_snapshot(SnapshotName="two", ReplicationGroupId="spread")["Snapshot"]
    assert (two["ReplicationGroupId"], two["NumNodeGroups"]) == ("spread", 2)
    assert [part["NodeGroupId"] for part in two["NodeSnapshots"]] == ["0001", "0002"]


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "InvalidParameterCombination"),
        ({"CacheClusterId": "main-001", "ReplicationGroupId": "main"}, "InvalidParameterCombination"),
        ({"CacheClusterId": "none-001"}, "CacheClusterNotFound"),
        ({"ReplicationGroupId": "none"}, "ReplicationGroupNotFoundFault"),
        ({"CacheClusterId": "pages"}, "SnapshotFeatureNotSupportedFault"),
        ({"CacheClusterId": "small-001"}, "SnapshotFeatureNotSupportedFault"),
    ],
)
def test_what_there_can_be_no_snapshot_of_is_refused(make: Builds, asked: dict[str, Any], code: str) -> None:
    group(make)
    group(make, "small", CacheNodeType="cache.t1.micro")
    memcached = {"Engine": "memcached", "CacheNodeType": "cache.t3.micro", "NumCacheNodes": 1}
    make.elasticache.create_cache_cluster(CacheClusterId="pages", **memcached)
    assert refused(make, SnapshotName="one", **asked) == code


def test_twenty_of_a_node_are_taken_within_a_day(make: Builds) -> None:
    group(make, NumCacheClusters=2)
    for number in range(20):
        taken(make, f"one-{number}")
    assert refused(make, SnapshotName="more", CacheClusterId="main-001") == "SnapshotQuotaExceededFault"
    taken(make, "other", node="main-002")
    make.aws.advance(86_401)
    taken(make, "more")


def test_they_are_listed_in_pages_by_who_took_them_without_their_tags(make: Builds) -> None:
    group(make)
    for number in range(51):
        make.aws.advance(86_401 if number % 20 == 0 else 0)
        taken(make, f"one-{number:02}", Tags=TAGS)
    pages = list(make.elasticache.get_paginator("describe_snapshots").paginate(SnapshotSource="user"))
    assert [len(page["Snapshots"]) for page in pages] == [50, 1]
    one = pages[1]["Snapshots"][0]
    assert (one["SnapshotName"], one["SnapshotSource"], "TagList" in one) == ("one-50", "manual", False)
    assert make.elasticache.list_tags_for_resource(ResourceName=one["ARN"])["TagList"] == TAGS
    assert make.elasticache.describe_snapshots(SnapshotSource="system")["Snapshots"] == []
    assert make.elasticache.describe_snapshots(SnapshotName="one-07")["Snapshots"][0]["CacheClusterId"] == "main-001"


def test_it_has_the_tags_of_the_request_and_else_those_of_its_group(make: Builds) -> None:
    group(make, Tags=[{"Key": "of", "Value": "group"}])
    for name, tags in (("one", TAGS), ("two", [])):
        arn = taken(make, name, Tags=tags)["ARN"]
        told = make.elasticache.list_tags_for_resource(ResourceName=arn)["TagList"]
        assert told == (tags or [{"Key": "of", "Value": "group"}])


def test_nothing_is_made_of_what_is_not_there_nor_of_a_newer_version_another_engine_or_without_its_shards(
    make: Builds,
) -> None:
    group(make)
    group(make, "spread", **SPREAD)
    taken(make)
    make.elasticache.create_snapshot(SnapshotName="two", ReplicationGroupId="spread")

    def code(name: str, **more: Any) -> str:
        asked = {**ASKED, "ReplicationGroupId": "again", "SnapshotName": name, **more}
        try:
            make.elasticache.create_replication_group(**asked)
        except ClientError as error:
            return str(error.response["Error"]["Code"])
        make.elasticache.delete_replication_group(ReplicationGroupId="again")
        return ""

    assert code("none") == "SnapshotNotFoundFault"
    assert code("one", EngineVersion="7.2") == "InvalidParameterCombination"
    assert code("one", Engine="redis", EngineVersion="7.1") == "InvalidParameterCombination"
    assert code("two") == "InvalidParameterCombination"
    assert (code("one", EngineVersion="8.1"), code("one", **SHARDS), code("two", **SPREAD)) == ("", "", "")


def test_a_last_one_stays_once_its_group_has_gone(make: Builds) -> None:
    group(make, NumCacheClusters=2)
    make.elasticache.delete_replication_group(ReplicationGroupId="main", FinalSnapshotIdentifier="last")
    (one,) = make.elasticache.describe_snapshots()["Snapshots"]
    assert (one["SnapshotStatus"], one["CacheClusterId"]) == ("available", "main-001")
    assert make.elasticache.list_tags_for_resource(ResourceName=one["ARN"])["TagList"] == []
    make.elasticache.delete_snapshot(SnapshotName="last")
    assert code_of(make.elasticache.delete_snapshot, SnapshotName="last") == "SnapshotNotFoundFault"
