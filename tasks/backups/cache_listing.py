"""Backups in ElastiCache: manual snapshots, as it lists them, and their tags, which it tells of one at a time only."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from tasks.backups.cache_machine import read_cache_machine
from tasks.backups.cache_naming import may_be
from tasks.backups.record import BACKUP, SOURCE, Backup, Health, Piece, said_by
from tasks.backups.store import Asked
from tasks.data.cache_listing import tags_of
from tasks.each import each
from tasks.scope import Scope

RESTORING, LEAVING = "restoring", "deleting"
_STATES: dict[str, Health] = {
    "available": "complete",
    RESTORING: "complete",
    "creating": "pending",
    "copying": "pending",
}
_UNITS = ("B", "KB", "MB", "GB", "TB")
_SIZE = re.compile(r"([0-9.]+) ?([KMGT]?B)")


def snapshots_in(scope: Scope, region: str = "") -> Iterator[Any]:
    """All that people have taken; what AWS takes by itself each day is none. `user` is its word for the former."""
    for one in scope.pages("elasticache", "describe_snapshots", "Snapshots", region=region, SnapshotSource="user"):
        if one["SnapshotStatus"] != LEAVING:
            yield one


def caches_in(scope: Scope, asked: Asked, region: str) -> list[Backup]:
    """The backups in a region that are asked for: a listing, and a call for the tags of each that may be one."""
    named = [one for one in snapshots_in(scope, region) if may_be(one["SnapshotName"], asked)]
    told = each(lambda one: tags_of(scope, one["ARN"], region), named)
    found = [_backup(one, tags, region or scope.region) for one, tags in told if BACKUP in tags]
    return [one for one in found if asked.wants(one)]


def _backup(snapshot: Mapping[str, Any], tags: Mapping[str, str], region: str) -> Backup:
    """From a snapshot as ElastiCache tells it."""
    piece = piece_of(snapshot, tags)
    times = [part["SnapshotCreateTime"] for part in snapshot.get("NodeSnapshots", ()) if part.get("SnapshotCreateTime")]
    return Backup(
        id=piece.id,
        taken=min(times, default=datetime.now(UTC)),  # it's told once it is made
        state=piece.state,
        pieces=(piece,),
        region=region,
        why=f"its state is {snapshot['SnapshotStatus']}" if piece.state == "failed" else "",
        cache=read_cache_machine(tags, snapshot),
        **said_by(tags),
    )


def piece_of(snapshot: Mapping[str, Any], tags: Mapping[str, str]) -> Piece:
    """The one snapshot that a cache's backup is, of however many shards."""
    return Piece(
        id=snapshot["ARN"],
        volume=tags.get(SOURCE, ""),
        gib=gib_of(part.get("CacheSize", "") for part in snapshot.get("NodeSnapshots", ())),
        state=_STATES.get(snapshot["SnapshotStatus"], "failed"),
    )


def gib_of(sizes: Iterable[str]) -> int:
    """GiB, rounded up, of sizes as ElastiCache tells them: `7 MB`. One that isn't told yet is none. Pure."""
    matches = [match for size in sizes if (match := _SIZE.fullmatch(size.strip()))]
    return math.ceil(sum(float(match[1]) * 1024.0 ** _UNITS.index(match[2]) for match in matches) / 1024.0**3)
