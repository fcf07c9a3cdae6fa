"""What pauses and their ends are killed on: a group that AWS has moved to three servers, and an instance."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.crash.stage import Stage

PAUSED = "castra:paused"
IMAGE = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
SERVER: dict[str, Any] = {"image": IMAGE, "instance_type": "t3.micro"}
DOCUMENT: dict[str, Any] = {
    "name": "crash",
    "region": "eu-west-1",
    "network": {"cidr": "10.30.0.0/16", "zones": 1, "nat": "none"},
    "servers": {"app": SERVER | {"count": {"min": 1, "max": 4}}},
    "instances": {"db": SERVER},
}


def pause(stage: Stage, folder: Path) -> tuple[str, ...]:
    """It runs."""
    file = folder / "blueprint.yaml"
    file.write_text(yaml.safe_dump(DOCUMENT))
    ended = stage.castra("up", file, "--yes")
    assert ended.code == 0, ended.output
    group = _group(stage)["AutoScalingGroupName"]
    stage.client("autoscaling").set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=3)
    return "pause", "crash", "--region", "eu-west-1", "--yes"


def paused(stage: Stage) -> Iterator[str]:
    """Nothing runs, and how it was is written down."""
    yield from _amiss(stage, (0, 0, 0), "min=1 max=4 desired=3", "stopped")


def resume(stage: Stage, folder: Path) -> tuple[str, ...]:
    """It is paused."""
    ended = stage.castra(*pause(stage, folder))
    assert ended.code == 0, ended.output
    return "resume", "crash", "--region", "eu-west-1", "--yes"


def resumed(stage: Stage) -> Iterator[str]:
    """It runs as it did, and nothing tells of a pause."""
    yield from _amiss(stage, (1, 4, 3), None, "running")


def _amiss(stage: Stage, sizes: tuple[int, int, int], noted: str | None, state: str) -> Iterator[str]:
    group = _group(stage)
    now = (group["MinSize"], group["MaxSize"], group["DesiredCapacity"])
    note = next((tag["Value"] for tag in group["Tags"] if tag["Key"] == PAUSED), None)
    if (now, note) != (sizes, noted) or bool(group["SuspendedProcesses"]) != bool(noted):
        yield f"the group is at {now}, noted {note}, suspended {group['SuspendedProcesses']}"
    for reservation in stage.client("ec2").describe_instances()["Reservations"]:
        for one in reservation["Instances"]:
            tags = {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])}
            if tags.get("castra:part") == "instance/db":
                is_noted = PAUSED in tags
                if (one["State"]["Name"], is_noted) != (state, bool(noted)):
                    yield f"the instance is {one['State']['Name']}, {'noted' if is_noted else 'not noted'}"


def _group(stage: Stage) -> Any:
    (group,) = stage.client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"]
    return group
