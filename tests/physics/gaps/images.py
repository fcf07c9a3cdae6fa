"""Images and snapshots: their tags, their disks, and what belongs together."""

from typing import Any

from moto.ec2.models.amis import Ami, AmiBackend
from moto.ec2.models.elastic_block_store import Snapshot
from moto.ec2.utils import random_snapshot_id

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before, instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World

CREATE_IMAGE = AmiBackend.create_image
MAPPINGS: Any = Ami.block_device_mappings


def create_image(ec2: Any, instance_id: str, name: str, description: str, tag_specifications: list[Any]) -> Any:
    """Moto doesn't implement the snapshots' tags; they follow in `tagged`."""
    own = [each for each in tag_specifications if each["ResourceType"] == "image"]
    return CREATE_IMAGE(ec2, instance_id, name, description, own)


def mappings(image: Any) -> list[dict[str, Any]]:
    """One for each disk; moto tells a root of 15 GB whatever there is."""
    disks = image.__dict__.get("disks")
    return MAPPINGS.fget(image) if disks is None else [{"DeviceName": name, "Ebs": disks[name]} for name in disks]


AmiBackend.create_image = create_image
Ami.block_device_mappings = property(mappings)  # type: ignore[assignment]
Snapshot.kms_key_id = property(  # type: ignore[assignment]
    lambda snapshot: (
        snapshot.__dict__.get("key")
        or (snapshot.ec2_backend._create_default_encryption_key() if snapshot.encrypted else None)
    ),
    lambda snapshot, key: snapshot.__dict__.update(key=key),
)
"""Which key: moto tells it where somebody chose one only."""


def disk(snapshot: Any, row: dict[str, Any], kind: str = "gp2", ends: bool = True) -> dict[str, Any]:
    """A disk of an image, as it's told."""
    return {
        "SnapshotId": snapshot.id,
        "VolumeSize": int(row.get("VolumeSize") or snapshot.volume.size),
        "VolumeType": row.get("VolumeType", kind),
        "DeleteOnTermination": str(row.get("DeleteOnTermination", ends)).lower() == "true",
        "Encrypted": snapshot.encrypted,
    }


def snapshots_of(ec2: Any, image: Any) -> list[Any]:
    """The snapshots that an image stands on."""
    disks = image.__dict__.get("disks")
    if disks is None:
        return [image.ebs_snapshot]
    return [ec2.snapshots[one["SnapshotId"]] for one in disks.values() if one.get("SnapshotId") in ec2.snapshots]


def stand_on(ec2: Any, image: Any, disks: dict[str, Any]) -> None:
    """Let an image stand on these in place of the snapshot that moto invents."""
    ec2.snapshots.pop(image.ebs_snapshot.id, None)
    image.disks = disks
    root = disks.get(image.root_device_name) or next(iter(disks.values()))
    image.ebs_snapshot = ec2.snapshots[root["SnapshotId"]]


def tags_of(request: Request, kind: str) -> dict[str, str]:
    """The tags that a request gives to a type of resource."""
    rows = [row for row in request.rows("TagSpecification") if row.get("ResourceType") == kind]
    return {tag["Key"]: tag.get("Value", "") for row in rows for tag in row.get("Tag", [])}


@after("ec2:CreateImage")
def imaged(request: Request, answer: Answer, world: World) -> None:
    """A snapshot of each of the instance's volumes, but of those that are left out."""
    ec2 = world.backend(request)
    image, instance = next(reversed(ec2.amis.values())), ec2.get_instance(request.text("InstanceId"))
    left_out = {row.get("DeviceName") for row in request.rows("BlockDeviceMapping") if "NoDevice" in row}
    image.root_device_name, disks = instance.root_device_name, {}
    for device, block in instance.get_block_device_mapping:
        if device not in left_out:
            said = f"Created by CreateImage({instance.id}) for {image.id}"
            snapshot = ec2.create_snapshot(block.volume_id, said, from_ami=image.id)
            disks[device] = disk(snapshot, {}, snapshot.volume.volume_type, block.delete_on_termination)
    if disks:
        stand_on(ec2, image, disks)
    tagged(request, image, world)


@after("ec2:CopyImage")
def copied(request: Request, answer: Answer, world: World) -> None:
    """A copy of each snapshot, encrypted where the source is or where it's asked for; and what kind of image it is."""
    ec2, there = world.backend(request), world.backend(request.at(request.text("SourceRegion")))
    image, source = next(reversed(ec2.amis.values())), there.amis[request.text("SourceImageId")]
    disks = {}
    for mapping in source.block_device_mappings:
        old = there.snapshots[mapping["Ebs"]["SnapshotId"]]
        secret = old.encrypted or request.flag("Encrypted")
        said = (
            f"Copied for DestinationAmi {image.id} from SourceAmi {source.id} for SourceSnapshot {old.id}. Task created"
        )
        copy = Snapshot(ec2, random_snapshot_id(), old.volume, said, secret, from_ami=image.id)
        copy.key, copy.copied = request.text("KmsKeyId") or None, True
        ec2.snapshots[copy.id] = copy
        disks[mapping["DeviceName"]] = {**mapping["Ebs"], "SnapshotId": copy.id, "Encrypted": secret}
    for field in ("root_device_name", "boot_mode", "ena_support", "imds_support"):
        setattr(image, field, getattr(source, field, None))
    stand_on(ec2, image, disks)
    image.copied = True
    if request.flag("CopyImageTags"):
        image.add_tags({tag["key"]: tag["value"] for tag in source.get_tags() if not tag["key"].startswith("aws:")})
    tagged(request, image, world)


@after("ec2:RegisterImage")
def built_on(request: Request, answer: Answer, world: World) -> None:
    """A registered image stands on the snapshots it names, and is what it's said to be; moto invents all of it."""
    ec2 = world.backend(request)
    image = next(reversed(ec2.amis.values()))
    image.architecture = request.text("Architecture") or image.architecture
    image.root_device_name = request.text("RootDeviceName") or image.root_device_name
    image.boot_mode = request.text("BootMode") or None
    image.ena_support, image.imds_support = request.flag("EnaSupport"), request.text("ImdsSupport") or None
    image.root_device_type, image.virtualization_type = "ebs", request.text("VirtualizationType") or "paravirtual"
    rows = {
        row["DeviceName"]: row["Ebs"]
        for row in request.rows("BlockDeviceMapping")
        if "SnapshotId" in row.get("Ebs", {})
    }
    if rows:
        stand_on(ec2, image, {name: disk(ec2.snapshots[row["SnapshotId"]], row) for name, row in rows.items()})
    tagged(request, image, world)


@before("ec2:RegisterImage")
def snapshots_there(request: Request, world: World) -> None:
    """Of snapshots that are there, and complete."""
    known = world.backend(request).snapshots
    for row in request.rows("BlockDeviceMapping"):
        if (named := row.get("Ebs", {}).get("SnapshotId")) and named not in known:
            raise Refused("InvalidSnapshot.NotFound", f"The snapshot '{named}' does not exist.")
        if named and known[named].status != "completed":
            raise Refused("IncorrectState", f"Snapshot '{named}' is not 'completed'.")


def tagged(request: Request, image: Any, world: World) -> None:
    """Images and their snapshots carry the tags they're given; those of a registered one are nobody's to tag."""
    image.add_tags(tags_of(request, "image"))
    if request.operation != "RegisterImage":
        for snapshot in snapshots_of(world.backend(request), image):
            snapshot.add_tags(tags_of(request, "snapshot"))


@after("ec2:CreateSnapshots")
def volume_tags_copied(request: Request, answer: Answer, world: World) -> None:
    if request.text("CopyTagsFromSource") != "volume":
        return
    for snapshot in world.backend(request).snapshots.values():
        if snapshot.id.encode() in answer.body:
            snapshot.add_tags({tag["key"]: tag["value"] for tag in snapshot.volume.get_tags()})


@before("ec2:DeleteSnapshot")
def image_stands_on(request: Request, world: World) -> None:
    """A snapshot goes after the images that stand on it."""
    ec2, wanted = world.backend(request), request.text("SnapshotId")
    for image in ec2.amis.values():
        if "disks" in image.__dict__ and wanted in {one.id for one in snapshots_of(ec2, image)}:
            raise Refused("InvalidSnapshot.InUse", f"The snapshot {wanted} is currently in use by {image.id}")


@instead("ec2:EnableImageDeprecation", "ec2:DisableImageDeprecation")
def deprecated(request: Request, world: World) -> Answer:
    image = world.backend(request).amis.get(request.text("ImageId"))
    if image is None:
        raise Refused("InvalidAMIID.NotFound", f"The image id '[{request.text('ImageId')}]' does not exist")
    image.deprecation_time = request.text("DeprecateAt") or None
    return ok(request, {"return": True})
