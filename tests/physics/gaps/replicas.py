"""Read replicas: instances of their own, that follow their source in some things and are set free when it goes."""

from typing import Any
from uuid import uuid4

from tests.physics.answers import Answer
from tests.physics.gaps.databases import exactly
from tests.physics.hooks import after, before
from tests.physics.protocol import Request
from tests.physics.world import World


@after("rds:CreateDBInstanceReadReplica")
def born_apart(request: Request, answer: Answer, world: World) -> None:
    """Moto makes it a shallow copy of its source: what that has for itself only, it has too."""
    backend = world.backend(request)
    replica = backend.databases[request.text("DBInstanceIdentifier")]
    replica.dbi_resource_id = f"db-{uuid4().hex[:26].upper()}"
    replica.pending_modified_values = {}
    replica.backup_retention_period = 0
    replica.deletion_protection = request.flag("DeletionProtection")
    replica.multi_az = request.flag("MultiAZ")
    replica.availability_zone = request.text("AvailabilityZone") or f"{replica.region}b"
    replica.tags = [dict(tag) for tag in replica.tags]


@before("rds:DeleteDBInstance")
def remember_who_follows(request: Request, world: World) -> None:
    database = world.backend(request).databases.get(request.text("DBInstanceIdentifier"))
    world.memory["replicas of what goes"] = list(database.replicas) if database is not None else []


@after("rds:DeleteDBInstance")
def set_free(request: Request, answer: Answer, world: World) -> None:
    """The replicas of a database that is deleted become databases of their own."""
    databases = world.backend(request).databases
    for name in world.memory.pop("replicas of what goes"):
        if name in databases:
            databases[name].is_replica, databases[name].source_db_instance_identifier = False, None
    going: Any = databases.get(request.text("DBInstanceIdentifier"))  # for as long as it is deleting
    if going is not None:
        going.replicas = []


@after("rds:PromoteReadReplica")
def promoted(request: Request, answer: Answer, world: World) -> None:
    """Moto leaves it among those that its source knows."""
    databases, name = world.backend(request).databases, request.text("DBInstanceIdentifier")
    databases[name].source_db_instance_identifier = None
    for one in databases.values():
        one.replicas = [other for other in one.replicas if other != name]


@after("rds:ModifyDBInstance")
def upgraded_along(request: Request, answer: Answer, world: World) -> None:
    """PostgreSQL's replicas get a new major version with their source, and the default parameters of that."""
    databases = world.backend(request).databases
    source, version = databases[request.text("DBInstanceIdentifier")], request.text("EngineVersion")
    if source.engine == "postgres" and version and request.flag("ApplyImmediately"):
        for replica in (databases[name] for name in source.replicas):
            replica.engine_version = exactly(replica.engine, version)
            replica.db_parameter_group_name = f"default.postgres{version.partition('.')[0]}"


@after("rds:ModifyDBInstance")
def password_changes(request: Request, answer: Answer, world: World) -> None:
    """It takes its time, during which nothing else is changed."""
    database = world.backend(request).databases[request.text("DBInstanceIdentifier")]
    if not request.text("MasterUserPassword") or world.time("database_modified") <= 0:
        return
    database.status = "resetting-master-credentials"

    def through() -> None:
        if database.status == "resetting-master-credentials":
            database.status = "available"

    world.later("database_modified", through)
