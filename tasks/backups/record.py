"""What a backup is, the tags that say so, and the listing of all there are: AWS is the only record of them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from blueprints.backups import How, Tiers
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
from tasks.scope import COPY_OF, Scope, as_dict

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
    "assembled",
    "backups_in",
    "group_of",
    "read_tiers",
    "set_of",
    "slot_of",
    "tags_of",
    "tiers_text",
]

PAGE = {"PageSize": 1000}
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
    `machine` is what the instance was like.
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
    def tags(self) -> dict[str, str]:
        """The tags that say all this, but for `castra:set`, `castra:device`, `castra:proven` and `castra:copy-of`."""
        return tags_of(
            self.environment, self.policy, self.source, self.part, self.slot, self.how, self.expected, self.tiers,
            self.zone,
        )  # fmt: skip


# ---------------------------------------------------------------------- reading


def backups_in(
    scope: Scope,
    environment: str | None = None,
    policy: str | None = None,
    *,
    region: str = "",
    slots: Collection[str] = (),
    sources: Collection[str] = (),
) -> list[Backup]:
    """All backups of the account in a region, the oldest first: two listings, however many there are.

    Of an `environment`, of one `policy` of it, of some `slots` and of some `sources`, where these are given.
    """
    filters = [{"Name": "tag-key", "Values": [BACKUP]}]
    if environment is not None:
        filters = [{"Name": f"tag:{BACKUP}", "Values": [group_of(environment, policy or "*")]}]
    filters += [{"Name": f"tag:{tag}", "Values": sorted(of)} for tag, of in ((SLOT, slots), (SOURCE, sources)) if of]
    asked: dict[str, Any] = {"Filters": filters, "region": region, "PaginationConfig": PAGE}
    images = list(scope.pages("ec2", "describe_images", "Images", Owners=["self"], **asked))
    snapshots = list(scope.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], **asked))
    found = assembled(images, snapshots, region or scope.region)
    return [one for one in found if not slots or one.slot in slots]  # to AWS, a `*` in a label means any


def assembled(images: Iterable[Any], snapshots: Iterable[Any], region: str) -> list[Backup]:
    """Backups from images and snapshots as AWS tells them. Pure."""
    by_id = {snapshot["SnapshotId"]: snapshot for snapshot in snapshots}
    backups = [backup for image in images if (backup := _image(image, by_id, region))]
    in_images = {piece.id for backup in backups for piece in backup.pieces}
    making = {(backup.group, backup.source, backup.slot) for backup in backups if backup.state == "pending"}
    sets: dict[str, list[Any]] = {}
    for id, snapshot in by_id.items():
        tags = as_dict(snapshot.get("Tags"))
        mine = (tags.get(BACKUP, ""), tags.get(SOURCE, ""), tags.get(SLOT, ""))
        if id in in_images or BACKUP not in tags or (tags.get(HOW) == "image" and mine in making):
            continue  # an image that is being made doesn't tell its snapshots yet
        alone = tags.get(SET) or ("|".join(mine) if tags.get(HOW) == "image" else id)
        sets.setdefault(alone, []).append(snapshot)
    backups += [_set(name, several, region) for name, several in sets.items()]
    return sorted(backups, key=lambda backup: (backup.moment, backup.taken, backup.id))


def _image(image: Any, snapshots: Mapping[str, Any], region: str) -> Backup | None:
    tags = as_dict(image.get("Tags"))
    if BACKUP not in tags:
        return None
    state = _IMAGES.get(image["State"], "failed")
    pieces = tuple(_pieces_of(image, snapshots, state))
    reason = image.get("StateReason", {}).get("Message") or f"its state is {image['State']}"
    return Backup(
        id=image["ImageId"],
        taken=datetime.fromisoformat(image["CreationDate"]),
        state=state,
        pieces=pieces,
        region=region,
        why=reason if state == "failed" else "",
        **_from_tags(tags),
    )


_IMAGES: dict[str, Health] = {"available": "complete", "disabled": "complete", "pending": "pending"}
_SNAPSHOTS: dict[str, Health] = {"completed": "complete", "pending": "pending", "recovering": "pending"}


def _pieces_of(image: Any, snapshots: Mapping[str, Any], state: Health) -> Iterator[Piece]:
    for device in image.get("BlockDeviceMappings", []):
        ebs = device.get("Ebs", {})
        if id := ebs.get("SnapshotId"):
            known = snapshots.get(id, {})
            gib = ebs.get("VolumeSize") or known.get("VolumeSize", 0)
            yield Piece(
                id=id, volume=known.get("VolumeId", ""), device=device.get("DeviceName", ""), gib=gib, state=state
            )


def _set(name: str, snapshots: list[Any], region: str) -> Backup:
    pieces = tuple(sorted((_piece(one) for one in snapshots), key=lambda piece: (piece.device, piece.id)))
    said = _from_tags(as_dict(snapshots[0].get("Tags")))
    lone = SET not in as_dict(snapshots[0].get("Tags"))
    state, why = _health(pieces, said["expected"], said["how"] == "image", snapshots)
    taken = min(snapshot["StartTime"] for snapshot in snapshots)
    return Backup(
        id=pieces[0].id if lone else name, taken=taken, state=state, pieces=pieces, region=region, why=why, **said
    )


def _health(pieces: tuple[Piece, ...], expected: int, of_image: bool, snapshots: list[Any]) -> tuple[Health, str]:
    if of_image:
        return "failed", "its image is gone"
    if len(pieces) < expected:
        return "failed", f"{expected - len(pieces)} of its {expected} snapshots are gone"
    if broken := [one for one in snapshots if one["State"] not in _SNAPSHOTS]:
        told = broken[0].get("StateMessage") or f"its state is {broken[0]['State']}"
        return "failed", f"{broken[0]['SnapshotId']}: {told}"
    return ("pending", "") if any(piece.state == "pending" for piece in pieces) else ("complete", "")


def _piece(snapshot: Any) -> Piece:
    tags = as_dict(snapshot.get("Tags"))
    return Piece(
        id=snapshot["SnapshotId"],
        volume=snapshot.get("VolumeId", ""),
        device=tags.get(DEVICE, ""),
        gib=snapshot.get("VolumeSize", 0),
        state=_SNAPSHOTS.get(snapshot["State"], "failed"),
        copy_of=tags.get(COPY_OF),
    )


def _from_tags(tags: Mapping[str, str]) -> dict[str, Any]:
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
