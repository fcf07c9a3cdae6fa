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
