"""Paused, nothing runs; resumed, it is as it was; and no plan in between undoes it."""

import signal
from collections.abc import Iterator
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import build
from flows.pause import pause
from flows.resume import resume
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tasks.errors import Failed
from tasks.reading import plan_of
from tests.flows.shell import LIMIT, castra, start
from tests.flows.world import REGION, age_the_lease, client, ids, nothing_written, scope
from tests.physics import Physics

pytestmark = pytest.mark.usefixtures("prefect")
IMAGE = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}


def environment(name: str, **count: int) -> Environment:
    servers = {"app": {"image": IMAGE, "instance_type": "t3.micro", "count": {"min": 1, "max": 4, **count}}}
    instances = {"db": {"image": IMAGE, "instance_type": "t3.micro"}}
    network = {"cidr": "10.30.0.0/16", "zones": 1, "nat": "none"}
    document: dict[str, Any] = {"name": name, "region": REGION, "network": network}
    return build(document | {"servers": servers, "instances": instances})


def group(name: str) -> tuple[int, int, int, bool, str | None]:
    """A group's bounds, how many are wanted, whether its schedules rest, and what its tag says; by a plain client."""
    asked = [ids(name)["scaling-group/app"]]
    (one,) = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=asked)["AutoScalingGroups"]
    tag = next((tag["Value"] for tag in one["Tags"] if tag["Key"] == "castra:paused"), None)
    return one["MinSize"], one["MaxSize"], one["DesiredCapacity"], bool(one["SuspendedProcesses"]), tag


def instance(name: str) -> tuple[str, bool]:
    """An instance's state, and whether it carries the tag."""
    (one,) = client("ec2").describe_instances(InstanceIds=[ids(name)["instance/db"]])["Reservations"][0]["Instances"]
    return one["State"]["Name"], any(tag["Key"] == "castra:paused" for tag in one["Tags"])


AWAKE, ASLEEP = (1, 4, 3, False, None), (0, 0, 0, True, "min=1 max=4 desired=3")


@pytest.fixture
def raised(aws: Physics, name: str) -> Iterator[str]:
    """One with a group that AWS has moved to three servers, and an instance."""
    spin_up(environment(name))
    client("autoscaling").set_desired_capacity(AutoScalingGroupName=ids(name)["scaling-group/app"], DesiredCapacity=3)
    yield name
    aws.rules.clear()
    age_the_lease(name)
    assert tear_down(name, REGION).left == 0


def test_paused_nothing_runs_and_resumed_it_is_exactly_as_it_was(aws: Physics, raised: str) -> None:
    assert group(raised) == AWAKE
    pause(raised, REGION)
    assert (group(raised), instance(raised)) == (ASLEEP, ("stopped", True))
    with nothing_written(aws):
        assert pause(raised, REGION).settled
    resume(raised, REGION)
    assert (group(raised), instance(raised)) == (AWAKE, ("running", False))
    with nothing_written(aws):
        assert resume(raised, REGION).settled


def test_no_raising_undoes_a_pause_and_the_plan_says_that_it_is_one(aws: Physics, raised: str) -> None:
    pause(raised, REGION)
    planned = plan_of(environment(raised), scope(raised))
    assert planned.settled
    assert f"castra resume {raised}" in planned.remark
    with nothing_written(aws):
        spin_up(environment(raised))
    spin_up(environment(raised, max=6, min=2))
    assert group(raised) == (0, 0, 0, True, "min=2 max=6 desired=3")
    resume(raised, REGION)
    assert group(raised) == (2, 6, 3, False, None)
    assert plan_of(environment(raised, max=6, min=2), scope(raised)).settled


@pytest.mark.thorough
def test_schedules_that_rested_before_rest_after_it(aws: Physics, raised: str) -> None:
    id = ids(raised)["scaling-group/app"]
    client("autoscaling").suspend_processes(AutoScalingGroupName=id, ScalingProcesses=["ScheduledActions"])
    pause(raised, REGION)
    resume(raised, REGION)
    assert group(raised) == (1, 4, 3, True, None)


@pytest.mark.thorough
def test_one_that_fails_holds_up_no_other_and_the_next_run_goes_on(aws: Physics, raised: str) -> None:
    aws.rule("StopInstances", "error:UnauthorizedOperation:403", nth=1)
    with pytest.raises(Failed, match="instance/db"):
        pause(raised, REGION)
    aws.rules.clear()
    assert (group(raised), instance(raised)) == (ASLEEP, ("running", True))
    pause(raised, REGION)
    assert instance(raised) == ("stopped", True)


@pytest.mark.thorough
def test_killed_at_a_write_the_next_run_ends_where_an_undisturbed_one_would(aws: Physics, raised: str) -> None:
    for verb, end in (("pause", (ASLEEP, ("stopped", True))), ("resume", (AWAKE, ("running", False)))):
        process = start(verb, raised, "--region", REGION, "--yes")
        aws.kill(process.pid, 4, "after")
        process.communicate(timeout=LIMIT)
        assert process.returncode == -signal.SIGKILL
        aws.rules.clear()
        age_the_lease(raised)
        ended = castra(verb, raised, "--region", REGION, "--yes")
        assert ended.returncode == 0, ended.stderr
        assert (group(raised), instance(raised)) == end
