"""Databases: their subnets, their last snapshot."""

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World


@before("rds:CreateDBSubnetGroup")
def zones_covered(request: Request, world: World) -> None:
    ec2 = world.backend(request, "ec2")
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
