"""Copies of snapshots and images: what they are encrypted under, and whose volume they tell."""

from typing import Any

from moto.ec2.models.elastic_block_store import Snapshot

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World

NOBODYS_VOLUME = "vol-ffffffff"
"""What AWS tells of a copy: the volume that it was once taken of is another region's."""

VOLUME_ID = Snapshot.volume_id


def volume_id(snapshot: Any) -> str:
    return NOBODYS_VOLUME if getattr(snapshot, "copied", False) else snapshot.volume.id


def filter_value(snapshot: Any, name: str, method: str | None = None) -> Any:
    return volume_id(snapshot) if name == "volume-id" else FILTER_VALUE(snapshot, name, method)


FILTER_VALUE = Snapshot.get_filter_value
Snapshot.volume_id = property(volume_id)  # type: ignore[method-assign,assignment]
Snapshot.get_filter_value = filter_value  # type: ignore[method-assign]


@after("ec2:CopySnapshot")
def snapshot_encrypted(request: Request, answer: Answer, world: World) -> None:
    """A copy knows that it's one; `Encrypted` counts, and a key stays only within its region."""
    copy = next(reversed(world.backend(request).snapshots.values()))
    copy.copied = True
    encrypt(copy, request)


def encrypt(snapshot: Any, request: Request) -> None:
    snapshot.encrypted = snapshot.encrypted or request.flag("Encrypted")
    snapshot.kms_key_id = request.text("KmsKeyId") or None
