"""Copies of snapshots and images: how many at once, of what, and what can't be shared with another account."""

from typing import Any

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World

SNAPSHOTS_AT_ONCE = 20  # by destination region: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html
IMAGES_AT_ONCE = 50


@before("ec2:CopySnapshot")
def snapshot_copied(request: Request, world: World) -> None:
    source = world.backend(request.at(request.text("SourceRegion"))).snapshots.get(request.text("SourceSnapshotId"))
    if source is None:
        raise Refused("InvalidSnapshot.NotFound", f"The snapshot '{request.text('SourceSnapshotId')}' does not exist.")
    if source.status != "completed":
        raise Refused("IncorrectState", f"Snapshot is in invalid state - {source.status}")
    known_key(request, world)
    under_way = [each for each in world.backend(request).snapshots.values() if copying(each, "status")]
    if len(under_way) >= SNAPSHOTS_AT_ONCE:
        why = f"Too many snapshot copies in progress. The limit is {SNAPSHOTS_AT_ONCE} for this destination region."
        raise Refused("ResourceLimitExceeded", why)


@before("ec2:CopyImage")
def image_copied(request: Request, world: World) -> None:
    source = world.backend(request.at(request.text("SourceRegion"))).amis.get(request.text("SourceImageId"))
    if source is None:
        raise Refused("InvalidAMIID.NotFound", f"The image id '[{request.text('SourceImageId')}]' does not exist")
    if source.state != "available":
        raise Refused("InvalidRequest", f"The image {source.id} is not in an available state")
    known_key(request, world)
    under_way = [each for each in world.backend(request).amis.values() if copying(each, "state")]
    if len(under_way) >= IMAGES_AT_ONCE:
        raise Refused("ResourceLimitExceeded", "Too many AMI copies in progress to this destination region.")


@before("ec2:ModifySnapshotAttribute")
def snapshot_shared(request: Request, world: World) -> None:
    snapshot = world.backend(request).snapshots.get(request.text("SnapshotId"))
    if snapshot and under_the_default_key(snapshot, request, world):
        raise Refused("OperationNotPermitted", "Encrypted snapshots with EBS default key cannot be shared")


@before("ec2:ModifyImageAttribute")
def image_shared(request: Request, world: World) -> None:
    image = world.backend(request).amis.get(request.text("ImageId"))
    if image and under_the_default_key(image.ebs_snapshot, request, world):
        why = "Snapshots encrypted with the AWS Managed CMK can't be shared. Specify another snapshot."
        raise Refused("InvalidParameter", why)


def copying(thing: Any, state: str) -> bool:
    return getattr(thing, state) == "pending" and getattr(thing, "copied", False)


def known_key(request: Request, world: World) -> None:
    """A key that the destination's KMS doesn't know can't encrypt there."""
    key = request.text("KmsKeyId")
    if not key:
        return
    kms = world.backend(request, "kms")
    if not (kms.alias_exists(key) if key.startswith("alias/") else kms.any_id_to_key_id(key) in kms.keys):
        raise Refused("InvalidParameterValue", f"Value ({key}) for parameter KmsKeyId is invalid.")


def under_the_default_key(snapshot: Any, request: Request, world: World) -> bool:
    """Encrypted, and under no key of one's own."""
    if not snapshot.encrypted:
        return False
    key = str(snapshot.kms_key_id or "")
    return key in ("", "alias/aws/ebs") or key == world.backend(request).default_kms_key_id
