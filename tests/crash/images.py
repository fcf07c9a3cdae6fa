"""What building and retiring images is killed on: recipes, and images in every stage of their retirement."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tasks.images.owned import DEPRECATED, DISABLED
from tests.crash.stage import Stage

BASE, FAR, OTHER = "ami-12c6146b", "eu-central-1", "210987654321"
LAUNCH = {"InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
REACHED = ("running", "templated", "restored", "newest")
RECIPE = {"base": {"id": BASE}, "commands": ["install things"], "test": ["try them"]}


def build(stage: Stage, folder: Path) -> tuple[str, ...]:
    """A recipe, whose image is copied and shared."""
    return _document(folder, {"bake": RECIPE, "copies": [FAR], "share": [OTHER]})


def build_encrypted(stage: Stage, folder: Path) -> tuple[str, ...]:
    """One that is made first, and then is an encrypted copy of that."""
    return _document(folder, {"bake": RECIPE, "encrypt": True})


def built(stage: Stage) -> Iterator[str]:
    """One image in each region, shared there, and no machine."""
    for region in ("eu-west-1", FAR):
        ec2 = stage.client("ec2", region)
        images = ec2.describe_images(Owners=["self"])["Images"]
        if [image["Name"] for image in images] != ["app-1"]:
            yield f"in {region} stand {[image['Name'] for image in images]}"
        for image in images:
            asked = {"ImageId": image["ImageId"], "Attribute": "launchPermission"}
            if ec2.describe_image_attribute(**asked)["LaunchPermissions"] != [{"UserId": OTHER}]:
                yield f"{image['Name']} isn't shared in {region}"
    yield from _left(stage)


def encrypted(stage: Stage) -> Iterator[str]:
    """One image, encrypted, and nothing of what it's a copy of."""
    ec2 = stage.client("ec2")
    snapshots = ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    if [one["Encrypted"] for one in snapshots] != [True]:
        yield f"{len(snapshots)} snapshots stand, encrypted: {[one['Encrypted'] for one in snapshots]}"
    yield from _left(stage)


def _left(stage: Stage) -> Iterator[str]:
    ec2 = stage.client("ec2")
    standing = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
    for reservation in ec2.describe_instances(Filters=standing)["Reservations"]:
        yield from (f"{instance['InstanceId']} is left" for instance in reservation["Instances"])
    yield from (f"{volume['VolumeId']} is left" for volume in ec2.describe_volumes()["Volumes"])


def _document(folder: Path, entry: dict[str, Any]) -> tuple[str, ...]:
    file = folder / "images.yaml"
    file.write_text(yaml.safe_dump({"name": "crash", "region": "eu-west-1", "images": {"app": entry}}))
    return "build-image", str(file), "app", "--yes"


# ---------------------------------------------------------------------- retired


def retire(stage: Stage, folder: Path) -> tuple[str, ...]:
    """One image for each step that can be due, some that are reached, and a snapshot whose image is gone."""
    ec2, long_ago = stage.client("ec2"), f"{datetime.now(UTC) - timedelta(days=40):%Y-%m-%dT%H:%M:%SZ}"
    machine = str(ec2.run_instances(ImageId=BASE, **LAUNCH)["Instances"][0]["InstanceId"])
    gone, fresh, aging, old = (_image(stage, machine, name) for name in ("gone", "fresh", "aging", "old"))
    running, templated, restored = (_image(stage, machine, name) for name in REACHED[:3])
    _image(stage, machine, "newest", days=50)
    ec2.run_instances(ImageId=running, **LAUNCH)
    for name, image in (("web", templated), ("db", restored)):
        ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData={"ImageId": image})
    for image in (aging, old, restored):
        _begun(ec2, image, DEPRECATED, long_ago)
        ec2.enable_image_deprecation(ImageId=image, DeprecateAt=datetime.now(UTC) + timedelta(minutes=2))
    for image in (old, restored):
        _begun(ec2, image, DISABLED, long_ago)
        ec2.disable_image(ImageId=image)
    ec2.deregister_image(ImageId=gone)
    assert fresh
    return "retire", "--keep", "1", "--yes"


def retired(stage: Stage) -> Iterator[str]:
    """What is reached is as it was, whatever went wrong; what isn't has gone one step on, and no further."""
    images = stage.client("ec2").describe_images(Owners=["self"], IncludeDisabled=True)["Images"]
    told = {image["Name"]: (image["State"], "DeprecationTime" in image) for image in images}
    wanted = dict.fromkeys(REACHED, ("available", False))
    wanted |= {"fresh": ("available", True), "aging": ("disabled", True)}
    if told != wanted:
        yield f"images are {told}"
    if (snapshots := len(stage.client("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"])) != len(wanted):
        yield f"{snapshots} snapshots stand"


def _image(stage: Stage, machine: str, name: str, days: int = 90) -> str:
    """An image of the name `app` that was made so many days ago, with its snapshot."""
    ec2, tags = stage.client("ec2"), [{"Key": "castra:image", "Value": "app"}]
    both = [{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")]
    image = str(ec2.create_image(InstanceId=machine, Name=name, TagSpecifications=both)["ImageId"])
    [told] = ec2.describe_images(ImageIds=[image])["Images"]
    for id in (image, *(disk["Ebs"]["SnapshotId"] for disk in told["BlockDeviceMappings"])):
        stage.age(id, days)
    return image


def _begun(ec2: Any, image: str, step: str, when: str) -> None:
    ec2.create_tags(Resources=[image], Tags=[{"Key": step, "Value": when}])
