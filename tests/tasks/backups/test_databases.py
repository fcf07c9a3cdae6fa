"""Backups of databases: each once a slot, kept and pruned like any other, and told apart where there can be none."""

from datetime import UTC, datetime, timedelta
from threading import Timer
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import build
from tasks.backups.listing import backups_in
from tasks.backups.planning import plan_back_up
from tasks.backups.pruning import plan_pruning, remove
from tasks.scope import Scope, as_dict, as_list
from tests.physics import Physics
from tests.tasks.backups.carrying_out import aged, pruned, scoped, taken, the_one
from tests.tasks.conftest import Weather

REGION = "eu-west-1"
SLOW = {"database_snapshot_available": 60}


def blueprint(**policy: Any) -> Environment:
    usual = {"databases": ["main"], "when": {"cron": "0 2 * * *"}, "keep": {"daily": 2}}
    document = {"name": "shop", "region": REGION, "network": {"cidr": "10.20.0.0/16"}}
    document |= {"databases": {"main": {"engine": "postgres", "version": "17", "storage": 30}}}
    return build(document | {"backups": {"nightly": usual | policy}})


def standing(aws: Physics, name: str = "shop-main", **more: Any) -> Any:
    """A database as Castra makes it, but for what its backups don't look at."""
    tags = as_list({"castra:environment": "shop", "castra:part": "database/main"})
    asked: dict[str, Any] = {"DBInstanceClass": "db.t4g.micro", "Engine": "postgres", "EngineVersion": "17"}
    asked |= {"AllocatedStorage": 30, "MasterUsername": "castra", "ManageMasterUserPassword": True}
    asked |= {"StorageEncrypted": True, "CopyTagsToSnapshot": True, "Port": 5432, "Tags": tags}
    made = aws.client("rds", REGION).create_db_instance(DBInstanceIdentifier=name, **asked | more)
    return made["DBInstance"]


def actions(document: Environment, scope: Scope) -> list[tuple[str, str]]:
    return [(deed.action, deed.because) for deed in plan_back_up(document, scope, datetime.now(UTC)).deeds]


# ---------------------------------------------------------------------- taking


def test_it_is_taken_once_a_slot_tagged_from_birth_and_awaited(weather: Weather) -> None:
    aws = weather(scale=60, times=SLOW)
    database, document = standing(aws), blueprint()
    scope = scoped(document)
    assert taken(scope, document).failures == {}
    one = the_one(scope)
    assert (one.source, one.series, one.state, one.gib) == (
        database["DBInstanceArn"], "database/main", "complete", 30,
    )  # fmt: skip
    assert one.pieces[0].volume == database["DbiResourceId"]
    assert one.database is not None
    assert (one.database.instance_class, one.database.engine, one.database.port) == ("db.t4g.micro", "postgres", 5432)
    ((what, why),) = actions(document, scope)
    assert (what, why.endswith("was taken already")) == ("keep", True)
    assert [call.operation for call in aws.writes()][-1:] == ["CreateDBSnapshot"]
    (snapshot,) = scope.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    tags = as_dict(snapshot["TagList"])
    assert (tags["castra:backup"], tags["castra:source-part"]) == ("shop/nightly", "database/main")
    assert {"castra:part", "castra:environment"} & tags.keys() == set()


def test_a_create_whose_answer_was_lost_makes_one(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    aws.rule("CreateDBSnapshot", "lose-answer", nth=1)
    assert taken(scope, document).failures == {}
    assert the_one(scope).state == "complete"
    assert aws.counts()["rds:CreateDBSnapshot"] == 2
    assert aws.outcomes()["DBSnapshotAlreadyExists"] == 1


def test_somebody_elses_snapshot_under_its_name_is_never_taken_for_it(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    taken(scope, document)
    name = the_one(scope).id.rpartition(":")[2]
    rds = scope.client("rds")
    rds.delete_db_snapshot(DBSnapshotIdentifier=name)
    rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier="shop-main")
    (why,) = taken(scope, document).failures.values()
    assert "DBSnapshotAlreadyExists" in why or "already" in why


def test_one_that_is_being_changed_is_waited_for(weather: Weather) -> None:
    aws = weather(times={"database_modified": 60})
    standing(aws)
    scope, document = scoped(blueprint()), blueprint()
    changed = {"DBInstanceIdentifier": "shop-main", "DBInstanceClass": "db.t4g.small", "ApplyImmediately": True}
    scope.client("rds").modify_db_instance(**changed)
    Timer(0.3, aws.advance, [61]).start()
    assert taken(scope, document).failures == {}
    assert aws.outcomes().get("InvalidDBInstanceState", 0) == 0
    assert the_one(scope).state == "complete"


def test_of_two_policies_of_one_database_the_second_waits_for_the_first(weather: Weather) -> None:
    aws = weather(scale=60, times=SLOW)
    standing(aws)
    document = blueprint()
    document.backups["hourly"] = document.backups["nightly"]
    scope = scoped(document)
    assert taken(scope, document).failures == {}
    assert {(one.policy, one.state) for one in backups_in(scope, "shop")} == {
        ("nightly", "complete"),
        ("hourly", "complete"),
    }


@pytest.mark.parametrize("stopped", [True, False])
def test_one_that_is_stopped_and_one_that_is_missing_fail_with_their_own_reason(
    weather: Weather, stopped: bool
) -> None:
    aws = weather()
    document = blueprint()
    scope = scoped(document)
    if stopped:
        standing(aws)
        scope.client("rds").stop_db_instance(DBInstanceIdentifier="shop-main")
    (why,) = taken(scope, document).failures.values()
    assert why.startswith(
        "it is stopped, and AWS takes no snapshot of it then: start it" if stopped else "it doesn't stand"
    )
    assert backups_in(scope) == []
    assert "rds:CreateDBSnapshot" not in aws.counts()


def test_one_that_was_taken_before_it_was_stopped_counts(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    taken(scope, document)
    scope.client("rds").stop_db_instance(DBInstanceIdentifier="shop-main")
    assert [action for action, _ in actions(document, scope)] == ["keep"]


def _theirs(aws: Physics, tags: list[dict[str, str]]) -> Any:
    password = {"ManageMasterUserPassword": False, "MasterUserPassword": "of-their-own"}
    return standing(aws, "theirs", Tags=tags, BackupRetentionPeriod=1, **password)


def test_those_with_a_tag_are_found_whoever_made_them_but_no_replicas(weather: Weather) -> None:
    aws = weather(scale=60)
    mine, wanted = as_list({"castra:environment": "shop", "castra:part": "database/main"}), as_list({"backup": "yes"})
    own, theirs = standing(aws, Tags=mine + wanted), _theirs(aws, wanted)
    standing(aws, "without", Tags=[])
    rds = aws.client("rds", REGION)
    rds.create_db_instance_read_replica(
        DBInstanceIdentifier="follower", SourceDBInstanceIdentifier="theirs", Tags=wanted
    )
    document = blueprint(databases=[], select={"tags": {"backup": "yes"}, "of": ["databases"]})
    scope = scoped(document)
    assert not taken(scope, document).failures
    told = {one.source: one.series for one in backups_in(scope, "shop")}
    assert told == {own["DBInstanceArn"]: "database/main", theirs["DBInstanceArn"]: theirs["DBInstanceArn"]}
    assert {action for action, _ in actions(document, scope)} == {"keep"}
    both = blueprint(select={"tags": {"backup": "yes"}, "of": ["databases"]})
    assert len(plan_back_up(both, scope, datetime.now(UTC), label="once").deeds) == 2  # the named one counts once
    none = blueprint(databases=[], select={"tags": {"backup": "no"}, "of": ["databases"]})
    assert "none of the databases carries backup=no" in str(plan_back_up(none, scope, datetime.now(UTC)).deeds)


def test_a_label_that_rds_takes_in_no_tag_is_told_and_one_of_plain_letters_is_taken(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    (why,) = taken(scope, document, "b*").failures.values()
    assert why.startswith("its label has characters that RDS takes in no tag. Write letters")
    assert taken(scope, document, "vor dem Umzug: ä").failures == {}
    assert the_one(scope).label == "vor dem Umzug: ä"


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
        "gib_held": 120,
        "gib_freed": 60,
        "usd_a_month_held_at_most": 11.4,
        "usd_a_month_freed_at_most": 5.7,
        "usd_for_a_gib_month": 0.05,
        "usd_for_a_gib_month_of_a_database": 0.095,
    }
    assert [(row.what, row.policy, row.backups, row.late) for row in plan.coverage] == [
        ("database/main", "nightly", 4, "")
    ]
    told = pruned(scope, document)
    assert [told[id].partition(":")[0] for id in made] == ["remove", "remove", "keep", "keep"]
    assert [one.id for one in backups_in(scope, "shop")] == made[2:]


def test_a_database_that_no_policy_covers_is_told(weather: Weather) -> None:
    weather()
    document = blueprint()
    document.backups.clear()
    (row,) = plan_pruning(document, scoped(document), datetime.now(UTC)).coverage
    assert (row.what, row.late) == ("database/main", "no policy covers it")


def test_the_last_good_one_of_a_database_that_is_gone_stays(weather: Weather) -> None:
    aws = weather()
    standing(aws)
    document = blueprint()
    scope = scoped(document)
    aged(scope, document, 2)
    scope.client("rds").delete_db_instance(DBInstanceIdentifier="shop-main", SkipFinalSnapshot=True)
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
    aws.rule("DeleteDBSnapshot", "error:InvalidDBSnapshotState:400", nth=1)
    (kept,) = [why for why in pruned(scope, document).values() if "AWS keeps it" in why]
    assert kept.startswith("keep: AWS keeps it: ")
    plan = plan_pruning(document, scope, datetime.now(UTC))
    ((what, backup),) = plan.going.items()
    deed = next(deed for deed in plan.operation.deeds if deed.what == what)
    for _ in range(2):
        assert remove(scope, deed, backup) == deed
    assert len(backups_in(scope)) == 2
