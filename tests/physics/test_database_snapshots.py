"""Snapshots of databases: what AWS refuses, what takes its time, and what a copy and a restore are."""

from typing import Any

from tests.physics.builds import Builds, code_of
from tests.physics.test_databases import made


def taken(make: Builds, name: str = "one", of: str = "db", **more: Any) -> str:
    return str(
        make.rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=of, **more)["DBSnapshot"][
            "DBSnapshotArn"
        ]
    )


def test_only_what_is_available_is_taken_and_each_name_once(make: Builds) -> None:
    made(make)
    taken(make)
    again = {"DBInstanceIdentifier": "db"}
    assert code_of(make.rds.create_db_snapshot, DBSnapshotIdentifier="one", **again) == "DBSnapshotAlreadyExists"
    assert code_of(make.rds.create_db_snapshot, DBSnapshotIdentifier="a--b", **again) == "InvalidParameterValue"
    make.rds.stop_db_instance(DBInstanceIdentifier="db")
    assert code_of(make.rds.create_db_snapshot, DBSnapshotIdentifier="two", **again) == "InvalidDBInstanceState"
    assert code_of(make.rds.delete_db_snapshot, DBSnapshotIdentifier="none") == "DBSnapshotNotFound"


def test_a_tag_takes_fewer_characters_than_those_of_ec2(make: Builds) -> None:
    made(make)
    odd, even = ([{"Key": "castra:slot", "Value": value}] for value in ("b*", "label:vor dem Umzug ä"))
    asked = {"DBInstanceIdentifier": "db", "DBSnapshotIdentifier": "one"}
    assert code_of(make.rds.create_db_snapshot, **asked, Tags=odd) == "InvalidParameterValue"
    taken(make, Tags=even)
    (one,) = make.rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert one["TagList"] == even
