"""What is particular to caches: a password that goes by, changes in their order, waits, and last snapshots."""

import json
import re
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.part import Part
from blueprints.reading import build, load
from tasks.data.cache_listing import called, name_of
from tasks.data.replication_group import LONGEST, last_snapshot
from tasks.errors import CastraError, Invalid, NeedsReplacing
from tasks.kind import Found
from tasks.leftovers import left_over
from tasks.registry import KINDS
from tasks.rights.places import places
from tasks.scope import PART, Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.conftest import Weather
from tests.tasks.rows.caches import ALL, CACHE, TOKEN
from tests.tasks.rows.network import but

EXAMPLE = Path(__file__).parents[2] / "examples" / "caches.yaml"
KIND = KINDS["replication-group"]
IMAGE = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}


def found(scope: Scope, name: str = "main") -> Found[Any]:
    (one,) = look(scope, KIND, name)
    return one


def told(scope: Scope) -> dict[str, Any]:
    (group,) = scope.client("elasticache").describe_replication_groups()["ReplicationGroups"]
    return dict(group)


def with_cache(**changes: Any) -> tuple[Part, ...]:
    return (*ALL, but(CACHE, **changes) if changes else CACHE)


def sent(physics: Physics, operation: str) -> list[dict[str, Any]]:
    return [call.params for call in physics.writes() if call.operation == operation]


def secret_of(scope: Scope, id: str) -> str:
    return str(scope.client("secretsmanager").get_secret_value(SecretId=id)["SecretString"])


# ---------------------------------------------------------------------- the password


def test_the_password_is_the_secrets_value_and_nowhere_else(physics: Physics, strict: Scope) -> None:
    made = raise_all(strict, with_cache())
    (secret,) = look(strict, KINDS["secret"], TOKEN.name)
    value = secret_of(strict, secret.id)
    (asked,) = sent(physics, "CreateReplicationGroup")
    assert (asked["AuthToken"], asked["TransitEncryptionEnabled"]) == (value, "true")
    tags = strict.client("elasticache").list_tags_for_resource(ResourceName=found(strict).id)["TagList"]
    for text in (made.model_dump_json(), repr(found(strict)), json.dumps(tags)):
        assert value not in text
    assert (len(value), found(strict).state.token) == (64, secret.id)


def test_another_secret_is_taken_beside_the_old_password_first_and_is_then_the_only_one(
    physics: Physics, strict: Scope
) -> None:
    raise_all(strict, with_cache())
    (secret,) = look(strict, KINDS["secret"], TOKEN.name)
    strict.client("secretsmanager").delete_secret(SecretId=secret.id, ForceDeleteWithoutRecovery=True)
    raise_all(strict, with_cache())
    (secret,) = look(strict, KINDS["secret"], TOKEN.name)
    value = secret_of(strict, secret.id)
    changes = [(one["AuthToken"], one["AuthTokenUpdateStrategy"]) for one in sent(physics, "ModifyReplicationGroup")]
    assert changes == [(value, "ROTATE"), (value, "SET")]
    assert look_and_plan(strict, with_cache()).settled


def test_a_password_cant_be_taken_off_in_place(strict: Scope) -> None:
    raise_all(strict, with_cache())
    with pytest.raises(NeedsReplacing, match="--replace replication-group/main"):
        look_and_plan(strict, with_cache(token=None))


# ---------------------------------------------------------------------- changes


def test_failover_ends_before_the_replicas_go_and_begins_once_they_have_come(physics: Physics, strict: Scope) -> None:
    raise_all(strict, with_cache())
    raise_all(strict, with_cache(replicas=1, failover=True))
    raise_all(strict, with_cache())
    order = [call.operation for call in physics.writes() if call.operation.endswith(("Count", "ReplicationGroup"))]
    assert order == [
        *("CreateReplicationGroup", "IncreaseReplicaCount", "ModifyReplicationGroup"),
        *("ModifyReplicationGroup", "DecreaseReplicaCount"),
    ]
    assert look_and_plan(strict, with_cache()).settled


def test_shards_come_and_go_in_place(strict: Scope) -> None:
    spread: dict[str, Any] = {"cluster": True, "failover": True, "parameter_group": "default.valkey8.cluster.on"}
    for shards in (1, 3, 2):
        raise_all(strict, with_cache(**spread, shards=shards))
        assert [shard["NodeGroupId"] for shard in told(strict)["NodeGroups"]] == ["0001", "0002", "0003"][:shards]
        assert found(strict).outputs["address"].startswith("clustercfg.")
        assert look_and_plan(strict, with_cache(**spread, shards=shards)).settled


def test_redis_becomes_valkey_with_its_parameters_in_one_call_and_not_the_other_way(
    physics: Physics, strict: Scope
) -> None:
    def parts(engine: str, version: str) -> tuple[Part, ...]:
        cache = {"engine": engine, "version": version, "parameters": {"timeout": 30}, "on_removal": "wipe"}
        network = {"cidr": "10.0.0.0/16", "nat": "none"}
        return build({"name": "strict", "region": "eu-west-1", "network": network, "caches": {"a": cache}}).parts()

    raise_all(strict, parts("redis", "7.1"))
    raise_all(strict, parts("valkey", "8.0"))
    (change,) = sent(physics, "ModifyReplicationGroup")
    assert (change["Engine"], change["EngineVersion"]) == ("valkey", "8.0")
    assert change["CacheParameterGroupName"] != sent(physics, "CreateReplicationGroup")[0]["CacheParameterGroupName"]
    assert look_and_plan(strict, parts("valkey", "8.0")).settled
    groups = strict.client("elasticache").describe_cache_parameter_groups()["CacheParameterGroups"]
    assert [group["CacheParameterGroupFamily"] for group in groups] == ["valkey8"]
    with pytest.raises(NeedsReplacing, match="replication-group/a"):
        look_and_plan(strict, parts("redis", "7.1"))


def test_a_minor_version_that_aws_raised_by_itself_is_no_drift_and_a_lower_one_is_refused(strict: Scope) -> None:
    raise_all(strict, with_cache())
    strict.client("elasticache").modify_replication_group(
        ReplicationGroupId=told(strict)["ReplicationGroupId"], EngineVersion="8.1", ApplyImmediately=True
    )
    assert look_and_plan(strict, with_cache()).settled
    raise_all(strict, with_cache(version="8.1"))
    with pytest.raises(NeedsReplacing, match="replication-group/main"):
        look_and_plan(strict, with_cache(version="8.0"))


# ---------------------------------------------------------------------- time


def test_while_it_is_made_it_is_known_and_awaited_though_aws_does_not_tell_its_tags(weather: Weather) -> None:
    weather(scale=100, times={"cache_available": 300, "cache_modified": 100, "cache_deleted": 200})
    scope = Scope("slow", "eu-west-1", poll_seconds=0.05)
    raise_all(scope, ALL)
    ids = look_and_plan(scope, ALL).ids
    id = KIND.create(scope, "main", KIND.wanted(CACHE, ids))
    assert (found(scope).phase, found(scope).id, found(scope).outputs) == ("pending", id, {})
    plan = look_and_plan(scope, with_cache())
    assert [(step.action, step.pending) for step in plan.steps if step.part == CACHE.key] == [("keep", True)]
    KIND.ready(scope, id)
    assert found(scope).outputs["address"].startswith("master.")
    raise_all(scope, with_cache(node_type="cache.r7g.large"))
    assert (found(scope).phase, found(scope).state.node_type) == ("standing", "cache.r7g.large")
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()


# ---------------------------------------------------------------------- the section


def test_the_example_stands_as_written_admits_those_it_names_and_leaves_a_last_snapshot(
    physics: Physics, strict: Scope
) -> None:
    parts = load(EXAMPLE).parts()
    raise_all(strict, parts)
    assert look_and_plan(strict, parts).settled
    groups = {one.name: one.id for one in KINDS["security-group"].owned(strict)}
    (firewall,) = look(strict, KINDS["firewall"], "cache-sessions")
    admitted = {(rule.peer, rule.ports) for rule in firewall.state.inbound}
    assert admitted == {(groups[one], (6379, 6379)) for one in ("servers-app",)}
    assert firewall.state.outbound == ()
    sessions = found(strict, "sessions")
    assert sessions.state.model_dump(include={"tls", "encrypted", "failover", "multi_zone", "replicas"}) == {
        "tls": True,
        "encrypted": True,
        "failover": True,
        "multi_zone": True,
        "replicas": 1,
    }
    (template,) = look(strict, KINDS["launch-template"], "app")
    (pages,) = look(strict, KINDS["cache-cluster"], "pages")
    told = f"\nSESSIONS={sessions.outputs['address']}\nPAGES={pages.outputs['address']}\nCASTRA\n"
    assert told in template.state.user_data
    assert template.state.user_data.index(told) < template.state.user_data.index(". /etc/castra/names\necho")
    (settings,) = look(strict, KINDS["cache-parameter-group"], "sessions")
    assert sessions.state.parameter_group == settings.id
    going = {step.part: step.because for step in raise_all(strict, ()).steps}
    id = name_of(sessions.id)
    assert going["replication-group/sessions"].endswith(f"a last snapshot of {id} stays")
    assert going["replication-group/events"].endswith("all that is in it, and its snapshots, go")
    assert (look_and_plan(strict, ()).steps, left_over(strict)) == ((), {})
    (snapshot,) = strict.client("elasticache").describe_snapshots()["Snapshots"]
    assert snapshot["SnapshotName"].startswith(f"{id}-20")


def test_raised_and_struck_twice_two_last_snapshots_stand_and_the_first_can_be_gone_on_with(strict: Scope) -> None:
    kept = with_cache(on_removal="snapshot")
    for _ in range(2):
        raise_all(strict, kept)
        raise_all(strict, ())
    names = [one["SnapshotName"] for one in strict.client("elasticache").describe_snapshots()["Snapshots"]]
    assert len(set(names)) == 2
    again = with_cache(from_snapshot=names[0])
    raise_all(strict, again)
    assert look_and_plan(strict, again).settled


@pytest.mark.parametrize(
    "environment",
    ["shop", "4-shops", "e" * 24, "e" * 25, "e" * 32, "4" * 33, "a-shop-for-all-who-walk-past-it-by-night", "e" * 40],
)
def test_its_id_and_its_last_snapshots_name_are_such_as_aws_takes_and_the_policy_of_rights_reaches(
    environment: str,
) -> None:
    id = called(Scope(environment, "eu-west-1"), "main", LONGEST)
    name = last_snapshot(id, datetime(2026, 11, 30, 2, tzinfo=UTC))
    assert len(name) <= 40
    assert re.fullmatch("[a-z](-?[a-z0-9])*-20261130-[0-9a-f]{6}", name)
    document = Environment(name=environment, region="eu-west-1")
    reached = list(places("elasticache", document))
    for named in (f"snapshot:{name}", f"replicationgroup:{id}", f"cluster:{id}-001"):
        assert any(fnmatchcase(f"arn:aws:elasticache:eu-west-1:*:{named}", place) for place in reached)


def test_a_foreign_cache_of_its_id_is_named_and_left_alone(physics: Physics, strict: Scope) -> None:
    raise_all(strict, with_cache())
    id = found(strict).id
    strict.client("elasticache").remove_tags_from_resource(ResourceName=id, TagKeys=[PART])
    with pytest.raises(CastraError, match="that doesn't carry its tags"):
        raise_all(strict, with_cache())
    assert sent(physics, "DeleteReplicationGroup") == []


@pytest.mark.parametrize(
    ("cache", "told"),
    [
        ({"tls": False}, "caches.a: has a token, which AWS takes with TLS only"),
        ({"replicas": 0, "failover": True}, "caches.a: has failover, but no replica"),
        ({"shards": 2, "failover": False}, "caches.a: has shards, which AWS keeps with failover only"),
        ({"parameters": {"cluster-enabled": "yes"}}, "caches.a: has a parameter cluster-enabled"),
        ({"version": "8"}, "caches.a.version: "),
        (
            {"snapshot_window": "23:30-00:30", "maintenance": "mon:00:00-mon:01:00"},
            "caches.a.snapshot_window: 23:30-00:30 overlaps maintenance mon:00:00-mon:01:00, which AWS refuses. Move",
        ),
        (
            {"snapshot_window": "04:30-05:30", "maintenance": "sun:05:00-sun:06:00", "snapshots": 0},
            "caches.a.snapshot_window: 04:30-05:30 overlaps maintenance",
        ),
        (
            {"snapshot_window": "03:00-03:59"},
            "caches.a.snapshot_window: 03:00-03:59 lasts 59 minutes, and AWS takes 60",
        ),
        ({"maintenance": "sun:05:00-sun:05:30"}, "caches.a.maintenance: sun:05:00-sun:05:30 lasts 30 minutes"),
        ({"maintenance": "sun:05:00-mon:06:00"}, "caches.a.maintenance: sun:05:00-mon:06:00 lasts longer than a day"),
        ({"engine": "memcached", "maintenance": "sun:05:00-sun:05:59"}, "caches.a.maintenance: sun:05:00-sun:05:59"),
        ({"admits": {"servers": ["b"]}}, "caches.a.admits.servers.0: there are no servers b"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(cache: dict[str, Any], told: str) -> None:
    document = {"name": "e", "region": "eu-west-1", "network": {"cidr": "10.0.0.0/16"}, "caches": {"a": cache}}
    with pytest.raises(Invalid) as raised:
        build(document).parts()
    (problem,) = raised.value.problems
    assert str(problem).startswith(told)


def test_windows_that_only_touch_are_fine() -> None:
    cache = {"snapshot_window": "03:00-05:00", "maintenance": "sun:05:00-mon:03:00"}
    document = {"name": "e", "region": "eu-west-1", "network": {"cidr": "10.0.0.0/16"}, "caches": {"a": cache}}
    assert "replication-group/a" in {part.key for part in build(document).parts()}


def test_a_function_outside_of_the_network_cant_be_admitted() -> None:
    function = {"code": str(EXAMPLE.parent / "functions"), "handler": "app.take"}
    document = {
        "name": "e",
        "region": "eu-west-1",
        "network": {"cidr": "10.0.0.0/16", "zones": 1},
        "functions": {"f": function},
        "caches": {"a": {"admits": {"functions": ["f"]}}},
        "secrets": {"cache-a": {}},
    }
    with pytest.raises(Invalid) as raised:
        build(document).parts()
    assert sorted(problem.path for problem in raised.value.problems) == [
        *("caches.a.admits.functions.0", "caches.a.failover"),
        "secrets.cache-a",
    ]


def test_a_function_and_an_instance_are_told_the_address_and_wait_for_it(strict: Scope) -> None:
    function = {"code": str(EXAMPLE.parent / "functions"), "handler": "app.take", "vpc": True}
    function |= {"names": {"CACHE": "cache/a"}, "secrets": {"PASSWORD": "secret/cache-a"}}
    document = {
        "name": "strict",
        "region": "eu-west-1",
        "network": {"cidr": "10.0.0.0/16", "nat": "none"},
        "caches": {"a": {"on_removal": "wipe", "admits": {"functions": ["f"]}}},
        "functions": {"f": function},
        "queues": {"jobs": {}},
        "instances": {"one": {"image": IMAGE, "names": {"CACHE": "cache/a", "JOBS": "queue/jobs"}}},
    }
    parts = build(document).parts()
    raise_all(strict, parts)
    (instance,) = look(strict, KINDS["instance"], "one")
    address = found(strict, "a").outputs["address"]
    (made,) = look(strict, KINDS["function"], "f")
    assert made.state.environment == {"CACHE": address, "PASSWORD": found(strict, "a").state.token}
    assert f"\nCACHE={address}\nJOBS=strict--jobs\nCASTRA\nchmod" in instance.state.user_data
    assert look_and_plan(strict, parts).settled


def test_names_that_stand_for_nothing_and_bootstraps_that_cant_run_beside_them_are_told() -> None:
    server = {"image": {"id": "ami-12"}, "bootstrap": "echo", "names": {"CACHE": "cache/other", "DB": "database/none"}}
    document = {"name": "e", "region": "eu-west-1", "network": {"cidr": "10.0.0.0/16"}, "servers": {"s": server}}
    with pytest.raises(Invalid) as raised:
        build({**document, "caches": {"a": {}}}).parts()
    assert [str(problem).partition(". ")[0] for problem in raised.value.problems] == [
        "servers.s.names.CACHE: there is no cache other in the section caches",
        "servers.s.names.DB: there is no database none in the section databases",
        "servers.s.bootstrap: is neither a script nor cloud-config: it begins with none of #!, #cloud-config",
    ]


def test_without_a_network_there_is_nowhere_to_stand() -> None:
    with pytest.raises(Invalid, match="caches stand in one"):
        build({"name": "e", "region": "eu-west-1", "caches": {"a": {}}}).parts()
