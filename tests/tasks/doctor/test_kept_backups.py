"""Room for the snapshots that policies of backups keep of databases is looked for before they fill it."""

from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import build
from tasks.backups.tagging import BACKUP, SLOT, SOURCE_PART
from tasks.doctor.kept_backups import SNAPSHOTS, backup_quotas, kept
from tasks.scope import Scope
from tests.physics import Physics
from tests.physics.gaps.quotas import DEFAULTS

REGION, AWAY = "eu-west-1", "eu-central-1"
KEY = f"arn:aws:kms:{REGION}:111122223333:key/4f1c09ab"
NIGHTLY: dict[str, Any] = {
    "databases": ["main", "other"],
    "when": {"cron": "0 2 * * *"},
    "keep": {"daily": 7, "monthly": 12},
}


def backed_up(**policy: Any) -> Environment:
    main = {"engine": "postgres", "version": "17"}
    return build(
        {
            "name": "strict",
            "region": REGION,
            "network": {"cidr": "10.0.0.0/16"},
            "databases": {"main": main, "other": main},
            "buckets": {"uploads": {"versioning": True}},
            "backups": {"nightly": NIGHTLY | policy},
        }
    )


def test_each_place_of_a_tier_is_one_and_one_more_comes_before_another_goes() -> None:
    assert kept(backed_up()) == {REGION: 2 * (7 + 12 + 1)}


def test_copies_count_where_they_are_as_long_as_their_own_tiers_keep_them() -> None:
    copies = [{"region": AWAY, "keep": {"daily": 3}}, {"region": "eu-west-3"}]
    assert kept(backed_up(copies=copies)) == {REGION: 40, AWAY: 8, "eu-west-3": 40}


def test_what_is_shared_where_it_stands_is_one_and_under_another_key_two() -> None:
    shared = {"region": REGION, "account": "210987654321"}
    assert kept(backed_up(copies=[shared])) == {REGION: 40}
    assert kept(backed_up(copies=[shared | {"key": KEY}])) == {REGION: 80}


def test_policies_without_databases_ask_for_no_room(strict: Scope) -> None:
    none = backed_up(databases=[], buckets=["uploads"])
    assert kept(none) == {}
    assert list(backup_quotas(none, strict)) == []


def snapshots(physics: Physics, strict: Scope) -> None:
    """One that somebody took, one by the policy, one by it that was asked for by hand, one by it of a database that it
    found by its tags, and one by another's policy.
    """
    rds = physics.client("rds")
    rds.create_db_instance(
        DBInstanceIdentifier="hers", DBInstanceClass="db.t4g.micro", Engine="mysql", AllocatedStorage=20
    )
    due, asked, ours = "2026-05-13T02:00:00Z", "label:before the fair", f"{strict.environment}/nightly"
    named = {BACKUP: ours, SOURCE_PART: "database/main"}
    tagged = [{}, named | {SLOT: due}, named | {SLOT: asked}, {BACKUP: ours, SLOT: due}]
    tagged += [named | {BACKUP: "hers/nightly", SLOT: due}]
    for number, tags in enumerate(tagged):
        rds.create_db_snapshot(
            DBInstanceIdentifier="hers",
            DBSnapshotIdentifier=f"hers-{number}",
            Tags=[{"Key": key, "Value": value} for key, value in tags.items()],
        )


def test_a_region_that_is_too_full_is_told_with_its_code_and_not_before(
    physics: Physics, strict: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshots(physics, strict)
    environment = backed_up(copies=[{"region": AWAY}])
    monkeypatch.setitem(DEFAULTS, SNAPSHOTS.code, ("", 44))
    far, near = backup_quotas(environment, strict)
    words = "policies of backups keep up to 40, 44 are allowed in"
    assert (far.verdict, far.why) == ("good", f"0 others stand, {words} {AWAY}")
    assert (near.verdict, near.why) == ("good", f"4 others stand, {words} {REGION}")
    monkeypatch.setitem(DEFAULTS, SNAPSHOTS.code, ("", 43))
    far, near = backup_quotas(environment, strict)
    assert (far.verdict, near.verdict) == ("good", "lacking")
    assert SNAPSHOTS.code in near.way_out
    assert "CHAP_Limits" in near.way_out


def test_a_caller_who_may_not_list_snapshots_is_told_what_to_add(physics: Physics, strict: Scope) -> None:
    physics.rule("DescribeDBSnapshots", "error:AccessDenied:403")
    (found,) = backup_quotas(backed_up(), strict)
    assert (found.verdict, found.statement and found.statement["Action"]) == (
        "unknown",
        ["rds:DescribeDBSnapshots", "servicequotas:GetAWSDefaultServiceQuota", "servicequotas:GetServiceQuota"],
    )
    assert "policies of backups keep up to 40" in found.why
