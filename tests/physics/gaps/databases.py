"""Databases: changes that wait, groups that stay when they're changed, parameters that are known and can be reset."""

import re
from dataclasses import replace
from typing import Any
from uuid import uuid4

from moto.rds.models import DBInstance, DBParameterGroup

from tests.physics.answers import Answer
from tests.physics.hooks import after, before, instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World

QUEUED = {
    "db_instance_class": "DBInstanceClass",
    "allocated_storage": "AllocatedStorage",
    "multi_az": "MultiAZ",
    "engine_version": "EngineVersion",
}
"""What moto changes at once and AWS in the maintenance window, unless told otherwise."""
TYPES = {
    "rds.force_ssl": "dynamic",
    "require_secure_transport": "dynamic",
    "work_mem": "dynamic",
    "max_connections": "static",
    "shared_preload_libraries": "static",
}
"""Some of the engines' parameters; AWS knows hundreds."""
ENDPOINT: Any = DBInstance.endpoint
INIT: Any = DBInstance.__init__
DBInstance.endpoint = property(  # type: ignore[method-assign,assignment]
    lambda database: None if database.status == "creating" else ENDPOINT.fget(database)
)
"""Nobody knows it before it's there."""


def born(database: Any, *arguments: Any, **named: Any) -> None:
    """With an id that no other life of the same name has, and a minor version of the major one that is asked for."""
    INIT(database, *arguments, **named)
    database.dbi_resource_id = f"db-{uuid4().hex[:26].upper()}"
    database.engine_version = exactly(database.engine, str(database.engine_version))


DBInstance.__init__ = born  # type: ignore[method-assign]


def exactly(engine: str, version: str) -> str:
    """`17.1` of 17, `8.4.1` of 8.4."""
    return f"{version}.1" if version.count(".") < (1 if engine == "postgres" else 2) else version


@before("rds:ModifyDBInstance")
def remember(request: Request, world: World) -> None:
    database = world.backend(request).databases.get(request.text("DBInstanceIdentifier"))
    if database is not None:
        world.memory["database before"] = {field: getattr(database, field) for field in QUEUED}


@after("rds:ModifyDBInstance")
def queue(request: Request, answer: Answer, world: World) -> Answer | None:
    """Changes wait for the window; one that is made now takes along all that wait."""
    database = world.backend(request).databases[request.text("DBInstanceIdentifier")]
    if request.text("DBPortNumber"):
        database.port = int(request.text("DBPortNumber"))
    if request.text("EngineVersion"):
        database.engine_version = exactly(database.engine, request.text("EngineVersion"))
    had = world.memory.pop("database before")
    pending: dict[str, Any] = database.__dict__.setdefault("pending_modified_values", {})
    for field, name in QUEUED.items():
        if (now := getattr(database, field)) != had[field]:
            pending[name] = now
            setattr(database, field, had[field])
        elif name in request.params:
            pending.pop(name, None)  # it was to be otherwise in the window, and is to stay now
    if request.flag("ApplyImmediately"):
        if pending and world.time("database_modified") > 0:
            database.status = "modifying"
        world.later("database_modified", lambda: apply(database))
    return None


def apply(database: Any) -> None:
    for field, name in QUEUED.items():
        if name in database.pending_modified_values:
            setattr(database, field, database.pending_modified_values[name])
    database.pending_modified_values = {}
    if database.status == "modifying":
        database.status = "available"


@after("rds:ModifyDBSubnetGroup")
def kept(request: Request, answer: Answer, world: World) -> None:
    """Moto forgets a subnet group that is changed."""
    ec2 = world.backend(request, "ec2")
    groups, name = world.backend(request).subnet_groups, request.text("DBSubnetGroupName")
    groups[name] = world.recall("subnet group changed", dict).pop(name)
    groups[name].subnets = [ec2.get_subnet(id) for id in request.texts("SubnetIds")]


@before("rds:ModifyDBSubnetGroup")
def hold(request: Request, world: World) -> None:
    name = request.text("DBSubnetGroupName")
    if (group := world.backend(request).subnet_groups.get(name)) is not None:
        world.recall("subnet group changed", dict)[name] = group


@instead("rds:DescribeDBParameters")
def all_known(request: Request, world: World) -> Answer | None:
    """Moto tells only those that are set; AWS all, or those that are set by a user."""
    group = world.backend(request).db_parameter_groups.get(request.text("DBParameterGroupName"))
    if group is None:
        return None
    rows = []
    for name in sorted({*TYPES, *group.parameters} if request.text("Source") != "user" else group.parameters):
        value = group.parameters.get(name, {}).get("ParameterValue")
        about = {"ApplyType": TYPES.get(name, "static"), "Source": "user" if value is not None else "engine-default"}
        rows.append({"ParameterName": name, "ParameterValue": value, **about})
    answer = ok(request, {"Parameters": rows})
    return replace(answer, body=re.sub(rb"<(/?)member>", rb"<\1Parameter>", answer.body))


@instead("rds:ResetDBParameterGroup")
def reset(request: Request, world: World) -> Answer | None:
    group: DBParameterGroup | None = world.backend(request).db_parameter_groups.get(
        request.text("DBParameterGroupName")
    )
    if group is None:
        return None
    for row in request.rows("Parameters"):
        group.parameters.pop(row["ParameterName"], None)
    return ok(request, {"DBParameterGroupName": group.name})


@after("rds:RestoreDBInstanceFromDBSnapshot")
def as_asked(request: Request, answer: Answer, world: World) -> None:
    """Moto takes a `false` or a 0 for what wasn't said, and keeps the source's; and what waited for it doesn't wait."""
    database = world.backend(request).databases[request.text("DBInstanceIdentifier")]
    for name, field in RESTORED.items():
        if name in request.params:
            value = request.text(name)
            setattr(database, field, int(value) if value.isdecimal() else value.lower() == "true")
    database.pending_modified_values = {}


RESTORED = {
    "BackupRetentionPeriod": "backup_retention_period",
    "DeletionProtection": "deletion_protection",
    "MultiAZ": "multi_az",
    "PubliclyAccessible": "publicly_accessible",
}
