"""Read replicas of databases: what AWS refuses, what follows the source, and what moto gets wrong."""

from typing import Any

from tests.physics.builds import Builds, code_of

ASKED = {"DBInstanceClass": "db.t4g.micro", "AllocatedStorage": 20, "MasterUsername": "castra"}
OWN = {"MasterUserPassword": "correct-horse-battery"}


def made(make: Builds, engine: str = "postgres", version: str = "17", **more: Any) -> None:
    password = {} if "ManageMasterUserPassword" in more else OWN
    about = {"Engine": engine, "EngineVersion": version, "BackupRetentionPeriod": 7}
    make.rds.create_db_instance(**({"DBInstanceIdentifier": "db"} | ASKED | about | password | more))


def copied(make: Builds, name: str = "copy", **more: Any) -> dict[str, Any]:
    copy = {"DBInstanceIdentifier": name, "SourceDBInstanceIdentifier": "db", **more}
    return dict(make.rds.create_db_instance_read_replica(**copy)["DBInstance"])


def refused(make: Builds, **more: Any) -> str:
    copy = {"DBInstanceIdentifier": "copy", "SourceDBInstanceIdentifier": "db", **more}
    return str(code_of(make.rds.create_db_instance_read_replica, **copy))


def now(make: Builds, name: str) -> dict[str, Any]:
    return dict(make.rds.describe_db_instances(DBInstanceIdentifier=name)["DBInstances"][0])


def test_one_whose_password_rds_keeps_has_no_replicas_until_it_has_another(make: Builds) -> None:
    made(make, ManageMasterUserPassword=True)
    change = {"DBInstanceIdentifier": "db"}
    assert refused(make) == "InvalidParameterValue"
    assert code_of(make.rds.modify_db_instance, **change, **OWN) == "InvalidParameterCombination"
    off = {"ManageMasterUserPassword": False}
    assert code_of(make.rds.modify_db_instance, **change, **off) == "InvalidParameterCombination"
    assert code_of(make.rds.modify_db_instance, **change, ManageMasterUserPassword=True, **OWN) is not None
    make.rds.modify_db_instance(**change, **off, **OWN)
    assert "MasterUserSecret" not in now(make, "db")
    copied(make)
    assert code_of(make.rds.modify_db_instance, DBInstanceIdentifier="copy", **OWN) == "InvalidParameterCombination"


def test_a_replica_is_an_instance_of_its_own(make: Builds) -> None:
    made(make, DeletionProtection=True, MultiAZ=True, Tags=[{"Key": "of", "Value": "source"}])
    copied(make, AvailabilityZone="us-east-1c", Tags=[{"Key": "of", "Value": "copy"}])
    source, copy = now(make, "db"), now(make, "copy")
    assert source["ReadReplicaDBInstanceIdentifiers"] == ["copy"]
    assert copy["ReadReplicaSourceDBInstanceIdentifier"] == "db"
    assert (copy["BackupRetentionPeriod"], copy["DeletionProtection"], copy["MultiAZ"]) == (0, False, False)
    assert (copy["AvailabilityZone"], copy["TagList"]) == ("us-east-1c", [{"Key": "of", "Value": "copy"}])
    assert source["DbiResourceId"] != copy["DbiResourceId"]
    make.rds.modify_db_instance(DBInstanceIdentifier="copy", DBInstanceClass="db.t4g.small")
    assert (now(make, "db").get("PendingModifiedValues", {}), now(make, "db")["TagList"][0]["Value"]) == ({}, "source")


def test_what_a_source_must_be(make: Builds) -> None:
    made(make, BackupRetentionPeriod=0)
    assert refused(make) == "InvalidDBInstanceState"
    make.rds.modify_db_instance(DBInstanceIdentifier="db", BackupRetentionPeriod=1, ApplyImmediately=True)
    assert refused(make, AllocatedStorage=10) == "InvalidParameterCombination"
    assert refused(make, AvailabilityZone="us-east-1a", MultiAZ=True) == "InvalidParameterCombination"
    assert refused(make, StorageType="gp3") == "InvalidParameterCombination"
    make.rds.stop_db_instance(DBInstanceIdentifier="db")
    assert refused(make) == "InvalidDBInstanceState"
    make.rds.start_db_instance(DBInstanceIdentifier="db")
    for number in range(15):
        copied(make, f"copy-{number}")
    assert refused(make, DBInstanceIdentifier="copy-1") == "DBInstanceAlreadyExists"
    assert refused(make) == "InstanceQuotaExceeded"


def test_with_replicas_it_neither_stops_nor_loses_its_backups(make: Builds) -> None:
    made(make)
    copied(make)
    for name in ("db", "copy"):
        assert code_of(make.rds.stop_db_instance, DBInstanceIdentifier=name) == "InvalidDBInstanceState"
    keep = {"DBInstanceIdentifier": "db", "BackupRetentionPeriod": 0}
    assert code_of(make.rds.modify_db_instance, **keep) == "InvalidParameterCombination"
    last = {"DBInstanceIdentifier": "copy", "FinalDBSnapshotIdentifier": "last"}
    assert code_of(make.rds.delete_db_instance, **last) == "InvalidParameterCombination"
    make.rds.delete_db_instance(DBInstanceIdentifier="copy", SkipFinalSnapshot=True)
    assert now(make, "db")["ReadReplicaDBInstanceIdentifiers"] == []


def test_set_free_it_is_a_database_of_its_own(make: Builds) -> None:
    made(make)
    copied(make)
    copied(make, "other")
    make.rds.promote_read_replica(DBInstanceIdentifier="other")
    assert now(make, "db")["ReadReplicaDBInstanceIdentifiers"] == ["copy"]
    make.rds.delete_db_instance(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    for name in ("copy", "other"):
        assert "ReadReplicaSourceDBInstanceIdentifier" not in now(make, name)
        make.rds.delete_db_instance(DBInstanceIdentifier=name, FinalDBSnapshotIdentifier=f"last-of-{name}")


def test_postgresqls_replicas_are_upgraded_with_it(make: Builds) -> None:
    made(make)
    copied(make)
    up = {"EngineVersion": "18", "AllowMajorVersionUpgrade": True, "ApplyImmediately": True}
    alone = code_of(make.rds.modify_db_instance, DBInstanceIdentifier="copy", **up)
    assert alone == "InvalidParameterCombination"
    make.rds.modify_db_instance(DBInstanceIdentifier="db", **up)
    assert {now(make, name)["EngineVersion"] for name in ("db", "copy")} == {"18.1"}
    assert now(make, "copy")["DBParameterGroups"][0]["DBParameterGroupName"] == "default.postgres18"


def test_mysqls_replicas_are_upgraded_before_it(make: Builds) -> None:
    made(make, "mysql", "8.0")
    assert refused(make, DBParameterGroupName="p") == "InvalidParameterCombination"
    copied(make)
    up = {"EngineVersion": "8.4", "AllowMajorVersionUpgrade": True, "ApplyImmediately": True}
    early = code_of(make.rds.modify_db_instance, DBInstanceIdentifier="db", **up)
    assert early == "DBUpgradeDependencyFailure"
    for name in ("copy", "db"):
        make.rds.modify_db_instance(DBInstanceIdentifier=name, **up)
    assert now(make, "db")["EngineVersion"] == "8.4.1"
