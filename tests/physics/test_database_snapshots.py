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


def test_one_is_restored_as_it_is_asked_and_not_as_it_was(make: Builds) -> None:
    made(make, BackupRetentionPeriod=7, MultiAZ=True, DeletionProtection=True)
    taken(make)
    off = {"BackupRetentionPeriod": 0, "MultiAZ": False, "DeletionProtection": False}
    asked = {"DBSnapshotIdentifier": "one", "DBInstanceIdentifier": "again", "ManageMasterUserPassword": True}
    make.rds.restore_db_instance_from_db_snapshot(**asked, **off)
    old, new = make.rds.describe_db_instances()["DBInstances"]
    assert {key: new[key] for key in off} == off
    assert new["DbiResourceId"] != old["DbiResourceId"]
    assert new["MasterUserSecret"]["SecretArn"] != old["MasterUserSecret"]["SecretArn"]


def test_a_copy_to_another_region_wants_a_key_of_that_region(make: Builds) -> None:
    made(make, StorageEncrypted=True)
    one, there = taken(make), make.aws.client("rds", "eu-central-1")
    asked = {"SourceDBSnapshotIdentifier": one, "TargetDBSnapshotIdentifier": "copy", "SourceRegion": "us-east-1"}
    assert code_of(there.copy_db_snapshot, **asked) == "KMSKeyNotAccessibleFault"
    foreign = make.kms.create_key()["KeyMetadata"]["Arn"]
    assert code_of(there.copy_db_snapshot, **asked, KmsKeyId=foreign) == "KMSKeyNotAccessibleFault"
    key = make.aws.client("kms", "eu-central-1").create_key()["KeyMetadata"]["Arn"]
    there.copy_db_snapshot(**asked, KmsKeyId=key, Tags=[{"Key": "a", "Value": "b"}])
    (copy,) = there.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert (copy["KmsKeyId"], copy["Encrypted"], copy["TagList"]) == (key, True, [{"Key": "a", "Value": "b"}])
    assert copy["DBSnapshotArn"].split(":")[3] == "eu-central-1"


def test_what_is_under_the_default_key_is_shared_with_nobody(make: Builds) -> None:
    made(make, StorageEncrypted=True)
    taken(make)
    account = {"AttributeName": "restore", "ValuesToAdd": ["210987654321"]}
    share = make.rds.modify_db_snapshot_attribute
    assert code_of(share, DBSnapshotIdentifier="one", **account) == "InvalidParameterValue"
    for name, key in (("two", "alias/aws/rds"), ("three", make.kms.create_key()["KeyMetadata"]["Arn"])):
        make.rds.copy_db_snapshot(SourceDBSnapshotIdentifier="one", TargetDBSnapshotIdentifier=name, KmsKeyId=key)
    assert code_of(share, DBSnapshotIdentifier="two", **account) == "InvalidParameterValue"
    share(DBSnapshotIdentifier="three", **account)
    told = make.rds.describe_db_snapshot_attributes(DBSnapshotIdentifier="three")["DBSnapshotAttributesResult"]
    assert told["DBSnapshotAttributes"] == [{"AttributeName": "restore", "AttributeValues": ["210987654321"]}]
