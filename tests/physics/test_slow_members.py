"""Members of scaling groups and their targets come and go in their time."""

from collections.abc import Iterator

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds
from tests.physics.test_gaps_members import balanced, group_of, health, launch, members


@pytest.fixture(scope="module")
def stage() -> Iterator[Builds]:
    """An emulator in which instances and health checks take their time."""
    with Physics("calm", times={"instance_running": 30, "instance_terminated": 60, "target_checked": 20}) as aws:
        yield Builds(aws)


def test_members_and_targets_come_and_go_in_their_time(make: Builds) -> None:
    arn, template = balanced(make)
    launch(make, template, "1", 2)
    assert members(make) == [("1", "Pending"), ("1", "Pending")]
    assert health(make, arn) == [("initial", "Elb.RegistrationInProgress")] * 2
    make.aws.advance(31)
    assert health(make, arn) == [("initial", "Elb.InitialHealthChecking")] * 2
    make.aws.advance(21)
    assert health(make, arn) == [("healthy", None)] * 2
    id = group_of(make)["Instances"][0]["InstanceId"]
    make.autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=id, ShouldDecrementDesiredCapacity=True)
    assert members(make) == [("1", "InService"), ("1", "Terminating")]
    assert health(make, arn) == [("healthy", None)]
    make.aws.advance(61)
    assert members(make) == [("1", "InService")]
