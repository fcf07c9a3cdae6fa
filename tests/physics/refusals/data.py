"""Databases: their groups, their last snapshot, and when they can't be changed."""

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World


@before("rds:CreateDBSubnetGroup")
def zones_covered(request: Request, world: World) -> None:
    ec2 = world.backend(request, "ec2")
    name = request.text("DBSubnetGroupName")
    if name in world.backend(request).subnet_groups:
        raise Refused("DBSubnetGroupAlreadyExists", f"The DB subnet group '{name}' already exists.")
    if len({ec2.get_subnet(each).availability_zone for each in request.texts("SubnetIds")}) < 2:
        why = "The DB subnet group doesn't meet Availability Zone (AZ) coverage requirement."
        raise Refused("DBSubnetGroupDoesNotCoverEnoughAZs", why)


@before("rds:DeleteDBInstance")
def last_snapshot_said(request: Request, world: World) -> None:
    final, skip = request.text("FinalDBSnapshotIdentifier"), request.flag("SkipFinalSnapshot")
    if not final and not skip:
        why = "FinalDBSnapshotIdentifier is required unless SkipFinalSnapshot is specified."
        raise Refused("InvalidParameterCombination", why)
    if final and skip:
        why = "FinalDBSnapshotIdentifier can not be specified when deleting with SkipFinalSnapshot"
        raise Refused("InvalidParameterCombination", why)


@before("rds:DeleteDBSubnetGroup")
def subnet_group_in_use(request: Request, world: World) -> None:
    name = request.text("DBSubnetGroupName")
    for database in world.backend(request).databases.values():
        if str(database._db_subnet_group_name).lower() == name.lower():
            user = database.db_instance_identifier
            why = f"Cannot delete the subnet group '{name}' because at least one database instance: {user} is using it."
            raise Refused("InvalidDBSubnetGroupStateFault", why)


@before("rds:DeleteDBParameterGroup")
def parameter_group_in_use(request: Request, world: World) -> None:
    name = request.text("DBParameterGroupName")
    for database in world.backend(request).databases.values():
        if str(database.db_parameter_group_name).lower() == name.lower():
            why = "One or more database instances are still members of this parameter group, so it cannot be deleted."
            raise Refused("InvalidDBParameterGroupState", why)


CHANGEABLE = ("available", "backing-up", "storage-full", "storage-optimization")


@before("rds:ModifyDBInstance")
def at_rest(request: Request, world: World) -> None:
    """Not while another change is under way, nor while it's stopped; and never to fewer GiB."""
    database = world.backend(request).databases.get(request.text("DBInstanceIdentifier"))
    if database is None:
        return
    if database.status not in CHANGEABLE:
        why = f"Database instance: {database.db_instance_identifier} is not in available state."
        raise Refused("InvalidDBInstanceState", why)
    if (asked := request.text("AllocatedStorage")) and int(asked) < database.allocated_storage:
        raise Refused("InvalidParameterCombination", "Requested storage cannot be less than the allocated storage.")
    going_up = major(database.engine, database.engine_version) != major(database.engine, request.text("EngineVersion"))
    if request.text("EngineVersion") and going_up and not request.flag("AllowMajorVersionUpgrade"):
        raise Refused("InvalidParameterCombination", "The AllowMajorVersionUpgrade flag must be present.")


def major(engine: str, version: str) -> str:
    return ".".join(version.split(".")[: 1 if engine == "postgres" else 2])


@before("rds:DeleteDBInstance")
def going_already(request: Request, world: World) -> None:
    database = world.backend(request).databases.get(request.text("DBInstanceIdentifier"))
    if database is not None and database.status in ("creating", "deleting", "modifying"):
        why = f"Instance {database.db_instance_identifier} is already being deleted, or is {database.status}."
        raise Refused("InvalidDBInstanceState", why)
