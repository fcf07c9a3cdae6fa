"""What is particular to scheduled actions: sizes that they move are no state of the group while they stand."""

from typing import Any

from blueprints.environment import Environment
from blueprints.reading import build
from blueprints.schedule import ScheduledAction
from tasks.compute.scheduled_action import ScheduledActionKind
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.compute import (
    BENEATH_GROUP,
    GROUP,
    MORNINGS,
    MOVING_GROUPS,
    SCHEDULED,
    described,
    unschedule,
)

KIND = ScheduledActionKind()
MOVING = MOVING_GROUPS[0]
BY_CLOCK = (*BENEATH_GROUP, MOVING, MORNINGS[0], SCHEDULED)


def set_sizes(scope: Scope, least: int, most: int) -> None:
    """What AWS does to the group when an action's hour has come."""
    group = scope.name("web")
    scope.autoscaling.update_auto_scaling_group(AutoScalingGroupName=group, MinSize=least, MaxSize=most)


def actions(scope: Scope) -> dict[str, Any]:
    answer = scope.autoscaling.describe_scheduled_actions(AutoScalingGroupName=scope.name("web"))
    return {action["ScheduledActionName"]: action for action in answer["ScheduledUpdateGroupActions"]}


def sizes(scope: Scope) -> tuple[int, int]:
    group = described(scope, scope.name("web"))
    return group["MinSize"], group["MaxSize"]


def test_what_a_schedule_does_to_its_group_is_never_told_as_drift_and_never_undone(scope: Scope) -> None:
    raise_all(scope, BY_CLOCK)
    assert sizes(scope) == (1, 2)
    set_sizes(scope, 0, 0)
    assert look_and_plan(scope, BY_CLOCK).settled
    raise_all(scope, tuple(part.model_copy(update={"grace": 60}) if part is MOVING else part for part in BY_CLOCK))
    assert sizes(scope) == (0, 0)


def test_a_bound_that_the_schedule_leaves_alone_is_compared_as_ever(scope: Scope) -> None:
    half = MOVING.model_copy(update={"moved": ("min",)})
    parts = (*BENEATH_GROUP, half, *(part.model_copy(update={"max": None}) for part in (MORNINGS[0], SCHEDULED)))
    raise_all(scope, parts)
    set_sizes(scope, 0, 9)
    (step,) = raise_all(scope, parts).changes
    assert [(change.field, change.from_, change.to) for change in step.changes] == [("max", 9, 2)]
    assert sizes(scope) == (0, 2)


def test_a_schedule_that_comes_leaves_the_sizes_and_one_that_goes_brings_the_groups_own_back(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_GROUP, GROUP))
    raise_all(scope, BY_CLOCK)
    assert sizes(scope) == (1, 2)
    assert look_and_plan(scope, BY_CLOCK).settled
    set_sizes(scope, 0, 0)
    raise_all(scope, (*BENEATH_GROUP, GROUP))
    assert sizes(scope) == (1, 2)
    assert actions(scope) == {}
    assert look_and_plan(scope, (*BENEATH_GROUP, GROUP)).settled


def test_a_schedule_that_somebody_added_is_theirs_and_what_it_moves_is_put_back(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_GROUP, GROUP))
    theirs = {"AutoScalingGroupName": scope.name("web"), "ScheduledActionName": f"theirs-{scope.environment}"}
    scope.autoscaling.put_scheduled_update_group_action(**theirs, Recurrence="0 0 * * *", MinSize=0)
    assert look_and_plan(scope, (*BENEATH_GROUP, GROUP)).settled
    set_sizes(scope, 0, 2)
    raise_all(scope, (*BENEATH_GROUP, GROUP))
    assert sizes(scope) == (1, 2)
    assert set(actions(scope)) == {f"theirs-{scope.environment}"}


def test_a_size_no_longer_said_is_gone_from_the_action_since_it_is_made_anew(scope: Scope, aws: Physics) -> None:
    raise_all(scope, BY_CLOCK)
    before = len(aws.writes())
    only_desired = SCHEDULED.model_copy(update={"min": None, "max": None, "desired": 0})
    raise_all(scope, (*BY_CLOCK[:-1], only_desired))
    assert [call.operation for call in aws.writes()[before:]] == [
        "DeleteScheduledAction",
        "PutScheduledUpdateGroupAction",
    ]
    action = actions(scope)[f"castra--{scope.environment}--web-nights"]
    assert {"MinSize", "MaxSize"} & action.keys() == set()
    assert action["DesiredCapacity"] == 0


def test_an_end_set_by_hand_is_drift(scope: Scope) -> None:
    raise_all(scope, BY_CLOCK)
    (found,) = look(scope, KIND, "web-nights")
    group, _, name = found.id.partition("/")
    scope.autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName=group,
        ScheduledActionName=name,
        Recurrence="0 20 * * *",
        TimeZone="Europe/Berlin",
        MinSize=0,
        MaxSize=0,
        EndTime="2027-01-01T00:00:00Z",
    )
    (step,) = raise_all(scope, BY_CLOCK).changes
    assert [(change.field, change.from_) for change in step.changes] == [("ends", "2027-01-01T00:00:00Z")]
    assert look_and_plan(scope, BY_CLOCK).settled


def test_gone_with_its_group_deleting_it_is_fine(scope: Scope) -> None:
    raise_all(scope, BY_CLOCK)
    (found,) = look(scope, KIND, "web-nights")
    unschedule(scope, found.id)
    KIND.delete(scope, found.id)
    assert look(scope, KIND, "web-nights") == []


def test_a_whole_document_with_a_schedule_is_raised_once_and_stays_as_it_is_at_night(scope: Scope) -> None:
    environment = by_clock(str(scope.environment))
    raise_all(scope, environment.parts())
    assert sorted(part.name for part in environment.parts() if isinstance(part, ScheduledAction)) == [
        "web-mornings",
        "web-nights",
    ]
    set_sizes(scope, 0, 0)
    assert look_and_plan(scope, environment.parts()).settled
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()


def by_clock(name: str) -> Environment:
    nights = {"cron": "0 20 * * *", "time_zone": "Europe/Berlin", "min": 0, "max": 0}
    mornings = {"cron": "0 7 * * MON-FRI", "time_zone": "Europe/Berlin", "min": 1, "max": 4}
    servers = {"image": {"id": "ami-12c6146b"}, "schedule": {"nights": nights, "mornings": mornings}}
    network = {"cidr": "10.0.0.0/16", "zones": 1, "nat": "none"}
    return build({"name": name, "region": "eu-west-1", "network": network, "servers": {"web": servers}})
