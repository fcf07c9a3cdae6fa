"""Snapshots of databases that take their time, and what AWS refuses meanwhile."""

from collections.abc import Iterator

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds, code_of
from tests.physics.test_database_snapshots import taken
from tests.physics.test_databases import made


@pytest.fixture(scope="module")
def stage() -> Iterator[Builds]:
    with Physics("calm", times={"database_snapshot_available": 60, "database_snapshot_copied": 300}) as aws:
        yield Builds(aws)


def test_one_that_is_being_made_is_neither_restored_nor_deleted_and_its_database_backs_up(make: Builds) -> None:
    made(make)
    taken(make)
    (one,) = make.rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert one["Status"] == "creating"
    restore = {"DBInstanceIdentifier": "again", "DBSnapshotIdentifier": "one"}
    assert code_of(make.rds.restore_db_instance_from_db_snapshot, **restore) == "InvalidDBSnapshotState"
    assert code_of(make.rds.delete_db_snapshot, DBSnapshotIdentifier="one") == "InvalidDBSnapshotState"
    assert [one["DBInstanceStatus"] for one in make.rds.describe_db_instances()["DBInstances"]] == ["backing-up"]
    asked = {"DBInstanceIdentifier": "db", "DBSnapshotIdentifier": "two"}
    assert code_of(make.rds.create_db_snapshot, **asked) == "InvalidDBInstanceState"
    make.aws.advance(61)
    assert [one["DBInstanceStatus"] for one in make.rds.describe_db_instances()["DBInstances"]] == ["available"]
    make.rds.delete_db_snapshot(DBSnapshotIdentifier="one")
    assert make.rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"] == []


def test_twenty_are_copied_into_a_region_at_once_and_a_copy_fails_with_its_original(make: Builds) -> None:
    made(make)
    one, there = taken(make), make.aws.client("rds", "eu-central-1")
    make.aws.advance(61)
    asked = {"SourceDBSnapshotIdentifier": one, "SourceRegion": "us-east-1"}
    for number in range(20):
        there.copy_db_snapshot(**asked, TargetDBSnapshotIdentifier=f"copy-{number}")
    assert code_of(there.copy_db_snapshot, **asked, TargetDBSnapshotIdentifier="more") == "SnapshotQuotaExceeded"
    make.aws.advance(301)
    there.copy_db_snapshot(**asked, TargetDBSnapshotIdentifier="more")
    make.rds.delete_db_snapshot(DBSnapshotIdentifier="one")
    found = there.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    states = {one["DBSnapshotIdentifier"]: one["Status"] for one in found}
    assert (states["more"], states["copy-0"]) == ("failed", "available")
