"""Databases: creating for minutes, deleting for minutes."""

from dataclasses import dataclass
from typing import Any

from tests.physics.answers import Answer
from tests.physics.hooks import after, before
from tests.physics.protocol import Request
from tests.physics.rewrite import restate
from tests.physics.world import World


@dataclass(frozen=True)
class Kind:
    """Where moto keeps a kind: table, the id's parameter, the state's attribute and element, its name in `times`."""

    table: str
    identifier: str
    attribute: str
    element: str
    name: str


DATABASE = Kind("databases", "DBInstanceIdentifier", "status", "DBInstanceStatus", "database")
CREATES = {
    "rds:CreateDBInstance": DATABASE,
    "rds:RestoreDBInstanceFromDBSnapshot": DATABASE,
    "rds:CreateDBInstanceReadReplica": DATABASE,
}
DELETES = {
    "rds:DeleteDBInstance": DATABASE,
}


@after(*CREATES)
def create(request: Request, answer: Answer, world: World) -> Answer | None:
    kind = CREATES[f"{request.service}:{request.operation}"]
    thing = getattr(world.backend(request), kind.table).get(request.text(kind.identifier))
    if thing is None or world.time(f"{kind.name}_available") <= 0:
        return None
    setattr(thing, kind.attribute, "creating")
    world.later(f"{kind.name}_available", lambda: setattr(thing, kind.attribute, "available"))
    return restate(answer, kind.element, "available", "creating")


@before(*DELETES)
def note(request: Request, world: World) -> None:
    """Keep what moto may forget at once."""
    kind = DELETES[f"{request.service}:{request.operation}"]
    world.memory["store to delete"] = getattr(world.backend(request), kind.table).get(request.text(kind.identifier))


@after(*DELETES)
def delete(request: Request, answer: Answer, world: World) -> Answer | None:
    """Moto drops databases at once."""
    kind = DELETES[f"{request.service}:{request.operation}"]
    things: Any = getattr(world.backend(request), kind.table)
    thing, key = world.memory.pop("store to delete"), request.text(kind.identifier)
    if thing is not None:
        setattr(thing, kind.attribute, "deleting")
        things[key] = thing

    def gone() -> None:
        if things.get(key) is thing:
            del things[key]

    world.later(f"{kind.name}_deleted", gone)
    return restate(answer, kind.element, "available", "deleting")
