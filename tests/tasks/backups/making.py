"""Backups for tests of what is pure."""

from datetime import UTC, datetime, timedelta
from typing import Any

from blueprints.tiers import Tiers
from tasks.backups.record import Backup, Piece, slot_of

NOW = datetime(2026, 5, 13, 12, tzinfo=UTC)  # a Wednesday


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def backup(moment: datetime, id: str = "", **told: Any) -> Backup:
    """One of web/nightly's, complete, of vol-1."""
    id = id or f"snap-{moment:%Y%m%d%H%M}"
    given = {"environment": "web", "policy": "nightly", "source": "vol-1", "how": "snapshot", "state": "complete"}
    given |= {"slot": slot_of(moment), "taken": moment + timedelta(seconds=9), "region": "eu-west-1"}
    given |= {"pieces": (Piece(id=f"{id}-a", volume="vol-1", gib=8),), "tiers": Tiers(daily=7)}
    return Backup(id=id, **(given | told))


def nightly(days: int, until: datetime = NOW, **told: Any) -> list[Backup]:
    """One each night at two, the last one in the night before `until`."""
    last = until.replace(hour=2, minute=0)
    return [backup(last - timedelta(days=day), **told) for day in reversed(range(days))]
