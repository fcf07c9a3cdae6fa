"""Snapshots of databases: creating for minutes, in which the database is backing up; copying for longer."""

from typing import Any

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.rewrite import restate
from tests.physics.world import World


@after("rds:CreateDBSnapshot")
def create(request: Request, answer: Answer, world: World) -> Answer | None:
    rds = world.backend(request)
    snapshot = rds.database_snapshots[request.text("DBSnapshotIdentifier")]
    database = rds.databases.get(request.text("DBInstanceIdentifier"))
    if world.time("database_snapshot_available") <= 0:
        return None
    snapshot.status = "creating"
    if database is not None:
        database.status = "backing-up"

    def complete() -> None:
        become(snapshot, "available")
        if database is not None and database.status == "backing-up":
            database.status = "available"

    world.later("database_snapshot_available", complete)
    return restate(answer, "Status", "available", "creating")


@after("rds:CopyDBSnapshot")
def copy(request: Request, answer: Answer, world: World) -> Answer | None:
    """A copy whose original is deleted meanwhile fails."""
    snapshot = world.backend(request).database_snapshots[request.text("TargetDBSnapshotIdentifier")]
    snapshot.copy_of = request.text("SourceDBSnapshotIdentifier")
    if world.time("database_snapshot_copied") <= 0:
        return None
    snapshot.status = "copying"
    world.later("database_snapshot_copied", lambda: become(snapshot, "available"))
    return restate(answer, "Status", "available", "copying")


def become(snapshot: Any, state: str) -> None:
    if snapshot.status in ("creating", "copying"):
        snapshot.status = state
