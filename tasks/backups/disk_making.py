"""The calls that make a backup in EC2: an image, snapshots of all volumes at one instant, or one snapshot."""

import hashlib
import re
from typing import Any

from tasks.backups.birth import birth_tags, owes
from tasks.backups.policy import Taking
from tasks.backups.record import AFTER, DEVICE, LABEL, SET, Piece, group_of, set_of
from tasks.backups.store import Made
from tasks.scope import Scope, as_list

NAME_LENGTH = 128


def make_set(scope: Scope, taking: Taking) -> Made:
    """CreateSnapshots gives one set of tags to all: which device each is of is noted afterwards."""
    name = set_of(group_of(str(scope.environment), taking.name), taking.source.id, taking.slot, taking.attempt)
    answer = scope.ec2_once.create_snapshots(
        InstanceSpecification={"InstanceId": taking.source.id},
        Description=_description(taking),
        TagSpecifications=_tagged(scope, taking, {SET: name}, "snapshot"),
    )
    return Made(name, tuple(_piece(one) for one in answer["Snapshots"]))


def make_lone(scope: Scope, taking: Taking) -> Made:
    """CreateSnapshot has no ClientToken: sent once."""
    device = taking.source.volumes[0].device
    answer = scope.ec2_once.create_snapshot(
        VolumeId=taking.source.id,
        Description=_description(taking),
        TagSpecifications=_tagged(scope, taking, {DEVICE: device} if device else {}, "snapshot"),
    )
    return Made(answer["SnapshotId"], (_piece(answer),))


def make_image(scope: Scope, taking: Taking) -> Made:
    """An image's name is unique in the account and region, so that a second one of the slot is refused."""
    answer = scope.ec2_once.create_image(
        InstanceId=taking.source.id,
        Name=image_name(str(scope.environment), taking),
        Description=_description(taking),
        NoReboot=not taking.policy.reboot,
        TagSpecifications=_tagged(scope, taking, {}, "image", "snapshot"),
    )
    return Made(answer["ImageId"])


def _piece(snapshot: Any) -> Piece:
    return Piece(id=snapshot["SnapshotId"], volume=snapshot["VolumeId"], gib=snapshot["VolumeSize"], state="pending")


def _description(taking: Taking) -> str:
    """AWS takes 255 characters of ASCII."""
    told = f"{taking.name} of {taking.source.name}, {taking.slot}"
    return told.encode("ascii", "replace").decode()[:255]


def image_name(environment: str, taking: Taking) -> str:
    """Derived from group, source and slot, so that it's the same for the same slot. At most 128 characters."""
    attempt = f"-{taking.attempt}" if taking.attempt > 1 else ""
    full = f"{environment}/{taking.name}/{taking.source.id}/{taking.slot}{attempt}"
    name = re.sub(r"[^A-Za-z0-9()./_'@-]", "-", full)
    if name == full.replace(":", "-") and len(name) <= NAME_LENGTH and not taking.slot.startswith(LABEL):
        return name
    return f"{name[: NAME_LENGTH - 9]}-{hashlib.sha256(full.encode()).hexdigest()[:8]}"


def _tagged(scope: Scope, taking: Taking, more: dict[str, str], *types: str) -> list[dict[str, Any]]:
    """All tags, for the call itself: a run may be killed right after it."""
    tags = birth_tags(scope, taking) | more
    owed = {AFTER: "owed"} if owes(taking) else {}
    noted = {kind: tags | (owed if kind == types[0] else {}) for kind in types}  # an image tells it for its snapshots
    return [{"ResourceType": kind, "Tags": as_list(told)} for kind, told in noted.items()]
