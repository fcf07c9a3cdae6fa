"""Backups in EC2: images and snapshots, as it lists them."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

from tasks.backups.record import (
    BACKUP,
    COPY_OF,
    DEVICE,
    HOW,
    SET,
    SLOT,
    SOURCE,
    Backup,
    Health,
    Piece,
    group_of,
    said_by,
)
from tasks.backups.store import Asked
from tasks.scope import Scope, as_dict

PAGE = {"PageSize": 1000}


def listed(scope: Scope, asked: Asked, region: str) -> list[Backup]:
    """Two listings, however many there are."""
    filters = [{"Name": "tag-key", "Values": [BACKUP]}]
    if asked.environment is not None:
        filters = [{"Name": f"tag:{BACKUP}", "Values": [group_of(asked.environment, asked.policy or "*")]}]
    tags = ((SLOT, asked.slots), (SOURCE, asked.sources))
    filters += [{"Name": f"tag:{tag}", "Values": sorted(of)} for tag, of in tags if of]
    wanted: dict[str, Any] = {"Filters": filters, "region": region, "PaginationConfig": PAGE}
    images = list(scope.pages("ec2", "describe_images", "Images", Owners=["self"], **wanted))
    snapshots = list(scope.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], **wanted))
    found = assembled(images, snapshots, region or scope.region)
    return [one for one in found if not asked.slots or one.slot in asked.slots]  # to AWS, a `*` means any


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
        **said_by(tags),
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
    said = said_by(as_dict(snapshots[0].get("Tags")))
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
