"""Policies of backups as people write them, and when they are due."""

from datetime import UTC, datetime
from typing import Any

import pytest

from blueprints.backups import BackupPolicy
from blueprints.problem import Invalid
from blueprints.reading import build
from blueprints.tiers import Tiers, When

NIGHTLY = {"select": {"tags": {"backup": "yes"}}, "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}}


def document(**policy: Any) -> dict[str, Any]:
    return {"name": "web", "region": "eu-west-1", "backups": {"nightly": NIGHTLY | policy}}


def told(**policy: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        build(document(**policy))
    return [str(problem) for problem in caught.value.problems]


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_a_document_with_a_policy_alone_is_right_and_unfolds_into_nothing() -> None:
    environment = build(document())
    assert environment.parts() == ()
    assert environment.backups["nightly"].when.zone == "Etc/UTC"


def test_as_is_read_and_written_under_its_own_name() -> None:
    policy = BackupPolicy.model_validate(NIGHTLY | {"as": "image"})
    assert policy.as_ == "image"
    assert BackupPolicy.model_validate(policy.model_dump(mode="json")) == policy


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        (
            {"select": None},
            "backups.nightly: covers nothing. "
            "Name instances, volumes, databases, caches or buckets, or select by tags.",
        ),
        ({"instances": ["db"]}, "backups.nightly.instances: there's no instance db. There are: none."),
        ({"volumes": ["logs"]}, "backups.nightly.volumes: there's no volume logs. There are: none."),
        ({"buckets": ["up"]}, "backups.nightly.buckets: there's no bucket up. There are: none."),
        (
            {"keep": {}},
            "backups.nightly.keep: keeps nothing: write how many, such as {daily: 7, weekly: 5, monthly: 12}.",
        ),
        ({"when": {"cron": "0 0 30 2 */2"}}, "backups.nightly.when: '0 0 30 2 */2' never comes."),
        (
            {"when": {"cron": "0 2 * * *", "zone": "Europe/Wien"}},
            "backups.nightly.when.zone: there's no time zone Europe/Wien: did you mean Europe/Vienna?",
        ),
        (
            {"prove": {"instance_class": "db.t4g.micro"}},
            "backups.nightly.prove.instance_class: is for databases, and this policy covers none. "
            "Leave it out; of instances, it's instance_type.",
        ),
        (
            {"prove": {"node_type": "cache.t4g.small"}},
            "backups.nightly.prove.node_type: is for caches, and this policy covers none. "
            "Leave it out; of instances, it's instance_type.",
        ),
        (
            {"copies": [{"region": "eu-west-1"}]},
            "backups.nightly.copies.0.region: is where the backups are already. Name another one.",
        ),
        (
            {"copies": [{"region": "eu-central-1"}, {"region": "eu-central-1"}]},
            "backups.nightly.copies.1: stands twice. Leave one out.",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(policy: dict[str, Any], problem: str) -> None:
    assert told(**policy) == [problem]


DATABASES = {"databases": {"main": {"engine": "postgres", "version": "17"}}, "network": {"cidr": "10.0.0.0/16"}}
OWN = {"databases": ["main"], "select": None}


def told_of_databases(**policy: Any) -> list[str]:
    with pytest.raises(Invalid) as caught:
        build(document(**OWN | policy) | DATABASES)
    return [str(problem) for problem in caught.value.problems]


def test_databases_are_named_and_one_that_is_not_there_is_told() -> None:
    environment = build(document(**OWN) | DATABASES)
    assert environment.backups["nightly"].parts == ("database/main",)
    (problem,) = told_of_databases(databases=["other"])
    assert problem == "backups.nightly.databases: there's no database other. There are: main."


def test_what_only_machines_have_is_refused_where_a_policy_covers_databases_only() -> None:
    problems = told_of_databases(**{"before": "freeze", "after": "thaw", "as": "image", "reboot": True})
    assert [problem.partition(":")[0] for problem in problems] == [
        f"backups.nightly.{field}" for field in ("before", "after", "as", "reboot")
    ]
    asked = {"query": "true", "port": 5432, "reached_from": "198.51.100.7/32", "instance_type": "t3.micro"}
    assert [problem.partition(":")[0] for problem in told_of_databases(prove=asked)] == [
        f"backups.nightly.prove.{field}" for field in ("query", "port", "instance_type")
    ]
    both = {"select": {"tags": {"backup": "yes"}}, "before": "freeze"}
    assert build(document(**OWN | both) | DATABASES).backups["nightly"].before == ("freeze",)


def test_databases_are_selected_where_that_is_said_and_have_no_commands() -> None:
    tagged = {"tags": {"backup": "yes"}, "of": ["databases"]}
    prove = {"instance_class": "db.t4g.micro"}
    policy = build(document(select=tagged, prove=prove)).backups["nightly"]
    assert (policy.parts, policy.selects) == ((), {"databases"})
    assert build(document()).backups["nightly"].selects == {"instances", "volumes"}
    assert [one.partition(":")[0] for one in told(select=tagged, before="freeze")] == ["backups.nightly.before"]
    with_machines = {**tagged, "of": ["instances", "databases"]}
    assert build(document(select=with_machines, before="freeze")).backups["nightly"].before == ("freeze",)


CACHES: dict[str, Any] = {"main": {}, "pages": {"engine": "memcached"}, "old": {"node_type": "cache.t1.micro"}}


def with_caches(**policy: Any) -> dict[str, Any]:
    own: dict[str, Any] = {"caches": ["main"], "select": None}
    return document(**own | policy) | {"network": {"cidr": "10.0.0.0/16"}, "caches": CACHES}


def told_of_caches(**policy: Any) -> str:
    with pytest.raises(Invalid) as caught:
        build(with_caches(**policy))
    (problem,) = caught.value.problems
    return str(problem)


def test_caches_are_named_as_the_parts_that_they_are() -> None:
    environment = build(with_caches(prove={"node_type": "cache.t4g.micro"}))
    assert environment.backups["nightly"].parts == ("replication-group/main",)


@pytest.mark.parametrize(
    ("policy", "problem"),
    [
        ({"caches": ["none"]}, "backups.nightly.caches: there's no cache none. There are: main, pages, old."),
        ({"caches": ["pages"]}, "backups.nightly.caches: cache pages is of Memcached, which stores nothing"),
        ({"caches": ["old"]}, "backups.nightly.caches: AWS takes no snapshot of cache old, as its nodes are cache.t1"),
        ({"copies": [{"region": "eu-central-1"}]}, "backups.nightly.copies: caches have none: AWS copies no snapshot"),
        (
            {"copies": [{"region": "eu-west-1", "account": "123456789012"}]},
            "backups.nightly.copies: caches have none: AWS copies no snapshot",
        ),
        ({"when": {"cron": "0 * * * *"}}, "backups.nightly.when.cron: comes more than 20 times in 24 hours"),
        ({"when": {"cron": "*/2 6 1 * *"}}, "backups.nightly.when.cron: comes more than 20 times in 24 hours"),
        ({"before": "freeze"}, "backups.nightly.before: is for instances and their volumes"),
    ],
)
def test_what_elasticache_has_not_is_refused_with_a_way_out(policy: dict[str, Any], problem: str) -> None:
    assert told_of_caches(**policy).startswith(problem)


@pytest.mark.parametrize("cron", ["0 */2 * * *", "0 4-23 * * *", "0 2 29 2 *", "*/3 2 * * 1"])
def test_twenty_times_a_day_are_taken_of_a_cache(cron: str) -> None:
    assert build(with_caches(when={"cron": cron})).backups["nightly"].when.cron == cron


def test_a_bucket_without_versions_is_a_problem_and_one_with_versions_is_none() -> None:
    one = document(select=None, buckets=["up"])
    with pytest.raises(Invalid, match=r"bucket up keeps no versions, which are a bucket's backup"):
        build(one | {"buckets": {"up": {}}})
    assert build(one | {"buckets": {"up": {"versioning": True}}}).backups["nightly"].buckets == ("up",)


def test_tiers_come_the_highest_first() -> None:
    assert list(Tiers(daily=7, yearly=1, hourly=24).wanted()) == [("yearly", 1), ("daily", 7), ("hourly", 24)]


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-07-01T00:00:00", "2026-07-01T00:00:00"),  # to the second: it's due
        ("2026-06-30T23:59:59.9", "2026-06-30T00:00:00"),
        ("2026-01-01T12:00:00", "2026-01-01T01:00:00"),  # in winter
    ],
)
def test_the_newest_due_time_is_the_zones(now: str, due: str) -> None:
    assert When(cron="0 2 * * *", zone="Europe/Vienna").due(at(now)) == at(due)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        ("2026-03-29T00:59:00", "2026-03-28T01:30:00"),
        ("2026-03-29T01:00:00", "2026-03-29T01:00:00"),  # 02:30 is skipped: it comes at 03:00
        ("2026-03-30T00:30:00", "2026-03-30T00:30:00"),
        ("2026-10-25T00:30:00", "2026-10-25T00:30:00"),  # 02:30 comes twice: the first time counts
        ("2026-10-25T01:10:00", "2026-10-25T00:30:00"),  # 02:10 for the second time
        ("2026-10-25T01:40:00", "2026-10-25T00:30:00"),
    ],
)
def test_a_clock_change_neither_skips_nor_doubles_a_backup(now: str, due: str) -> None:
    assert When(cron="30 2 * * *", zone="Europe/Vienna").due(at(now)) == at(due)
