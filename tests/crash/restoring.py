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


def backed_up(stage: Stage, folder: Path, **policy: object) -> Path:
    """The blueprint of an instance with a volume of its own, which stands and is backed up."""
    image = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
    server = {"image": image, "instance_type": "t3.micro", "placement": "public", "elastic_ip": True}
    server |= {"volumes": {"data": {"device": "/dev/sdf", "size": 4, "on_removal": "wipe"}}}
    nightly = {"instances": ["db"], "when": {"cron": "0 2 * * *"}, "keep": {"daily": 9999}} | policy
    document: dict[str, object] = {"name": "crash", "region": "eu-west-1", "instances": {"db": server}}
    document |= {"network": {"cidr": "10.20.0.0/16", "zones": 1}, "backups": {"nightly": nightly}}
    file = folder / "blueprint.yaml"
    file.write_text(yaml.safe_dump(document))
    for words in (("up", str(file), "--yes"), ("back-up", str(file), "--label", "before", "--yes")):
        ended = stage.castra(*words)
        assert ended.code == 0, ended.output
    return file


def restore(stage: Stage, folder: Path) -> tuple[str, ...]:
    """An instance from a set of two snapshots, into an environment of its own."""
    backed_up(stage, folder)
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


def prove(stage: Stage, folder: Path) -> tuple[str, ...]:
    """A proof of a set of two snapshots."""
    return "prove", str(backed_up(stage, folder, prove={"every_days": 7})), "--yes"


def proven(stage: Stage) -> Iterator[str]:
    """What isn't so: both snapshots are stamped, and nothing of the proof stands."""
    ec2 = stage.client("ec2")
    stamped = ec2.describe_snapshots(OwnerIds=["self"], Filters=[{"Name": "tag-key", "Values": ["castra:proven"]}])
    if len(stamped["Snapshots"]) != 2:
        yield f"{len(stamped['Snapshots'])} snapshots are stamped, not 2"
    pages = ec2.describe_instances()["Reservations"]
    alive = [one["InstanceId"] for page in pages for one in page["Instances"] if one["State"]["Name"] != "terminated"]
    volumes, images = ec2.describe_volumes()["Volumes"], ec2.describe_images(Owners=["self"])["Images"]
    if len(alive) != 1 or len(volumes) != 2 or images:
        yield f"{len(alive)} instances, {len(volumes)} volumes and {len(images)} images stand, not 1, 2 and 0"


def replace(stage: Stage, folder: Path) -> tuple[str, ...]:
    """An instance whose status checks have failed, with a volume, an address and a place in a target group."""
    file, ec2, elb = backed_up(stage, folder), stage.client("ec2"), stage.client("elbv2")
    (id,) = [one["InstanceId"] for page in ec2.describe_instances()["Reservations"] for one in page["Instances"]]
    (vpc,) = [one["VpcId"] for one in ec2.describe_vpcs()["Vpcs"] if not one["IsDefault"]]
    group = elb.create_target_group(Name="db", Protocol="TCP", Port=5432, VpcId=vpc)["TargetGroups"][0]
    elb.register_targets(TargetGroupArn=group["TargetGroupArn"], Targets=[{"Id": id, "Port": 5432}])
    ec2.create_tags(Resources=[id], Tags=[{"Key": "physics:impaired", "Value": ""}])
    return "replace", str(file), "db", "--yes"


def replaced(stage: Stage) -> Iterator[str]:
    """What isn't so: one other instance stands, with the volume, the address and the place in the target group."""
    ec2, elb = stage.client("ec2"), stage.client("elbv2")
    instances = [one for page in ec2.describe_instances()["Reservations"] for one in page["Instances"]]
    alive = [one for one in instances if one["State"]["Name"] == "running"]
    failed = [one for one in alive for tag in one["Tags"] if tag["Key"] == "physics:impaired"]
    disks = [len(one["BlockDeviceMappings"]) for one in alive]
    (address,) = ec2.describe_addresses()["Addresses"]
    (group,) = elb.describe_target_groups()["TargetGroups"]
    health = elb.describe_target_health(TargetGroupArn=group["TargetGroupArn"])["TargetHealthDescriptions"]
    holders = [address.get("InstanceId"), *(one["Target"]["Id"] for one in health)]
    images = ec2.describe_images(Owners=["self"])["Images"]
    loose = [one["VolumeId"] for one in ec2.describe_volumes()["Volumes"] if one["State"] != "in-use"]
    if failed or disks != [2] or holders != [one["InstanceId"] for one in alive] * 2 or images or loose:
        told = f"{len(failed)} failed ones, disks {disks}, address and target of {holders}, images {images}"
        yield f"{told}, and {loose} in nobody's use"
