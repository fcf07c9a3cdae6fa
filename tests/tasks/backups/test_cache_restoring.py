"""Restored caches: beside the old one and apart, once only, with a password of their own; and what one must show."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.part import Part
from blueprints.reading import build
from tasks.backups.cache_machine import CacheMachine
from tasks.backups.cache_restoring import cache_proof_parts, check_cache
from tasks.backups.listing import backups_in
from tasks.backups.planning import plan_back_up
from tasks.backups.proving import Proof, proofs_due
from tasks.backups.restoration import Restoration, plan_restore
from tasks.backups.restoring import Wish
from tasks.backups.taking import Taker
from tasks.errors import CastraError, Invalid
from tasks.reading import plan_beside, resources
from tasks.scope import Scope, as_dict
from tests.conductor import carry_out, raise_all
from tests.physics import Physics

REGION = "eu-west-1"
PART = "replication-group/main"
SPREAD = {"shards": 2, "replicas": 0}


def document(cache: dict[str, Any] | None = None, **policy: Any) -> Environment:
    usual = {"caches": ["main"], "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}, "prove": {}}
    main = {"port": 6400, "parameters": {"maxmemory-policy": "allkeys-lru"}} | (cache or {})
    told = {"name": "shop", "region": REGION, "network": {"cidr": "10.20.0.0/16"}, "caches": {"main": main}}
    return build(told | {"backups": {"nightly": usual | policy}})


def backed_up(environment: Environment) -> Environment:
    """A cache that stands, with a backup."""
    raise_all(at(), environment.parts())
    due = plan_back_up(environment, at(), datetime.now(UTC))
    taker = Taker(at(), due)
    for deed in due.operation("shop", REGION, {}).changes:
        taker.carry_out(deed)
    taker.await_all()
    assert taker.failures == {}
    return environment


@pytest.fixture
def shop(physics: Physics) -> Environment:
    return backed_up(document())


def at(name: str = "shop") -> Scope:
    return Scope(name, REGION, poll_seconds=0.05)


def restored(**wish: Any) -> Restoration:
    planned = plan_restore(at(), Wish(PART, **wish))
    carry_out(planned.plan, planned.scope)
    return planned


def described(environment: str) -> dict[str, dict[str, Any]]:
    """The caches of an environment, by their parts, with one of the clusters that each is made of."""
    caches = at().client("elasticache")
    members = {one["ReplicationGroupId"]: one for one in caches.describe_cache_clusters()["CacheClusters"]}
    found = {}
    for one in caches.describe_replication_groups()["ReplicationGroups"]:
        tags = as_dict(caches.list_tags_for_resource(ResourceName=one["ARN"])["TagList"])
        if tags["castra:environment"] == environment:
            found[tags["castra:part"]] = members[one["ReplicationGroupId"]] | one | {"Tags": tags}
    return found


def sent(physics: Physics) -> list[dict[str, Any]]:
    return [call.params for call in physics.writes() if call.operation == "CreateReplicationGroup"]


def test_beside_the_old_one_it_stands_where_that_does_with_a_password_of_its_own(
    physics: Physics, shop: Environment
) -> None:
    planned = restored()
    (beside,) = [part for part in described("shop") if part != PART]
    assert beside.startswith(f"{PART}-20")
    old, new = described("shop")[PART], described("shop")[beside]
    for field in (
        *("Engine", "EngineVersion", "CacheNodeType", "CacheSubnetGroupName", "SecurityGroups", "CacheParameterGroup"),
        *("TransitEncryptionEnabled", "AtRestEncryptionEnabled", "AuthTokenEnabled", "AutomaticFailover", "MultiAZ"),
    ):
        assert (field, new[field]) == (field, old[field])
    assert len(new["MemberClusters"]) == len(old["MemberClusters"]) == 2
    first, second = sent(physics)
    assert (second["SnapshotName"], second["Port"]) == (planned.backup.id.rpartition(":")[2], "6400")
    assert second["AuthToken"] != first["AuthToken"]
    assert new["Tags"]["castra:token-of"] != old["Tags"]["castra:token-of"]
    assert plan_restore(at(), Wish(PART)).operation.settled


def test_apart_it_stands_in_a_network_that_nobody_comes_into_and_is_struck_without_a_trace(
    shop: Environment,
) -> None:
    restored(into="again")
    (one,) = described("again").values()
    assert one["CacheSubnetGroupName"] != described("shop")[PART]["CacheSubnetGroupName"]
    assert one["CacheParameterGroup"]["CacheParameterGroupName"] == "default.valkey8"
    (group,) = at().ec2.describe_security_groups(GroupIds=[one["SecurityGroups"][0]["SecurityGroupId"]])[
        "SecurityGroups"
    ]
    assert group["IpPermissions"] == []
    assert plan_restore(at(), Wish(PART, into="again")).operation.settled
    raise_all(at("again"), [])
    assert resources(at("again")) == []
    assert len(at().client("elasticache").describe_snapshots()["Snapshots"]) == 1
    assert list(described("shop")) == [PART]


def test_with_shards_it_comes_back_with_as_many(physics: Physics) -> None:
    backed_up(document(SPREAD))
    restored(into="again")
    (one,) = described("again").values()
    assert (one["ClusterEnabled"], len(one["NodeGroups"]), len(one["MemberClusters"])) == (True, 2, 2)
    assert one["CacheParameterGroup"]["CacheParameterGroupName"] == "default.valkey8.cluster.on"


def test_one_without_tls_password_and_encryption_comes_back_as_it_was(physics: Physics) -> None:
    backed_up(document({"tls": False, "token": False, "encrypted": False, "replicas": 0, "engine": "redis"}))
    planned = restored(into="again")
    (one,) = described("again").values()
    told = {key: one[key] for key in ("TransitEncryptionEnabled", "AuthTokenEnabled", "AtRestEncryptionEnabled")}
    assert set(told.values()) == {False}
    assert (one["Engine"], [part.kind for part in planned.parts].count("secret")) == ("redis", 0)


def test_of_a_cache_that_is_gone_the_newest_is_restored_on_other_nodes(shop: Environment) -> None:
    caches = at().client("elasticache")
    caches.delete_replication_group(ReplicationGroupId=described("shop")[PART]["ReplicationGroupId"])
    restored(into="again", instance_type="cache.r7g.large")
    (one,) = described("again").values()
    assert one["CacheNodeType"] == "cache.r7g.large"


def test_a_restore_whose_answer_was_lost_makes_one(physics: Physics, shop: Environment) -> None:
    physics.rule("CreateReplicationGroup", "lose-answer", nth=1)
    restored()
    assert len(described("shop")) == 2


def test_what_a_cache_has_not_is_refused(shop: Environment) -> None:
    with pytest.raises(Invalid) as caught:
        plan_restore(at(), Wish(PART, device="/dev/sdf", zone="eu-west-1a", instance_type="db.t4g.small"))
    assert [str(problem).partition(":")[0] for problem in caught.value.problems] == ["--device", "--zone", "--type"]


def test_one_whose_tags_are_gone_is_restored_apart_only(shop: Environment) -> None:
    (backup,) = backups_in(at(), "shop")
    gone = {"ResourceName": backup.id, "TagKeys": ["castra:place"]}
    at().client("elasticache").remove_tags_from_resource(**gone)
    with pytest.raises(Invalid, match="doesn't say where the cache stood"):
        plan_restore(at(), Wish(PART))
    assert not plan_restore(at(), Wish(PART, into="again")).operation.settled


def test_what_a_snapshot_does_not_tell_is_read_back_from_its_tags(shop: Environment) -> None:
    (backup,) = backups_in(at(), "shop")
    assert backup.cache == CacheMachine(
        node_type="cache.t4g.small",
        engine="valkey",
        version="8.0",
        replicas=1,
        failover=True,
        port=6400,
        zones=("eu-west-1a", "eu-west-1b"),
        subnet_group=described("shop")[PART]["CacheSubnetGroupName"],
        groups=(described("shop")[PART]["SecurityGroups"][0]["SecurityGroupId"],),
        parameter_group=described("shop")[PART]["CacheParameterGroup"]["CacheParameterGroupName"],
    )


# ---------------------------------------------------------------------- proofs


def proof(environment: Environment) -> Proof:
    (one,) = proofs_due("shop", environment.backups, backups_in(at(), "shop"), datetime.now(UTC)).due
    return one


def proven(one: Proof) -> tuple[tuple[Part, ...], Scope, dict[str, str]]:
    """A proof that has been raised: its parts, its scope, and the ids."""
    there = Scope(one.environment, REGION, poll_seconds=0.05)
    parts = cache_proof_parts(one, REGION)
    carry_out(plan_beside(parts, there), there)
    return parts, there, {found.part: found.id for found in resources(there)}


@pytest.mark.parametrize(
    ("cache", "shown"), [({}, "it comes up: valkey 8.0, 1 shard"), (SPREAD, "it comes up: valkey 8.0, 2 shards")]
)
def test_a_proof_is_a_cache_that_nobody_reaches_without_replicas_and_says_what_it_has_shown(
    physics: Physics, cache: dict[str, Any], shown: str
) -> None:
    one = proof(backed_up(document(cache, prove={"node_type": "cache.t4g.medium"})))
    parts, there, ids = proven(one)
    assert {part.kind for part in parts} == {
        *("vpc", "subnet", "cache-subnet-group", "security-group", "firewall", "secret", "replication-group"),
    }
    (group,) = described(one.environment).values()
    assert (group["SnapshotRetentionLimit"], group["CacheNodeType"]) == (0, "cache.t4g.medium")
    assert len(group["MemberClusters"]) == len(group["NodeGroups"])
    assert check_cache(there, one, ids) == shown


def test_one_that_comes_back_as_another_thing_or_not_at_all_is_told(physics: Physics, shop: Environment) -> None:
    one = proof(shop)
    _, there, ids = proven(one)
    assert one.backup is not None
    assert one.backup.cache is not None
    for changed, told in (
        ({"version": "8.1"}, r"its engine is valkey 8\.0, and its snapshot's is valkey 8\.1"),
        ({"shards": 2}, "its size is 1 shard, and its snapshot's is 2 shards"),
    ):
        other = one.backup.cache.model_copy(update=changed)
        another = replace(one, backup=one.backup.model_copy(update={"cache": other}))
        with pytest.raises(CastraError, match=told):
            check_cache(there, another, ids)
    name = described(one.environment)[PART]["ReplicationGroupId"]
    there.client("elasticache").delete_replication_group(ReplicationGroupId=name)
    with pytest.raises(CastraError, match="it is gone: it doesn't come up"):
        check_cache(there, one, ids)
