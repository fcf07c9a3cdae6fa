"""What back-ups and prunings are killed on: things that Castra didn't make, and backups that have grown old."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import yaml

from blueprints.tiers import Tiers
from tasks.backups.record import SET, set_of, slot_of, tags_of
from tasks.scope import as_list
from tests.crash.stage import Stage

TAGS = [{"Key": "backup", "Value": "yes"}]
KEEP = Tiers(daily=1)
POLICY = {
    "select": {"tags": {"backup": "yes"}},
    "when": {"cron": "0 0 1 1 *"},  # once a year, so that all runs of a crash test are for one slot
    "keep": {"daily": 1},
    "before": "freeze",
    "after": "thaw",
}


def back_up(stage: Stage, folder: Path) -> tuple[str, ...]:
    """An instance with two volumes, one with one, and a lone volume."""
    ec2 = stage.client("ec2")
    instance(ec2, 2)
    instance(ec2, 1)
    volume(ec2)
    return "back-up", document(folder), "--yes"


def prune(stage: Stage, folder: Path) -> tuple[str, ...]:
    """Of each kind of backup three, the older ones of which go."""
    ec2 = stage.client("ec2")
    several, single, lone = instance(ec2, 2), instance(ec2, 1), volume(ec2)
    for year in (2021, 2022, 2023):
        due = slot_of(datetime(year, 5, 1, 2, tzinfo=UTC))
        ec2.create_snapshots(
            InstanceSpecification={"InstanceId": several},
            TagSpecifications=tagged(several, due, 2, "snapshot", **{SET: set_of("crash/yearly", several, due)}),
        )
        ec2.create_snapshot(VolumeId=lone, TagSpecifications=tagged(lone, due, 1, "snapshot"))
        ec2.create_image(
            InstanceId=single, Name=f"of-{year}", TagSpecifications=tagged(single, due, 1, "image", "snapshot")
        )
    return "prune", document(folder), "--yes"


def document(folder: Path) -> str:
    file = folder / "backups.yaml"
    file.write_text(yaml.safe_dump({"name": "crash", "region": "eu-west-1", "backups": {"yearly": POLICY}}))
    return str(file)


def tagged(source: str, due: str, pieces: int, *types: str, **more: str) -> list[dict[str, Any]]:
    how: Any = "image" if "image" in types else "snapshot"
    told = tags_of("crash", "yearly", source, None, due, how, pieces, KEEP, "UTC") | more
    return [{"ResourceType": kind, "Tags": as_list(told)} for kind in types]


def instance(ec2: Any, volumes: int) -> str:
    image = ec2.describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    kind = [{"ResourceType": "instance", "Tags": TAGS}]
    made = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=kind)["Instances"][0]
    if volumes == 2:
        zone = made["Placement"]["AvailabilityZone"]
        second = ec2.create_volume(AvailabilityZone=zone, Size=4)["VolumeId"]
        ec2.attach_volume(VolumeId=second, InstanceId=made["InstanceId"], Device="/dev/sdf")
    return str(made["InstanceId"])


def volume(ec2: Any) -> str:
    kind = [{"ResourceType": "volume", "Tags": TAGS}]
    return str(ec2.create_volume(AvailabilityZone="eu-west-1a", Size=4, TagSpecifications=kind)["VolumeId"])
