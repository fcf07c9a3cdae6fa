"""Read replicas of databases, and what their sources can't be while they have any."""

from typing import Any

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.refusals.data import CHANGEABLE, major
from tests.physics.world import World

MOST = 15


@before("rds:CreateDBInstanceReadReplica")
def fit_to_be_followed(request: Request, world: World) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstanceReadReplica.html"""
    databases = world.backend(request).databases
    source, name = databases.get(request.text("SourceDBInstanceIdentifier")), request.text("DBInstanceIdentifier")
    if name in databases:
        raise Refused("DBInstanceAlreadyExists", "DB instance already exists")
    if source is None:
        return
    password_kept_by_rds(source)
    if not source.backup_retention_period:
        raise Refused("InvalidDBInstanceState", "Automated backups are not enabled for this database instance.")
    if source.status not in CHANGEABLE:
        raise Refused("InvalidDBInstanceState", f"{source.db_instance_identifier} is not in available state.")
    if len(source.replicas) >= MOST:
        raise Refused("InstanceQuotaExceeded", f"A source has {MOST} read replicas at most.")
    if (asked := request.text("AllocatedStorage")) and int(asked) < source.allocated_storage:
        raise Refused("InvalidParameterCombination", "A replica's storage can't be less than its source's.")
    if request.text("AvailabilityZone") and request.flag("MultiAZ"):
        why = "Requesting a specific availability zone is not valid for Multi-AZ instances."
        raise Refused("InvalidParameterCombination", why)
    if request.text("StorageType") == "gp3" and not request.text("Iops"):
        raise Refused("InvalidParameterCombination", "gp3 needs Iops beside it.")
    if request.text("DBParameterGroupName") and source.engine == "mysql":
        raise Refused("InvalidParameterCombination", "A MySQL replica of the same region has its source's parameters.")


def password_kept_by_rds(source: Any) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html#rds-secrets-manager-limitations"""
    if source.manage_master_user_password:
        why = f"Creating read replicas for source instance with engine {source.engine} where"
        raise Refused("InvalidParameterValue", f"{why} ManageMasterUserPassword is enabled is not supported.")


@before("rds:ModifyDBInstance")
def password_said(request: Request, world: World) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html"""
    database = world.backend(request).databases.get(request.text("DBInstanceIdentifier"))
    if database is None:
        return
    given, said = request.text("MasterUserPassword"), "ManageMasterUserPassword" in request.params
    managed = request.flag("ManageMasterUserPassword") if said else database.manage_master_user_password
    if given and managed:
        why = "You can't specify MasterUserPassword for an instance with ManageMasterUserPassword enabled."
        raise Refused("InvalidParameterCombination", why)
    if said and not managed and not given:
        why = "MasterUserPassword must be provided when ManageMasterUserPassword is set to false."
        raise Refused("InvalidParameterCombination", why)
    if given and database.is_replica:
        why = f"Cannot change master user password on an RDS {database.engine} Read Replica"
        raise Refused("InvalidParameterCombination", f"{why}, as it cannot differ from its parent.")


@before("rds:ModifyDBInstance")
def followed(request: Request, world: World) -> None:
    """A source keeps its backups. Of MySQL and MariaDB, replicas are upgraded first; of PostgreSQL, never apart."""
    databases = world.backend(request).databases
    database = databases.get(request.text("DBInstanceIdentifier"))
    if database is None:
        return
    if database.replicas and request.text("BackupRetentionPeriod") == "0":
        raise Refused("InvalidParameterCombination", "Automated backups of a source of read replicas stay enabled.")
    version, engine = request.text("EngineVersion"), database.engine
    if not version or major(engine, version) == major(engine, database.engine_version):
        return
    if engine == "postgres" and database.is_replica:
        raise Refused("InvalidParameterCombination", "A PostgreSQL read replica is upgraded along with its source.")
    older = [one for one in database.replicas if major(engine, databases[one].engine_version) != major(engine, version)]
    if engine != "postgres" and older:
        raise Refused("DBUpgradeDependencyFailure", f"Upgrade the read replicas first: {', '.join(older)}")


@before("rds:DeleteDBInstance")
def no_last_snapshot(request: Request, world: World) -> None:
    database = world.backend(request).databases.get(request.text("DBInstanceIdentifier"))
    if database is not None and database.is_replica and request.text("FinalDBSnapshotIdentifier"):
        why = "FinalDBSnapshotIdentifier can not be specified when deleting a replica instance"
        raise Refused("InvalidParameterCombination", why)


@before("rds:StopDBInstance")
def runs_on(request: Request, world: World) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html"""
    database = world.backend(request).databases.get(request.text("DBInstanceIdentifier"))
    if database is not None and (database.is_replica or database.replicas):
        raise Refused("InvalidDBInstanceState", "A read replica, or a source of any, can't be stopped.")
