"""Rows of the databases in tasks/data."""

from typing import Any

from blueprints.databases import Database, DatabaseParameterGroup, DatabaseSubnetGroup
from blueprints.network import Subnet
from blueprints.replicas import DatabaseReplica
from blueprints.secrets import Secret
from tasks.data.database_listing import name_of
from tasks.scope import Scope, as_dict, as_list
from tests.tasks.rows.network import GROUP, OTHER_GROUP, OTHER_SUBNET, OTHER_VPC, SUBNET, VPC, but
from tests.tasks.rows.row import Row

THIRD_SUBNET = Subnet(name="c", vpc="vpc/main", cidr="10.0.2.0/24", zone="eu-west-1c")
ELSEWHERE = tuple(
    Subnet(name=f"other-{zone}", vpc="vpc/other", cidr=f"10.8.{index}.0/24", zone=f"eu-west-1{zone}")
    for index, zone in enumerate("ab")
)
SUBNETS = DatabaseSubnetGroup(name="main", vpc="vpc/main", subnets=("subnet/a", "subnet/b"))
SETTINGS = DatabaseParameterGroup(name="main", family="postgres17", parameters={"rds.force_ssl": "1"})
OTHER_SETTINGS = DatabaseParameterGroup(name="newer", family="postgres17")
MACHINE: dict[str, Any] = {
    "version": "17",
    "instance_class": "db.t4g.micro",
    "storage": 20,
    "max_storage": 100,
    "subnet_group": "database-subnet-group/main",
    "groups": ("security-group/web",),
    "parameter_group": "database-parameter-group/main",
    "port": 5432,
}
ANOTHER_MACHINE: dict[str, Any] = {
    "instance_class": "db.t4g.small",
    "storage": 30,
    "max_storage": 200,
    "multi_zone": True,
    "groups": ("security-group/front",),
    "parameter_group": "database-parameter-group/newer",
    "port": 5433,
    "minor_upgrades": False,
}
"""What a database and a replica have in common, and all of it that can be changed in place."""
DATABASE = Database(
    name="main",
    engine="postgres",
    **MACHINE,
    database="things",
    backup_window="03:00-03:30",
    maintenance_window="sun:04:00-sun:05:00",
    on_removal="wipe",
)
LOGIN = Secret(name="database-main", username="castra", on_removal="wipe", recovery=0)
BENEATH = (VPC, SUBNET, OTHER_SUBNET, GROUP, OTHER_GROUP, SUBNETS, SETTINGS, OTHER_SETTINGS, LOGIN)
FOLLOWED = but(DATABASE, secret="secret/database-main")
REPLICA = DatabaseReplica(
    name="main-reports",
    source="database/main",
    **MACHINE,
    zone="eu-west-1b",
)


def unprotect_backups(scope: Scope, id: str) -> None:
    scope.client("rds").modify_db_instance(DBInstanceIdentifier=name_of(id), DeletionProtection=False)


def delete_database(scope: Scope, id: str) -> None:
    unprotect_backups(scope, id)
    scope.client("rds").delete_db_instance(DBInstanceIdentifier=name_of(id), SkipFinalSnapshot=True)


def copy_subnet_group(scope: Scope, key: str) -> None:
    """Under a name that begins like the environment's, or it's nobody's business."""
    (group, *_) = scope.client("rds").describe_db_subnet_groups()["DBSubnetGroups"]
    scope.client("rds").create_db_subnet_group(
        DBSubnetGroupName=f"{scope.environment}-by-hand",
        DBSubnetGroupDescription="by hand",
        SubnetIds=[subnet["SubnetIdentifier"] for subnet in group["Subnets"]],
        Tags=as_list(scope.birth_tags(key, None)),
    )


def add_subnet(scope: Scope, id: str) -> None:
    """One of the VPC's that isn't in it yet."""
    (group,) = scope.client("rds").describe_db_subnet_groups(DBSubnetGroupName=name_of(id))["DBSubnetGroups"]
    here = [{"Name": "vpc-id", "Values": [group["VpcId"]]}]
    subnets = [subnet["SubnetId"] for subnet in scope.ec2.describe_subnets(Filters=here)["Subnets"]]
    scope.client("rds").modify_db_subnet_group(DBSubnetGroupName=name_of(id), SubnetIds=subnets)


def copy_parameter_group(scope: Scope, key: str) -> None:
    scope.client("rds").create_db_parameter_group(
        DBParameterGroupName=f"{scope.environment}-by-hand",
        DBParameterGroupFamily="postgres17",
        Description="by hand",
        Tags=as_list(scope.birth_tags(key, None)),
    )


def allow_plain_text(scope: Scope, id: str) -> None:
    plain = {"ParameterName": "rds.force_ssl", "ParameterValue": "0", "ApplyMethod": "immediate"}
    scope.client("rds").modify_db_parameter_group(DBParameterGroupName=name_of(id), Parameters=[plain])


def stop_upgrades(scope: Scope, id: str) -> None:
    scope.client("rds").modify_db_instance(DBInstanceIdentifier=name_of(id), AutoMinorVersionUpgrade=False)


def delete_replica(scope: Scope, id: str) -> None:
    scope.client("rds").delete_db_instance(DBInstanceIdentifier=name_of(id), SkipFinalSnapshot=True)


def copy_replica(scope: Scope, key: str) -> None:
    (source,) = [
        one
        for one in scope.client("rds").describe_db_instances()["DBInstances"]
        if scope.owns(as_dict(one["TagList"])) and "ReadReplicaSourceDBInstanceIdentifier" not in one
    ]
    scope.client("rds").create_db_instance_read_replica(
        DBInstanceIdentifier="copied-by-hand",
        SourceDBInstanceIdentifier=source["DBInstanceIdentifier"],
        Tags=as_list(scope.birth_tags(key, None)),
    )


def copy_database(scope: Scope, key: str) -> None:
    scope.client("rds").create_db_instance(
        DBInstanceIdentifier="by-hand",
        DBInstanceClass="db.t4g.micro",
        Engine="postgres",
        EngineVersion="17",
        AllocatedStorage=20,
        MasterUsername="castra",
        ManageMasterUserPassword=True,
        DBSubnetGroupName=scope.client("rds").describe_db_subnet_groups()["DBSubnetGroups"][0]["DBSubnetGroupName"],
        Tags=as_list(scope.birth_tags(key, None) | {"castra:on-removal": "wipe"}),
    )


ROWS = (
    Row(
        part=SUBNETS,
        needs=(VPC, SUBNET, OTHER_SUBNET, THIRD_SUBNET, OTHER_VPC, *ELSEWHERE),
        changed=but(SUBNETS, subnets=("subnet/a", "subnet/b", "subnet/c")),
        moved=but(SUBNETS, vpc="vpc/other", subnets=("subnet/other-a", "subnet/other-b")),
        by_hand=add_subnet,
        vanish=lambda scope, id: scope.client("rds").delete_db_subnet_group(DBSubnetGroupName=name_of(id)),
        twin=copy_subnet_group,
    ),
    Row(
        part=SETTINGS,
        changed=but(SETTINGS, parameters={"max_connections": "50", "work_mem": "8192"}),
        moved=but(SETTINGS, family="postgres18"),
        by_hand=allow_plain_text,
        vanish=lambda scope, id: scope.client("rds").delete_db_parameter_group(DBParameterGroupName=name_of(id)),
        twin=copy_parameter_group,
    ),
    Row(
        part=DATABASE,
        needs=BENEATH,
        changed=but(
            DATABASE,
            secret="secret/database-main",
            **ANOTHER_MACHINE,
            backup_retention=14,
            backup_window="02:00-02:30",
            maintenance_window="mon:04:00-mon:05:00",
            deletion_protection=False,
        ),
        moved=but(DATABASE, user="somebody"),
        by_hand=unprotect_backups,
        vanish=delete_database,
        twin=copy_database,
    ),
    Row(
        part=REPLICA,
        needs=(*BENEATH, FOLLOWED),
        changed=but(REPLICA, **ANOTHER_MACHINE),
        moved=but(REPLICA, zone="eu-west-1a"),
        by_hand=stop_upgrades,
        vanish=delete_replica,
        twin=copy_replica,
    ),
)
