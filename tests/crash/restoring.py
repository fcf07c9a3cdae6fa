"""Operations on backups, for the crash test: what they need on an empty stage, and what else must be so at the end."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml

from tests.crash.stage import Stage


def copy_backups(stage: Stage, folder: Path) -> tuple[str, ...]:
    """Three snapshots, two of which are a set, and an image, to another region; the image is shared."""
    ec2, tags = stage.client("ec2"), {"castra:backup": "crash/nightly", "castra:slot": "2026-11-28T02:00:00Z"}
    for source, pieces in (("vol-1", 1), ("i-1", 2)):
        told = {"castra:source": source, "castra:pieces": str(pieces)} | ({"castra:set": "set-1"} if pieces > 1 else {})
        for _ in range(pieces):
            volume = ec2.create_volume(AvailabilityZone="eu-west-1a", Size=4)["VolumeId"]
            ec2.create_snapshot(VolumeId=volume, TagSpecifications=tagged(tags | told, "snapshot"))
    amazons = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    (instance,) = ec2.run_instances(ImageId=amazons, MinCount=1, MaxCount=1)["Instances"]
    told = tags | {"castra:source": instance["InstanceId"], "castra:how": "image"}
    ec2.create_image(InstanceId=instance["InstanceId"], Name="web", TagSpecifications=tagged(told, "image", "snapshot"))
    copies = [{"region": "eu-central-1", "account": "210987654321"}]
    policy = {"select": {"tags": {"backup": "yes"}}, "when": {"cron": "0 2 * * *"}, "keep": {"daily": 9999}}
    backups = {"nightly": policy | {"copies": copies}}
    document = folder / "blueprint.yaml"
    document.write_text(yaml.safe_dump({"name": "crash", "region": "eu-west-1", "backups": backups}))
    return "copy", str(document), "--yes"


def tagged(tags: dict[str, str], *types: str) -> list[dict[str, object]]:
    """Tags, as a create call takes them."""
    rows = [{"Key": key, "Value": value} for key, value in tags.items()]
    return [{"ResourceType": type, "Tags": rows} for type in types]


def copied(stage: Stage) -> Iterator[str]:
    """What isn't as it should be in the other region: three snapshots beside the image's, one image, all shared."""
    ec2 = stage.client("ec2", "eu-central-1")
    (*images,) = ec2.describe_images(Owners=["self"])["Images"]
    snapshots = [one for one in ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"] if one.get("Tags")]
    origins = Counter(tag["Value"] for one in snapshots for tag in one["Tags"] if tag["Key"] == "castra:copy-of")
    if len(images) != 1 or len(snapshots) != 4 or len(origins) != 4:
        yield f"{len(images)} images and {len(snapshots)} snapshots of {len(origins)} origins, not 1, 4 and 4"
    for one in snapshots:
        told = ec2.describe_snapshot_attribute(SnapshotId=one["SnapshotId"], Attribute="createVolumePermission")
        if told["CreateVolumePermissions"] != [{"UserId": "210987654321"}]:
            yield f"{one['SnapshotId']} is shared with {told['CreateVolumePermissions']}"


def restore(stage: Stage, folder: Path) -> tuple[str, ...]:
    """An instance from a set of two snapshots, into an environment of its own."""
    image = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
    server = {"image": image, "instance_type": "t3.micro", "placement": "public"}
    server |= {"volumes": {"data": {"device": "/dev/sdf", "size": 4, "on_removal": "wipe"}}}
    policy = {"instances": ["db"], "when": {"cron": "0 2 * * *"}, "keep": {"daily": 9999}}
    document: dict[str, object] = {"name": "crash", "region": "eu-west-1", "instances": {"db": server}}
    document |= {"network": {"cidr": "10.20.0.0/16", "zones": 1}, "backups": {"nightly": policy}}
    file = folder / "blueprint.yaml"
    file.write_text(yaml.safe_dump(document))
    for words in (("up", str(file), "--yes"), ("back-up", str(file), "--label", "before", "--yes")):
        ended = stage.castra(*words)
        assert ended.code == 0, ended.output
    return "restore", "crash", "instance/db", "--into", "again", "--region", "eu-west-1", "--yes"


def restored(stage: Stage) -> Iterator[str]:
    """What isn't there exactly once: an instance with both its volumes, an image, nobody else's volumes."""
    ec2, mine = stage.client("ec2"), [{"Name": "tag:castra:environment", "Values": ["again"]}]
    pages = ec2.describe_instances(Filters=mine)["Reservations"]
    alive = [one for page in pages for one in page["Instances"] if one["State"]["Name"] == "running"]
    disks = [len(one["BlockDeviceMappings"]) for one in alive]
    images = ec2.describe_images(Owners=["self"], Filters=mine)["Images"]
    loose = [one["VolumeId"] for one in ec2.describe_volumes()["Volumes"] if one["State"] != "in-use"]
    if disks != [2] or len(images) != 1 or loose:
        yield f"instances with {disks} volumes, {len(images)} images, and {loose} in nobody's use"
