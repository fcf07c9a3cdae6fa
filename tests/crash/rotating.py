"""What rotations are killed on: servers of an image that was built, and a newer one of it, good or bad."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import yaml

from tasks.images.provenance import BUILD, IMAGE, REFUSED
from tasks.images.rotation_record import ROTATION
from tasks.scope import as_dict
from tests.crash.stage import Stage
from tests.rotated import document

QUICK = {"canary": 1, "batch": 1, "settle": 0, "within": 1}
OLD, NEW = "1", "2"


def prepare(stage: Stage, folder: Path, newer: str) -> tuple[str, ...]:
    """Two servers that stand; `newer` is the name of the image that was built since."""
    ec2 = stage.client("ec2")
    _built(ec2, "first", 1)
    asked = document("crash", {"built": "base"}, count=2, rotation=QUICK)
    asked["images"] = {"base": {"from_instance": "i-0123456789abcdef0"}}
    file = folder / "rotation.yaml"
    file.write_text(yaml.safe_dump(asked))
    ended = stage.castra("up", file, "--yes")
    assert ended.code == 0, ended.output
    _built(ec2, newer, 2)
    return "rotate", str(file), "--yes"


good, bad = partial(prepare, newer="good"), partial(prepare, newer="bad-2")


def _built(ec2: Any, name: str, number: int) -> None:
    tags = [{"Key": IMAGE, "Value": "base"}, {"Key": BUILD, "Value": f"base/{number}"}]
    kind = [{"ResourceType": "image", "Tags": tags}]
    ec2.register_image(Name=name, Architecture="x86_64", RootDeviceName="/dev/xvda", TagSpecifications=kind)


def rolled_out(stage: Stage) -> Iterator[str]:
    """All run the new version."""
    yield from _amiss(stage, NEW)


def taken_back(stage: Stage) -> Iterator[str]:
    """All run the old version, and the image says that it was found bad."""
    yield from _amiss(stage, OLD)
    images = stage.client("ec2").describe_images(Owners=["self"])["Images"]
    if [one["Name"] for one in images if REFUSED in as_dict(one.get("Tags"))] != ["bad-2"]:
        yield "the bad image doesn't say that it was refused"


def _amiss(stage: Stage, version: str) -> Iterator[str]:
    (group,) = stage.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    (template,) = stage.client("ec2").describe_launch_templates()["LaunchTemplates"]
    versions = [one["LaunchTemplate"]["Version"] for one in group["Instances"]]
    if versions != [version, version]:
        yield f"its instances run versions {versions}, not {version}"
    if str(template["DefaultVersionNumber"]) != version:
        yield f"the default version is {template['DefaultVersionNumber']}, not {version}"
    if (group["MinSize"], group["DesiredCapacity"], group["MaxSize"]) != (2, 2, 2):
        yield f"its sizes are {group['MinSize']}, {group['DesiredCapacity']}, {group['MaxSize']}"
    if group["SuspendedProcesses"] or ROTATION in as_dict(group["Tags"]):
        yield "it isn't as it was: something is suspended, or the record is still there"
