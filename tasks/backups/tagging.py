"""The tags of a backup: what they are called, and what they say."""

import hashlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError

from blueprints.backups import How
from blueprints.tiers import Tiers

BACKUP = "castra:backup"  # <environment>/<policy>; the environment is the document's name
SOURCE = "castra:source"  # the id of what was backed up
SOURCE_PART = "castra:source-part"  # instance/db, where Castra made it
SLOT = "castra:slot"  # the due time that it stands for, or label:<text>
HOW = "castra:how"  # snapshot or image; an image's own snapshots carry `image` too
SET = "castra:set"  # what the snapshots of one call share
PIECES = "castra:pieces"  # how many they are, so that a set which has lost one is known
DEVICE = "castra:device"  # of the volume that a snapshot is of
TIERS = "castra:tiers"  # how long it was to be kept when it was taken, for when the policy is gone
PROVEN = "castra:proven"  # when a restore of it was last proven
AFTER = "castra:after"  # owed: the policy's commands for afterwards haven't been run yet

LABEL = "label:"


def group_of(environment: str, policy: str) -> str:
    """The value of `castra:backup`."""
    return f"{environment}/{policy}"


def set_of(group: str, source: str, slot: str, attempt: int = 1) -> str:
    """The name of a set of snapshots: the same for the same slot, so that a second run knows its own."""
    text = "|".join((group, source, slot, str(attempt)))
    return f"set-{hashlib.sha256(text.encode()).hexdigest()[:17]}"


def slot_of(due: datetime) -> str:
    """A due time as `castra:slot` has it."""
    return f"{due.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def tags_of(
    environment: str,
    policy: str,
    source: str,
    part: str | None,
    slot: str,
    how: How,
    pieces: int,
    tiers: Tiers | None,
    zone: str,
) -> dict[str, str]:
    """The tags of a backup and of each of its snapshots, for the call that makes them."""
    tags = {BACKUP: group_of(environment, policy), SOURCE: source, SLOT: slot, HOW: how, PIECES: str(pieces)}
    if part:
        tags[SOURCE_PART] = part
    if tiers:
        tags[TIERS] = tiers_text(tiers, zone)
    return tags


def tiers_text(tiers: Tiers, zone: str) -> str:
    """`hourly=0 daily=7 weekly=5 monthly=12 yearly=3 zone=Europe/Vienna`."""
    return " ".join([*(f"{tier}={number}" for tier, number in tiers), f"zone={zone}"])


def read_tiers(text: str) -> tuple[Tiers | None, str]:
    """Back from the text; None for what says no tiers, and UTC for what names no zone: anybody may write a tag."""
    said = dict(word.split("=", 1) for word in text.split() if "=" in word)
    zone = _zone(said.pop("zone", "UTC"))
    try:
        return Tiers.model_validate(said, strict=False), zone
    except ValidationError:
        return None, zone


def _zone(name: str) -> str:
    try:
        return ZoneInfo(name).key
    except (ValueError, OSError, ZoneInfoNotFoundError):
        return "UTC"
