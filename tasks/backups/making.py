"""The calls that make backups: each made at most once for a slot, whatever becomes of its answer."""

import hashlib
import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from tasks.backups.policy import Taking
from tasks.backups.record import AFTER, DEVICE, LABEL, SET, Backup, Piece, backups_in, group_of, set_of, tags_of
from tasks.errors import CastraError, code_of
from tasks.retry import made_nothing, when_released, worth_another_try
from tasks.scope import CREATED, Scope, as_list
from tasks.waiting import wait_until

MOST_OWN_TAGS = 33  # of the user's own; AWS allows 50, and Castra's may become 17
SEEN_WITHIN = 8.0  # seconds until a listing tells of what was made just now
NAME_LENGTH = 128


@dataclass(frozen=True)
class Made:
    """What a call has made, or what was found of it."""

    id: str
    pieces: tuple[Piece, ...] = ()


def made_once(scope: Scope, taking: Taking) -> Made:
    """Make it; where an answer was lost, what was made is looked for before a second try."""
    call = _CALLS["image" if taking.how == "image" else "set" if taking.source.is_instance else "lone"]
    failures: list[BaseException] = []

    def attempt() -> Made:
        if failures and not made_nothing(failures[-1]) and (found := _found(scope, taking)):
            return found
        scope.go_ahead.check()
        try:
            return when_released(f"{taking.source.name}'s other snapshots", call, scope, taking)
        except (ClientError, BotoCoreError) as error:
            failures.append(error)
            raise

    again = Retrying(
        retry=retry_if_exception(worth_another_try),
        stop=stop_after_attempt(6),
        wait=wait_exponential_jitter(multiplier=0.5, max=8),
        reraise=True,
    )
    try:
        return again(attempt)
    except ClientError as error:
        if code_of(error) == "InvalidAMIName.Duplicate" and (found := _found(scope, taking)):
            return found
        raise


def _found(scope: Scope, taking: Taking) -> Made | None:
    """What stands for this slot; EC2's listings lag behind by some seconds."""
    seen: list[Backup] = []

    def looked() -> bool:
        listed = backups_in(scope, scope.environment, taking.name, slots=[taking.slot], sources=[taking.source.id])
        seen[:] = [backup for backup in listed if backup.state != "failed"]
        return bool(seen)

    with suppress(CastraError):
        wait_until(scope, looked, taking.deed.what, SEEN_WITHIN)
    return Made(seen[0].id, seen[0].pieces) if seen else None


def _set(scope: Scope, taking: Taking) -> Made:
    """CreateSnapshots gives one set of tags to all: which device each is of is noted afterwards."""
    name = set_of(group_of(str(scope.environment), taking.name), taking.source.id, taking.slot, taking.attempt)
    answer = scope.ec2_once.create_snapshots(
        InstanceSpecification={"InstanceId": taking.source.id},
        Description=_description(taking),
        TagSpecifications=_tagged(scope, taking, {SET: name}, "snapshot"),
    )
    return Made(name, tuple(_piece(one) for one in answer["Snapshots"]))


def _lone(scope: Scope, taking: Taking) -> Made:
    device = taking.source.volumes[0].device
    answer = scope.ec2_once.create_snapshot(
        VolumeId=taking.source.id,
        Description=_description(taking),
        TagSpecifications=_tagged(scope, taking, {DEVICE: device} if device else {}, "snapshot"),
    )
    return Made(answer["SnapshotId"], (_piece(answer),))


def _image(scope: Scope, taking: Taking) -> Made:
    """An image's name is unique in the account and region, so that a second one of the slot is refused."""
    answer = scope.ec2_once.create_image(
        InstanceId=taking.source.id,
        Name=image_name(str(scope.environment), taking),
        Description=_description(taking),
        NoReboot=not taking.policy.reboot,
        TagSpecifications=_tagged(scope, taking, {}, "image", "snapshot"),
    )
    return Made(answer["ImageId"])


_CALLS: dict[str, Callable[[Scope, Taking], Made]] = {"set": _set, "lone": _lone, "image": _image}


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
    own = dict(list(scope.tags.items())[:MOST_OWN_TAGS])
    identity = tags_of(
        str(scope.environment),
        taking.name,
        taking.source.id,
        taking.source.part,
        taking.slot,
        taking.how,
        len(taking.source.volumes),
        taking.policy.keep,
        taking.policy.when.zone,
    )
    name = {"Name": f"{scope.environment}-{taking.name} {taking.source.name}"[:256]}
    identity |= taking.source.machine.tags
    tags = name | own | identity | more | {CREATED: f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"}
    owed = {AFTER: "owed"} if owes(taking) else {}
    noted = {kind: tags | (owed if kind == types[0] else {}) for kind in types}  # an image tells it for its snapshots
    return [{"ResourceType": kind, "Tags": as_list(told)} for kind, told in noted.items()]


def owes(taking: Taking) -> bool:
    """Whether a run that is killed after the call would leave commands unrun."""
    return bool(taking.policy.after) and taking.source.instance is not None
