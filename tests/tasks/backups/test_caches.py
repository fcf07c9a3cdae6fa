"""Backups of caches: each once a slot, of what can be taken, kept and pruned like any other, and never copied."""

from datetime import UTC, datetime, timedelta
from threading import Timer
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import build
from tasks.backups.cache_listing import gib_of
from tasks.backups.caches import taken_of
from tasks.backups.copies import plan_copies
from tasks.backups.listing import backups_in
from tasks.backups.planning import plan_back_up
from tasks.backups.pruning import plan_pruning, remove
from tasks.backups.stores import STORES
from tasks.scope import as_dict, as_list
from tests.physics import Physics
from tests.tasks.backups.carrying_out import aged, pruned, scoped, taken, the_one
from tests.tasks.conftest import Weather

REGION = "eu-west-1"
SLOW = {"cache_snapshot_available": 60}
SHARDS = {"CacheParameterGroupName": "default.valkey8.cluster.on", "AutomaticFailoverEnabled": True}


def blueprint(**policy: Any) -> Environment:
    usual = {"caches": ["main"], "when": {"cron": "0 2 * * *"}, "keep": {"daily": 2}}
    document = {"name": "shop", "region": REGION, "network": {"cidr": "10.20.0.0/16"}, "caches": {"main": {}}}
    return build(document | {"backups": {"nightly": usual | policy}})


def standing(aws: Physics, name: str = "shop-main", **more: Any) -> Any:
    """A cache as Castra makes it, but for what its backups don't look at."""
    tags = as_list({"castra:environment": "shop", "castra:part": "replication-group/main", "castra:version": "8.0"})
    asked: dict[str, Any] = {"ReplicationGroupDescription": "main", "Engine": "valkey", "EngineVersion": "8.0"}
    asked |= {"CacheNodeType": "cache.t4g.small", "NumCacheClusters": 2, "Tags": tags}
    made = aws.client("elasticache", REGION).create_replication_group(ReplicationGroupId=name, **asked | more)
    return made["ReplicationGroup"]


def sent(aws: Physics) -> list[dict[str, Any]]:
    return [call.params for call in aws.writes() if call.operation == "CreateSnapshot"]


# ---------------------------------------------------------------------- taking


def test_it_is_taken_once_a_slot_of_a_replica_tagged_from_birth_and_awaited(weather: Weather) -> None:
    aws = weather(scale=60, times=SLOW)
    group, document = standing(aws), blueprint()
    scope = scoped(document)
    (deed,) = plan_back_up(document, scope, datetime.now(UTC)).deeds
    assert (deed.action, deed.gib, deed.because.partition(";")[0]) == ("take", None, "a cache's backup is a snapshot")
    assert taken(scope, document).failures == {}
    one = the_one(scope)
    assert (one.source, one.series, one.state, one.gib) == (group["ARN"], "replication-group/main", "complete", 1)
    assert one.cache is not None
    assert (one.cache.engine, one.cache.version, one.cache.replicas, one.cache.token) == ("valkey", "8.0", 1, False)
    (deed,) = plan_back_up(document, scope, datetime.now(UTC)).deeds
    assert (deed.action, deed.because.endswith("was taken already")) == ("keep", True)
    assert [one["CacheClusterId"] for one in sent(aws)] == ["shop-main-002"]
    tags = as_dict(scope.client("elasticache").list_tags_for_resource(ResourceName=one.id)["TagList"])
    assert (tags["castra:backup"], tags["castra:source-part"]) == ("shop/nightly", "replication-group/main")
    assert {"castra:part", "castra:environment"} & tags.keys() == set()


def test_with_shards_all_are_taken_by_one_call(weather: Weather) -> None:
    aws = weather()
    standing(aws, NumNodeGroups=3, ReplicasPerNodeGroup=0, **SHARDS)
    document = blueprint()
    scope = scoped(document)
    assert taken(scope, document).failures == {}
    cache = the_one(scope).cache
    assert cache is not None
    assert (cache.cluster, cache.shards, cache.replicas) == (True, 3, 0)
    assert [one["ReplicationGroupId"] for one in sent(aws)] == ["shop-main"]


def test_a_primary_node_is_taken_only_where_there_is_no_other() -> None:
    nodes = [{"CacheClusterId": f"a-00{number}"} for number in (1, 2, 3)]
    lone = {"ReplicationGroupId": "a", "NodeGroups": [{"NodeGroupMembers": [nodes[0] | {"CurrentRole": "primary"}]}]}
    assert taken_of(lone) == {"CacheClusterId": "a-001"}
    roles = ("replica", "primary", "replica")
    several = [node | {"CurrentRole": role} for node, role in zip(nodes, roles, strict=True)]
    assert taken_of({"NodeGroups": [{"NodeGroupMembers": several}]}) == {"CacheClusterId": "a-001"}


def test_a_create_whose_answer_was_lost_makes_one(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    aws.rule("CreateSnapshot", "lose-answer", nth=1)
    assert taken(scope, document).failures == {}
    assert the_one(scope).state == "complete"
    assert aws.counts()["elasticache:CreateSnapshot"] == 2
    assert aws.outcomes()["SnapshotAlreadyExistsFault"] == 1


def test_somebody_elses_snapshot_under_its_name_is_never_taken_for_it(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    taken(scope, document)
    name, caches = the_one(scope).id.rpartition(":")[2], scope.client("elasticache")
    caches.delete_snapshot(SnapshotName=name)
    caches.create_snapshot(SnapshotName=name, CacheClusterId="shop-main-001")
    (why,) = taken(scope, document).failures.values()
    assert "SnapshotAlreadyExistsFault" in why


def test_one_that_is_being_changed_is_waited_for_though_its_tags_are_told_elsewhere(weather: Weather) -> None:
    aws = weather(times={"cache_modified": 60})
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    changed = {"ReplicationGroupId": "shop-main", "CacheNodeType": "cache.r7g.large", "ApplyImmediately": True}
    scope.client("elasticache").modify_replication_group(**changed)
    Timer(0.3, aws.advance, [61]).start()
    assert taken(scope, document).failures == {}
    assert aws.counts()["elasticache:CreateSnapshot"] == 1
    assert the_one(scope).state == "complete"


def test_of_two_policies_of_one_cache_the_second_waits_for_the_first(weather: Weather) -> None:
    aws = weather(scale=60, times=SLOW)
    standing(aws)
    document = blueprint()
    document.backups["hourly"] = document.backups["nightly"]
    scope = scoped(document)
    assert taken(scope, document).failures == {}
    found = {(one.policy, one.state) for one in backups_in(scope, "shop")}
    assert found == {("nightly", "complete"), ("hourly", "complete")}


def test_one_that_aws_could_not_make_one_that_is_going_and_one_that_is_missing_fail_with_their_own_reason(
    weather: Weather,
) -> None:
    aws = weather(times={"cache_deleted": 600})
    document = blueprint()
    scope = scoped(document)
    (why,) = taken(scope, document).failures.values()
    assert why.startswith("it doesn't stand")
    standing(aws)
    scope.client("elasticache").delete_replication_group(ReplicationGroupId="shop-main")
    (why,) = taken(scope, document).failures.values()
    assert why == "it is deleting, and AWS takes no snapshot of it then: take it out of the policy"
    assert "elasticache:CreateSnapshot" not in aws.counts()


def test_more_than_twenty_of_a_node_in_a_day_fail_with_what_aws_says(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    for number in range(20):
        asked = {"SnapshotName": f"by-hand-{number}", "CacheClusterId": "shop-main-002"}
        scope.client("elasticache").create_snapshot(**asked)
    (why,) = taken(scope, document).failures.values()
    assert "SnapshotQuotaExceededFault" in why


def test_a_label_of_any_characters_is_taken(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    assert taken(scope, document, "vor dem Umzug: ä*").failures == {}
    assert the_one(scope).label == "vor dem Umzug: ä*"


def test_only_what_can_be_a_backup_by_its_name_is_asked_for_its_tags(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    for name in ("by-hand", "blog-main-20260513t0200-4f1c09"):
        scope.client("elasticache").create_snapshot(SnapshotName=name, CacheClusterId="shop-main-002")
    taken(scope, document)
    aws.log.calls.clear()
    assert len(backups_in(scope, "shop")) == 1
    assert aws.counts()["elasticache:ListTagsForResource"] == 1


@pytest.mark.parametrize(
    ("sizes", "gib"),
    [
        ([], 0),
        ([""], 0),
        (["7 MB"], 1),
        (["512 MB", "512 MB"], 1),
        (["512 MB", "513 MB"], 2),
        (["1.5 GB", "2 GB"], 4),
        (["1 TB"], 1024),
        (["900 KB", "nobody knows"], 1),
    ],
)
def test_sizes_are_added_up_and_rounded_up(sizes: list[str], gib: int) -> None:
    assert gib_of(sizes) == gib


# ---------------------------------------------------------------------- pruning


def test_what_no_tier_wants_goes_and_the_figures_and_the_coverage_count_them(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    aged(scope, document, 4)
    made = [one.id for one in backups_in(scope, "shop")]
    plan = plan_pruning(document, scope, datetime.now(UTC))
    assert plan.operation.figures == {
        "gib_held": 4,
        "gib_freed": 2,
        "usd_a_month_held_at_most": 0.34,
        "usd_a_month_freed_at_most": 0.17,
        "usd_for_a_gib_month": 0.05,
        "usd_for_a_gib_month_of_a_cache": 0.085,
    }
    assert [(row.what, row.policy, row.backups, row.late) for row in plan.coverage] == [
        ("replication-group/main", "nightly", 4, "")
    ]
    told = pruned(scope, document)
    assert [told[id].partition(":")[0] for id in made] == ["remove", "remove", "keep", "keep"]
    assert [one.id for one in backups_in(scope, "shop")] == made[2:]


def test_a_cache_that_no_policy_covers_is_told_and_one_of_memcached_is_not(weather: Weather) -> None:
    weather()
    document = blueprint()
    more = {"main": document.caches["main"].model_dump(), "pages": {"engine": "memcached"}}
    both = build({"name": "shop", "region": REGION, "network": {"cidr": "10.20.0.0/16"}, "caches": more})
    (row,) = plan_pruning(both, scoped(both), datetime.now(UTC)).coverage
    assert (row.what, row.late) == ("replication-group/main", "no policy covers it")


def test_the_last_good_one_of_a_cache_that_is_gone_stays(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    aged(scope, document, 2)
    scope.client("elasticache").delete_replication_group(ReplicationGroupId="shop-main")
    document.backups["weekly"] = document.backups.pop("nightly")
    told = pruned(scope, document, datetime.now(UTC) + timedelta(days=99))
    assert sorted(reason.partition(":")[0] for reason in told.values()) == ["keep", "remove"]
    assert "the last good one" in next(reason for reason in told.values() if reason.startswith("keep"))


def test_one_that_aws_keeps_stays_with_its_reason_and_gone_already_is_fine(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    aged(scope, document, 3)
    aws.rule("DeleteSnapshot", "error:InvalidSnapshotState:400", nth=1)
    (kept,) = [why for why in pruned(scope, document).values() if "AWS keeps it" in why]
    assert kept.startswith("keep: AWS keeps it: ")
    plan = plan_pruning(document, scope, datetime.now(UTC))
    ((what, backup),) = plan.going.items()
    deed = next(deed for deed in plan.operation.deeds if deed.what == what)
    for _ in range(2):
        assert remove(scope, deed, backup) == deed
    assert len(backups_in(scope)) == 2


def test_what_is_being_restored_is_in_use(weather: Weather) -> None:
    aws = weather(times={"cache_available": 300})
    standing(aws)
    aws.advance(301)
    document = blueprint()
    scope = scoped(document)
    taken(scope, document)
    one = the_one(scope)
    name = one.id.rpartition(":")[2]
    standing(aws, "again", SnapshotName=name, Tags=[])
    used = {id: why for store in STORES for id, why in store.in_use(scope, ()).items() if ":elasticache:" in id}
    assert used == {one.id: "a cache is being made of it"}
    assert the_one(scope).state == "complete"


# ---------------------------------------------------------------------- copies


def test_what_a_policy_has_made_before_it_asked_for_copies_is_told_and_stays(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    taken(scope, document)
    later = blueprint(caches=[], select={"tags": {"backup": "yes"}}, copies=[{"region": "eu-central-1"}])
    planned, copies = plan_copies(later, scope, datetime.now(UTC))
    (deed,) = planned.deeds
    assert (deed.action, deed.id) == ("keep", the_one(scope).id)
    assert deed.because == "it stays here: AWS neither copies nor shares a cache's snapshots"
    assert (copies.wanted, planned.settled) == ({}, True)
