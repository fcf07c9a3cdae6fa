"""Rows of the kinds in tasks/compute that images are made of."""

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from blueprints.images import CopiedSnapshot, RegisteredImage
from tasks.scope import COPY_OF, Scope, as_list
from tests.tasks.rows.row import Row

SOURCES = ("snap-0aaaaaaaaaaaaaaaa", "snap-0bbbbbbbbbbbbbbbb")
FAR = "eu-central-1"
KEY_ID = "0a1b2c3d-0000-4000-8000-000000000000"
KEY = f"arn:aws:kms:eu-west-1:123456789012:key/{KEY_ID}"
COPY = CopiedSnapshot(name="golden", source=SOURCES[0], source_region=FAR)
IMAGE = RegisteredImage(name="golden", snapshot="snapshot/golden")


def sources() -> None:
    """Snapshots that somebody else took, in two regions, and a key."""
    kms = get_backend("kms")[DEFAULT_ACCOUNT_ID]["eu-west-1"]
    if KEY_ID not in kms.keys:
        key = kms.create_key("", "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "by hand", None)
        kms.keys[KEY_ID] = kms.keys.pop(key.id)
        key.id = KEY_ID
    for region in ("eu-west-1", FAR):
        ec2 = get_backend("ec2")[DEFAULT_ACCOUNT_ID][region]
        for id in SOURCES:
            if id not in ec2.snapshots:
                snapshot = ec2.create_snapshot(ec2.create_volume(8, f"{region}a").id, "by hand")
                ec2.snapshots[id] = ec2.snapshots.pop(snapshot.id)
                snapshot.id = id


def take_name_off(scope: Scope, id: str) -> None:
    scope.ec2.delete_tags(Resources=[id], Tags=[{"Key": "Name"}])


def second_copy(scope: Scope, key: str) -> None:
    tags = as_list(scope.birth_tags(key, None) | {COPY_OF: "by hand"})
    scope.ec2.copy_snapshot(
        SourceSnapshotId=SOURCES[0],
        SourceRegion=FAR,
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}],
    )


def second_image(scope: Scope, key: str) -> None:
    scope.ec2.register_image(
        Name=f"twin-{scope.environment}",
        RootDeviceName="/dev/xvda",
        BlockDeviceMappings=[{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": SOURCES[0]}}],
        TagSpecifications=[{"ResourceType": "image", "Tags": as_list(scope.birth_tags(key, None))}],
    )


ROWS = (
    Row(
        part=COPY,
        moved=COPY.model_copy(update={"source": SOURCES[1], "kms_key": KEY}),
        by_hand=take_name_off,
        vanish=lambda scope, id: scope.ec2.delete_snapshot(SnapshotId=id),
        twin=second_copy,
        ground=sources,
    ),
    Row(
        part=IMAGE,
        needs=(COPY,),
        moved=IMAGE.model_copy(
            update={
                "snapshot": SOURCES[1],
                "architecture": "arm64",
                "boot_mode": "uefi",
                "ena": False,
                "root_device": "/dev/sda1",
            }
        ),
        by_hand=take_name_off,
        vanish=lambda scope, id: scope.ec2.deregister_image(ImageId=id),
        twin=second_image,
        ground=sources,
    ),
)
