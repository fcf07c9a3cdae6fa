"""Rotations against an AWS that takes its time: what stands at the end, what was written, and what is refused."""

import contextlib
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tasks.errors import Invalid, Refused
from tasks.images.provenance import IMAGE, REFUSED
from tasks.images.rotation import plan_rotation, standing
from tasks.images.rotation_record import ROTATION
from tasks.scope import Scope, as_dict
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.rotated import FIRST, default_version, environment, register, rotate, sizes, versions
from tests.tasks.conftest import Weather
from tests.tasks.rows.compute import described

TIMES = {"instance_running": 40, "instance_terminated": 60, "target_checked": 30}


@pytest.fixture
def slow(weather: Weather) -> Physics:
    return weather(scale=200, times=TIMES)


@pytest.fixture
def there(slow: Physics) -> Scope:
    """Three servers that stand."""
    scope = Scope("roll", "eu-west-1", poll_seconds=0.05)
    raise_all(scope, environment("roll").parts())
    return scope


def served(scope: Scope) -> dict[str, Any]:
    return described(scope, scope.name("app"))


def as_wanted(scope: Scope, image: str = FIRST, **servers: Any) -> bool:
    return look_and_plan(scope, environment("roll", image, **servers).parts()).settled


def test_a_good_image_is_rolled_out_and_a_plan_has_nothing_left_to_do(there: Scope) -> None:
    good = register(there, "good")
    rolled = rotate(environment("roll", good), there)
    assert not rolled.record.verdict
    assert rolled.lowest >= 3
    assert versions(there)[-3:] == ["2", "2", "2"]
    assert (default_version(there), sizes(there)) == (2, (3, 3, 3))
    assert served(there)["LaunchTemplate"]["Version"] == "$Default"
    assert served(there)["SuspendedProcesses"] == []
    assert ROTATION not in as_dict(served(there)["Tags"])
    assert as_wanted(there, good)


@pytest.mark.parametrize("name", ["bad", "failing-200", "ending-150"])
def test_a_bad_image_is_taken_back_and_all_is_as_it_was(there: Scope, name: str) -> None:
    bad, before = register(there, name), served(there)
    settings: dict[str, Any] = {"rotation": {"settle": 3, "within": 2, "batch": 1}}
    rolled = rotate(environment("roll", bad, **settings), there)
    assert "of version 2" in rolled.record.verdict
    assert rolled.verdict_seconds is not None
    assert rolled.lowest >= 3
    assert versions(there)[:3] == ["1", "1", "1"]
    assert {one["InstanceId"] for one in before["Instances"]} <= {
        one["InstanceId"] for one in served(there)["Instances"]
    }
    assert (default_version(there), sizes(there)) == (1, (3, 3, 3))
    assert as_wanted(there)


@pytest.mark.thorough
def test_the_way_back_too_goes_on_after_each_single_write(there: Scope, slow: Physics) -> None:
    bad, quick = register(there, "bad"), {"within": 1, "settle": 0, "batch": 1}
    blueprint = environment("roll", bad, rotation=quick)
    for _ in range(40):
        rule = slow.rule("*", "error:Stop:400", nth=1, when="after", writes=True)
        with contextlib.suppress(ClientError):
            rotate(blueprint, there)
        slow.rules.clear()
        if ROTATION not in as_dict(served(there)["Tags"]):
            break
    assert rule.hits
    assert as_wanted(there)
    assert (versions(there)[:3], sizes(there)) == (["1", "1", "1"], (3, 3, 3))


def test_what_was_suspended_by_somebody_stays_so_and_only_that(there: Scope) -> None:
    there.autoscaling.suspend_processes(AutoScalingGroupName=there.name("app"), ScalingProcesses=["AZRebalance"])
    rotate(environment("roll", register(there, "good")), there)
    assert [one["ProcessName"] for one in served(there)["SuspendedProcesses"]] == ["AZRebalance"]


def test_instances_that_run_an_older_version_are_rolled_though_the_default_has_the_image(
    there: Scope, slow: Physics
) -> None:
    good = register(there, "good")
    raise_all(there, environment("roll", good).parts())
    assert (versions(there), default_version(there)) == (["1", "1", "1"], 2)
    before = len(slow.writes())
    rotate(environment("roll", good), there)
    assert versions(there)[-3:] == ["2", "2", "2"]
    operations = {call.operation for call in slow.writes()[before:]}
    assert not operations & {"CreateLaunchTemplateVersion", "ModifyLaunchTemplate"}


def test_a_default_version_that_is_bad_is_turned_back_to_the_one_that_ran(there: Scope) -> None:
    bad = register(there, "bad")
    raise_all(there, environment("roll", bad).parts())
    rotate(environment("roll", bad, rotation={"within": 1, "settle": 0, "batch": 1}), there)
    assert (default_version(there), served(there)["LaunchTemplate"]["Version"]) == (1, "$Default")


def test_an_image_of_our_own_that_is_bad_says_so(there: Scope) -> None:
    bad = register(there, "bad", **{IMAGE: "base"})
    rotate(environment("roll", bad, rotation={"within": 1, "settle": 0, "batch": 1}), there)
    (image,) = there.ec2.describe_images(ImageIds=[bad])["Images"]
    assert REFUSED in as_dict(image["Tags"])


def test_all_on_the_image_already_nothing_is_to_do(there: Scope, slow: Physics) -> None:
    before = len(slow.writes())
    (one,) = standing(environment("roll"), there, (), None)
    assert one.settled
    assert plan_rotation("roll", "eu-west-1", [one]).settled
    assert slow.writes()[before:] == []


def test_the_plan_tells_who_is_replaced_and_in_which_steps(there: Scope) -> None:
    good = register(there, "good")
    (one,) = standing(environment("roll"), there, (), good)
    plan = plan_rotation("roll", "eu-west-1", [one])
    assert plan.counts == {"replace": 3, "rotate": 1}
    group, *members = plan.deeds
    assert group.because == f"to a new version with {good}; 1 first, then 2 by 1, new ones beside the old ones"
    assert {deed.because for deed in members} == {f"it runs version 1 ({FIRST})"}


@pytest.mark.thorough
def test_another_run_goes_on_where_one_was_stopped_after_each_single_write(there: Scope, slow: Physics) -> None:
    good, stops = register(there, "good"), 0
    for _ in range(60):
        rule = slow.rule("*", "error:Stop:400", nth=1, when="after", writes=True)
        with contextlib.suppress(ClientError):
            rotate(environment("roll", good), there)
        slow.rules.clear()
        stops += rule.hits
        if standing(environment("roll", good), there, (), None)[0].settled:
            break
    assert stops > 10, "a rotation of three has more writes than that"
    assert as_wanted(there, good)
    assert (versions(there)[-3:], sizes(there)) == (["2", "2", "2"], (3, 3, 3))
    assert served(there)["SuspendedProcesses"] == []
    id = served(there)["LaunchTemplate"]["LaunchTemplateId"]
    made = there.ec2.describe_launch_template_versions(LaunchTemplateId=id)["LaunchTemplateVersions"]
    assert len(made) == 2


# ---------------------------------------------------------------------- what is refused


def test_a_group_that_does_not_stand_is_refused(there: Scope) -> None:
    with pytest.raises(Refused, match=r"servers/app: no such group stands\. Raise it first"):
        standing(environment("other"), Scope("other", "eu-west-1"), (), None)


def test_servers_that_nobody_describes_are_told(there: Scope) -> None:
    with pytest.raises(Invalid, match=r"servers\.api: there are no such servers"):
        standing(environment("roll"), there, ("api",), None)


def test_an_image_that_is_not_there_is_told_before_anything_is_written(there: Scope, slow: Physics) -> None:
    before = len(slow.writes())
    with pytest.raises(Invalid, match=r"ami-0123456789abcdef0 isn't there"):
        standing(environment("roll"), there, (), "ami-0123456789abcdef0")
    assert slow.writes()[before:] == []


def test_a_group_whose_launches_are_suspended_is_refused(there: Scope) -> None:
    there.autoscaling.suspend_processes(AutoScalingGroupName=there.name("app"), ScalingProcesses=["Launch"])
    with pytest.raises(Refused, match="Launch is suspended"):
        standing(environment("roll"), there, (), None)


def test_a_rotation_to_another_image_takes_the_place_of_one_that_is_under_way(there: Scope, slow: Physics) -> None:
    slow.rule("TerminateInstanceInAutoScalingGroup", "error:Stop:400", nth=1)
    with pytest.raises(Exception, match="Stop"):
        rotate(environment("roll", register(there, "good")), there)
    slow.rules.clear()
    better = register(there, "better")
    rolled = rotate(environment("roll", better), there)
    assert (rolled.record.old, rolled.record.new, rolled.record.desired) == (1, 3, 3)
    assert (versions(there)[-3:], sizes(there)) == (["3", "3", "3"], (3, 3, 3))
    assert as_wanted(there, better)


def test_going_back_that_never_gets_well_ends_in_an_error_and_keeps_its_record(there: Scope, slow: Physics) -> None:
    """The run after it goes on: back, whatever is asked for."""
    bad = register(there, "bad")
    quick = {"within": 1, "settle": 0, "batch": 1}
    slow.rule("ResumeProcesses", "error:Stop:400", nth=1)
    with pytest.raises(Exception, match="Stop"):
        rotate(environment("roll", bad, rotation=quick), there)
    slow.rules.clear()
    (one,) = standing(environment("roll", bad), there, (), None)
    assert one.goes_on
    assert "back to version 1" in plan_rotation("roll", "eu-west-1", [one]).deeds[0].because
    assert rotate(environment("roll", bad, rotation=quick), there).record.verdict
    assert as_wanted(there)
