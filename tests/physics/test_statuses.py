"""Instances pass their status checks minutes after they run, or fail them where a test says so."""

from collections.abc import Iterator

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds


@pytest.fixture(scope="module")
def stage() -> Iterator[Builds]:
    with Physics("calm", times={"instance_running": 6, "instance_checked": 120}) as aws:
        yield Builds(aws)


def told(make: Builds, instance: str) -> str:
    [one] = make.ec2.describe_instance_status(InstanceIds=[instance], IncludeAllInstances=True)["InstanceStatuses"]
    return str(one["InstanceStatus"]["Status"])


def test_an_instance_is_checked_minutes_after_it_runs(make: Builds, aws: Physics) -> None:
    instance = make.instance(make.subnet(make.vpc()))
    assert told(make, instance) == "not-applicable"
    aws.advance(7)
    assert told(make, instance) == "initializing"
    aws.advance(121)
    assert told(make, instance) == "ok"
    make.ec2.stop_instances(InstanceIds=[instance])
    assert told(make, instance) == "not-applicable"


def test_what_a_test_says_is_impaired_fails_its_checks(make: Builds, aws: Physics) -> None:
    subnet = make.subnet(make.vpc())
    instance = make.instance(subnet)
    aws.advance(130)
    make.ec2.create_tags(Resources=[instance], Tags=[{"Key": "physics:impaired", "Value": ""}])
    assert told(make, instance) == "impaired"
    image = make.ec2.create_image(InstanceId=instance, Name="broken")["ImageId"]
    make.ec2.create_tags(Resources=[image], Tags=[{"Key": "physics:impaired", "Value": ""}])
    of_it = make.instance(subnet, ImageId=image)
    aws.advance(7)
    assert told(make, of_it) == "initializing"
    aws.advance(121)
    assert told(make, of_it) == "impaired"
