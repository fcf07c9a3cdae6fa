"""An image from a snapshot, the template that names it and the group that boots from it come about in one raising."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml

from blueprints.reading import load
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tests.flows.shell import killed
from tests.flows.world import (
    REGION,
    age_the_lease,
    client,
    ids,
    nothing_written,
    standing,
    whole,
    witness,
    writes,
    written,
)
from tests.physics import Physics
from tests.physics.rules import When

pytestmark = pytest.mark.usefixtures("prefect")
FAR = "eu-central-1"


@pytest.fixture(autouse=True)
def orders_end(aws: Physics) -> Iterator[None]:
    """No rule outlives its test."""
    yield
    aws.rules.clear()


@pytest.fixture
def source(aws: Physics) -> str:
    """A snapshot that somebody took in another region."""
    ec2 = boto3.client("ec2", region_name=FAR)
    volume = ec2.create_volume(AvailabilityZone=f"{FAR}a", Size=8)["VolumeId"]
    return str(ec2.create_snapshot(VolumeId=volume)["SnapshotId"])


@pytest.fixture
def blueprint(tmp_path: Path, name: str, source: str) -> Path:
    """Two servers that boot from it."""
    servers = {"app": {"image": {"built": "golden"}, "count": 2}}
    document: dict[str, Any] = {
        "name": name,
        "region": REGION,
        "network": {"cidr": "10.60.0.0/16", "zones": 1},
        "images": {"golden": {"from_snapshot": {"snapshot": source, "region": FAR}}},
        "servers": servers,
    }
    return written(document, tmp_path)


def booted_from(name: str) -> list[str]:
    """The images of an environment's servers that run."""
    filters = [
        {"Name": "tag:castra:environment", "Values": [name]},
        {"Name": "instance-state-name", "Values": ["running"]},
    ]
    reservations = client("ec2").describe_instances(Filters=filters)["Reservations"]
    return [instance["ImageId"] for one in reservations for instance in one["Instances"]]


def test_one_raising_makes_all_of_it_and_the_servers_boot_from_the_new_image(
    aws: Physics, blueprint: Path, name: str
) -> None:
    environment, before = load(blueprint), witness()
    first = len(writes(aws))
    spin_up(environment)
    made = [call.operation for call in writes(aws)[first:]]
    chain = ["CopySnapshot", "RegisterImage", "CreateLaunchTemplate", "CreateAutoScalingGroup"]
    assert [operation for operation in made if operation in chain] == chain
    assert standing(name) == whole(environment)
    assert booted_from(name) == [ids(name)["image/golden"]] * 2
    with nothing_written(aws, lease=True):
        spin_up(environment)
    assert tear_down(name, REGION).left == 0
    assert witness() == before


@pytest.mark.parametrize(
    ("operation", "when"),
    [
        ("CopySnapshot", "after"),
        ("RegisterImage", "after"),
        ("CreateLaunchTemplate", "before"),
        ("CreateAutoScalingGroup", "before"),
    ],
)
@pytest.mark.thorough
def test_killed_in_the_middle_of_the_chain_the_next_run_goes_on_and_makes_nothing_twice(
    aws: Physics, blueprint: Path, name: str, operation: str, when: When
) -> None:
    environment, before = load(blueprint), witness()
    killed(aws, blueprint, 1, when, operation)
    age_the_lease(name)
    spin_up(environment)
    assert standing(name) == whole(environment)
    made = witness() - before
    assert [made[what] for what in ("copied snapshot", "image", "launch template", "scaling group")] == [1, 1, 1, 1]
    assert booted_from(name) == [ids(name)["image/golden"]] * 2
    assert tear_down(name, REGION).left == 0
    assert witness() == before


@pytest.mark.thorough
def test_another_snapshot_makes_another_image_and_the_old_one_goes_with_its_copy(
    aws: Physics, blueprint: Path, name: str, source: str, tmp_path: Path
) -> None:
    spin_up(load(blueprint))
    old, before = ids(name), witness()
    ec2 = boto3.client("ec2", region_name=FAR)
    volume = ec2.create_volume(AvailabilityZone=f"{FAR}a", Size=8)["VolumeId"]
    newer = ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    changed = yaml.safe_load(blueprint.read_text().replace(source, newer))
    environment = load(written(changed, tmp_path))
    spin_up(environment)
    now = ids(name)
    assert {key for key in now if now[key] != old[key]} == {"image/golden", "snapshot/golden"}
    assert (standing(name), witness()) == (whole(environment), before)
    (version,) = client("ec2").describe_launch_template_versions(
        LaunchTemplateId=now["launch-template/app"], Versions=["$Default"]
    )["LaunchTemplateVersions"]
    assert version["LaunchTemplateData"]["ImageId"] == now["image/golden"]
    assert tear_down(name, REGION).left == 0
