"""What a backup is, and the tags that say so: AWS is the only record of them."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from blueprints.backups import How
from blueprints.tiers import Tiers
from tasks.backups.cache_machine import CacheMachine
from tasks.backups.database_machine import DatabaseMachine
from tasks.backups.machine import Machine, read_machine
from tasks.backups.tagging import (
    AFTER,
    BACKUP,
    DEVICE,
    HOW,
    LABEL,
    PIECES,
    PROVEN,
    SET,
    SLOT,
    SOURCE,
    SOURCE_PART,
    TIERS,
    group_of,
    read_tiers,
    set_of,
    slot_of,
    tags_of,
    tiers_text,
)
from tasks.scope import COPY_OF

__all__ = [
    "AFTER",
    "BACKUP",
    "COPY_OF",
    "DEVICE",
    "HOW",
    "LABEL",
    "PIECES",
    "PROVEN",
    "SET",
    "SLOT",
    "SOURCE",
    "SOURCE_PART",
    "TIERS",
    "Backup",
    "Health",
    "Piece",
    "group_of",
    "read_tiers",
    "said_by",
    "set_of",
    "slot_of",
    "tags_of",
    "tiers_text",
]

Health = Literal["complete", "pending", "failed"]


class Piece(BaseModel):
    """One snapshot."""

    model_config = ConfigDict(frozen=True)

    id: str
    volume: str
    device: str = ""
    gib: int = 0
    state: Health = "complete"
    copy_of: str | None = None


class Backup(BaseModel):
    """One image, or all snapshots that one call took of an instance's volumes, or one snapshot of a lone volume.

    `pieces` are its snapshots; `expected` is how many there were at its birth. `why` says what is wrong with a failed
    one. `id` is the image's, the set's, or the lone snapshot's. `owed`: the commands for afterwards haven't been run.
    `machine` is what the instance was like, `database` what the database was, `cache` what the cache was.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    environment: str
    policy: str
    source: str
    part: str | None = None
    how: How
    slot: str
    taken: datetime
    state: Health
    pieces: tuple[Piece, ...] = ()
    expected: int = 1
    region: str = ""
    copy_of: str | None = None
    proven: datetime | None = None
    tiers: Tiers | None = None
    zone: str = "UTC"
    owed: bool = False
    machine: Machine = Machine()
    database: DatabaseMachine | None = None
    cache: CacheMachine | None = None
    why: str = ""

    @property
    def group(self) -> str:
        """`<environment>/<policy>`: what a policy has made."""
        return group_of(self.environment, self.policy)

    @property
    def series(self) -> str:
        """What it's one of many of: its part, which outlives the instance, or its source."""
        return self.part or self.source

    @property
    def label(self) -> str:
        """What somebody called it who asked for it by hand; empty for those of the schedule."""
        return self.slot.removeprefix(LABEL) if self.slot.startswith(LABEL) else ""

    @cached_property
    def moment(self) -> datetime:
        """The time that it stands for: when it was due, or when it was taken, where it has a label."""
        return _time(self.slot) or self.taken

    @property
    def gib(self) -> int:
        """Size of its volumes. What EBS stores, and bills, is at most that."""
        return sum(piece.gib for piece in self.pieces)

    @property
    def broken_into(self) -> bool:
        """Whether snapshots of its set are gone: they are made all or none, so somebody has begun to remove it."""
        return self.how == "snapshot" and len(self.pieces) < self.expected

    @property
    def ids(self) -> tuple[str, ...]:
        """Its own id, and those of its snapshots."""
        return tuple(dict.fromkeys((self.id, *(piece.id for piece in self.pieces))))

    @property
    def machine_tags(self) -> dict[str, str]:
        """What it takes to make its source again, as its tags have it."""
        return (self.database or self.cache or self.machine).tags

    @property
    def tags(self) -> dict[str, str]:
        """The tags that say all this, but for `castra:set`, `castra:device`, `castra:proven` and `castra:copy-of`."""
        return tags_of(
            self.environment, self.policy, self.source, self.part, self.slot, self.how, self.expected, self.tiers,
            self.zone,
        )  # fmt: skip


def said_by(tags: Mapping[str, str]) -> dict[str, Any]:
    """What a backup's tags say of it, as its fields."""
    environment, _, policy = tags[BACKUP].rpartition("/")
    tiers, zone = read_tiers(tags.get(TIERS, ""))
    return {
        "environment": environment,
        "policy": policy,
        "source": tags.get(SOURCE, ""),
        "part": tags.get(SOURCE_PART),
        "slot": tags.get(SLOT, ""),
        "how": "image" if tags.get(HOW) == "image" else "snapshot",
        "expected": int(tags.get(PIECES, "")) if tags.get(PIECES, "").isdecimal() else 1,
        "copy_of": tags.get(COPY_OF),
        "proven": _time(tags.get(PROVEN, "")),
        "tiers": tiers,
        "zone": zone,
        "machine": read_machine(tags),
        "owed": AFTER in tags,
    }


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
