"""Images and snapshots: their tags, and what belongs together."""

from typing import Any

from moto.ec2.models.amis import AmiBackend
from moto.ec2.utils import convert_tag_spec

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before, instead
from tests.physics.protocol import Request
from tests.physics.rewrite import ok
from tests.physics.world import World

CREATE_IMAGE = AmiBackend.create_image


def create_image(ec2: Any, instance_id: str, name: str, description: str, tag_specifications: list[Any]) -> Any:
    """With the snapshot's tags too, which moto doesn't implement."""
    own = [each for each in tag_specifications if each["ResourceType"] == "image"]
    image = CREATE_IMAGE(ec2, instance_id, name, description, own)
    image.ebs_snapshot.add_tags(convert_tag_spec(tag_specifications).get("snapshot", {}))
    return image


AmiBackend.create_image = create_image


def tags_of(request: Request, kind: str) -> dict[str, str]:
    """The tags that a request gives to a type of resource."""
    rows = [row for row in request.rows("TagSpecification") if row.get("ResourceType") == kind]
    return {tag["Key"]: tag.get("Value", "") for row in rows for tag in row.get("Tag", [])}


@after("ec2:CopyImage", "ec2:RegisterImage")
def tagged(request: Request, answer: Answer, world: World) -> None:
    """Copies and registered images carry the tags they're given; a copy its source's too, if told so."""
    ec2 = world.backend(request)
    image = next(reversed(ec2.amis.values()))
    if request.flag("CopyImageTags"):
        source = world.backend(request.at(request.text("SourceRegion"))).amis[request.text("SourceImageId")]
        image.add_tags({tag["key"]: tag["value"] for tag in source.get_tags() if not tag["key"].startswith("aws:")})
    image.add_tags(tags_of(request, "image"))
    image.ebs_snapshot.add_tags(tags_of(request, "snapshot"))


@after("ec2:RegisterImage")
def built_on(request: Request, answer: Answer, world: World) -> None:
    """A registered image stands on the snapshot it names; moto invents one."""
    ec2 = world.backend(request)
    image = next(reversed(ec2.amis.values()))
    named = [
        row["Ebs"]["SnapshotId"] for row in request.rows("BlockDeviceMapping") if "SnapshotId" in row.get("Ebs", {})
    ]
    if named and named[0] in ec2.snapshots:
        ec2.snapshots.pop(image.ebs_snapshot.id)
        image.ebs_snapshot = ec2.snapshots[named[0]]
        image.ebs_snapshot.from_ami = image.id
    image.architecture = request.text("Architecture") or image.architecture
    image.root_device_name = request.text("RootDeviceName") or image.root_device_name


@after("ec2:CreateSnapshots")
def volume_tags_copied(request: Request, answer: Answer, world: World) -> None:
    if request.text("CopyTagsFromSource") != "volume":
        return
    for snapshot in world.backend(request).snapshots.values():
        if snapshot.id.encode() in answer.body:
            snapshot.add_tags({tag["key"]: tag["value"] for tag in snapshot.volume.get_tags()})


@before("ec2:DeregisterImage")
def snapshots_too(request: Request, world: World) -> None:
    """`DeleteAssociatedSnapshots` does so; moto says yes and leaves them."""
    ec2 = world.backend(request)
    image = ec2.amis.get(request.text("ImageId"))
    if image and request.flag("DeleteAssociatedSnapshots"):
        ec2.snapshots.pop(image.ebs_snapshot.id, None)


@instead("ec2:EnableImageDeprecation", "ec2:DisableImageDeprecation")
def deprecated(request: Request, world: World) -> Answer:
    image = world.backend(request).amis.get(request.text("ImageId"))
    if image is None:
        raise Refused("InvalidAMIID.NotFound", f"The image id '[{request.text('ImageId')}]' does not exist")
    image.deprecation_time = request.text("DeprecateAt") or None
    return ok(request, {"return": True})
