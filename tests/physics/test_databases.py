"""Databases: what AWS refuses, what waits, and what moto gets wrong."""

from typing import Any

from tests.physics.builds import Builds, code_of

ASKED = {"DBInstanceClass": "db.t4g.micro", "Engine": "postgres", "EngineVersion": "17", "AllocatedStorage": 20}
PASSWORD = {"MasterUsername": "castra", "ManageMasterUserPassword": True}


def made(make: Builds, name: str = "db", **more: Any) -> dict[str, Any]:
    return dict(make.rds.create_db_instance(DBInstanceIdentifier=name, **ASKED, **PASSWORD, **more)["DBInstance"])


def now(make: Builds) -> dict[str, Any]:
    (one,) = make.rds.describe_db_instances()["DBInstances"]
    return dict(one)


def test_what_interrupts_waits_unless_told_otherwise_and_then_all_of_it_is_made(make: Builds) -> None:
    made(make)
    make.rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass="db.t4g.small", BackupRetentionPeriod=9)
    one = now(make)
    assert (one["DBInstanceClass"], one["BackupRetentionPeriod"]) == ("db.t4g.micro", 9)
    assert one["PendingModifiedValues"] == {"DBInstanceClass": "db.t4g.small"}
    make.rds.modify_db_instance(DBInstanceIdentifier="db", AllocatedStorage=30, ApplyImmediately=True)
    one = now(make)
    assert (one["DBInstanceClass"], one["AllocatedStorage"]) == ("db.t4g.small", 30)
    assert one["PendingModifiedValues"] == {}


def test_what_waits_is_taken_back_by_asking_for_what_is(make: Builds) -> None:
    made(make)
    for size in ("db.t4g.small", "db.t4g.micro"):
        make.rds.modify_db_instance(DBInstanceIdentifier="db", DBInstanceClass=size)
    assert now(make)["PendingModifiedValues"] == {}


def test_one_that_is_not_available_is_not_changed(make: Builds) -> None:
    made(make)
    make.rds.stop_db_instance(DBInstanceIdentifier="db")
    refused = code_of(make.rds.modify_db_instance, DBInstanceIdentifier="db", BackupRetentionPeriod=9)
    assert refused == "InvalidDBInstanceState"


def test_it_gets_no_smaller_and_no_newer_major_version_unasked(make: Builds) -> None:
    made(make)
    change = {"DBInstanceIdentifier": "db", "ApplyImmediately": True}
    assert code_of(make.rds.modify_db_instance, **change, AllocatedStorage=10) == "InvalidParameterCombination"
    assert code_of(make.rds.modify_db_instance, **change, EngineVersion="18") == "InvalidParameterCombination"
    make.rds.modify_db_instance(**change, EngineVersion="18", AllowMajorVersionUpgrade=True)
    assert now(make)["EngineVersion"] == "18.1"


def test_groups_in_use_stay_and_one_that_is_changed_is_not_forgotten(make: Builds) -> None:
    vpc = make.vpc()
    subnets = [
        make.ec2.create_subnet(VpcId=vpc, CidrBlock=f"10.0.{index}.0/24", AvailabilityZone=f"us-east-1{zone}")["Subnet"]
        for index, zone in enumerate("abc")
    ]
    ids = [subnet["SubnetId"] for subnet in subnets]
    group = {"DBSubnetGroupName": "g", "DBSubnetGroupDescription": "x"}
    make.rds.create_db_subnet_group(**group, SubnetIds=ids[:2])
    assert code_of(make.rds.create_db_subnet_group, **group, SubnetIds=ids[:2]) == "DBSubnetGroupAlreadyExists"
    make.rds.modify_db_subnet_group(DBSubnetGroupName="g", SubnetIds=ids)
    (told,) = make.rds.describe_db_subnet_groups(DBSubnetGroupName="g")["DBSubnetGroups"]
    assert len(told["Subnets"]) == 3
    make.rds.create_db_parameter_group(DBParameterGroupName="p", DBParameterGroupFamily="postgres17", Description="x")
    made(make, DBSubnetGroupName="g", DBParameterGroupName="p")
    assert code_of(make.rds.delete_db_parameter_group, DBParameterGroupName="p") == "InvalidDBParameterGroupState"
    assert code_of(make.rds.delete_db_subnet_group, DBSubnetGroupName="g") == "InvalidDBSubnetGroupStateFault"


def test_parameters_are_told_by_who_set_them_and_can_be_reset(make: Builds) -> None:
    make.rds.create_db_parameter_group(DBParameterGroupName="p", DBParameterGroupFamily="postgres17", Description="x")
    one = {"ParameterName": "work_mem", "ParameterValue": "8192", "ApplyMethod": "immediate"}
    make.rds.modify_db_parameter_group(DBParameterGroupName="p", Parameters=[one])

    def told(**more: Any) -> dict[str, str | None]:
        parameters = make.rds.describe_db_parameters(DBParameterGroupName="p", **more)["Parameters"]
        return {each["ParameterName"]: each.get("ParameterValue") for each in parameters}

    assert told(Source="user") == {"work_mem": "8192"}
    assert told()["max_connections"] is None
    make.rds.reset_db_parameter_group(DBParameterGroupName="p", Parameters=[{**one, "ParameterValue": ""}])
    assert told(Source="user") == {}


def test_a_last_snapshots_name_that_is_taken_is_refused_and_the_database_stays(make: Builds) -> None:
    made(make)
    make.rds.create_db_snapshot(DBInstanceIdentifier="db", DBSnapshotIdentifier="last")
    last = {"DBInstanceIdentifier": "db", "FinalDBSnapshotIdentifier": "last"}
    assert code_of(make.rds.delete_db_instance, **last) == "DBSnapshotAlreadyExists"
    assert now(make)["DBInstanceStatus"] == "available"
