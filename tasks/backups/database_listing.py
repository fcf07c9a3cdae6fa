"""Backups in RDS: manual snapshots, as it lists them, tags and all. It has no filter by tag."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tasks.backups.database_machine import read_database_machine
from tasks.backups.record import BACKUP, COPY_OF, Backup, Health, Piece, said_by
from tasks.backups.store import Asked
from tasks.data.database_listing import LEAVING
from tasks.scope import Scope, as_dict

MANUAL = {"SnapshotType": "manual"}
_STATES: dict[str, Health] = {"available": "complete", "creating": "pending", "copying": "pending"}


def databases_in(scope: Scope, asked: Asked, region: str) -> list[tuple[Backup, dict[str, str]]]:
    """The backups in a region that are asked for, with their tags; what is on its way out isn't told any more."""
    found = scope.pages("rds", "describe_db_snapshots", "DBSnapshots", region=region, **MANUAL)
    told = [(_backup(one, region or scope.region), as_dict(one.get("TagList"))) for one in found if _stays(one)]
    return [(one, tags) for one, tags in told if one and asked.wants(one)]


def states(scope: Scope, region: str, name: str = "") -> dict[str, tuple[str, str]]:
    """Of all snapshots in a region, or of the one of a `name`: state and why, by ARN."""
    named = {"DBSnapshotIdentifier": name} if name else MANUAL
    found = scope.pages("rds", "describe_db_snapshots", "DBSnapshots", region=region, **named)
    return {one["DBSnapshotArn"]: (_STATES.get(one["Status"], "failed"), f"it is {one['Status']}") for one in found}


def _stays(snapshot: Mapping[str, Any]) -> bool:
    return bool(snapshot["Status"] != LEAVING)


def _backup(snapshot: Mapping[str, Any], region: str) -> Backup | None:
    """From a snapshot as RDS tells it; None for one that is nobody's backup."""
    tags = as_dict(snapshot.get("TagList"))
    if BACKUP not in tags:
        return None
    piece = piece_of(snapshot, tags)
    return Backup(
        id=piece.id,
        taken=snapshot.get("SnapshotCreateTime") or datetime.now(UTC),  # it's told once it has begun
        state=piece.state,
        pieces=(piece,),
        region=region,
        why=f"its state is {snapshot['Status']}" if piece.state == "failed" else "",
        database=read_database_machine(tags, snapshot),
        **said_by(tags),
    )


def piece_of(snapshot: Mapping[str, Any], tags: Mapping[str, str]) -> Piece:
    """The one snapshot that a database's backup is."""
    return Piece(
        id=snapshot["DBSnapshotArn"],
        volume=snapshot.get("DbiResourceId", ""),
        gib=snapshot.get("AllocatedStorage", 0),
        state=_STATES.get(snapshot["Status"], "failed"),
        copy_of=tags.get(COPY_OF),
    )
