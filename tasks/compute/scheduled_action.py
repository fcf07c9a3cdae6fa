"""Scheduled actions: a scaling group's sizes change when a cron comes."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.schedule import UTC, ScheduledAction
from tasks.compute.belongings import group_and_title, id_of, ours, scheduled_actions, title
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.scope import ENVIRONMENT, PART, Scope

UNSAID = ("min", "max", "desired", "ends")


class ScheduledActionState(State):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-scheduled-scaling.html"""

    group: Fixed[str]
    cron: str
    time_zone: str
    min: int | None
    max: int | None
    desired: int | None
    ends: str | None = None


class ScheduledActionKind(Kind[ScheduledAction, ScheduledActionState]):
    """Scheduled actions of scaling groups.

    AWS tags none: it's the environment's if its group is, and its name begins as Castra's do. `<group>/<action>` is
    the id.
    """

    name = "scheduled-action"
    taggable = False
    goes_first = True
    goes_with = ("scaling-group",)
    actions = (
        "autoscaling:DeleteScheduledAction",
        "autoscaling:DescribeAutoScalingGroups",
        "autoscaling:DescribeScheduledActions",
        "autoscaling:PutScheduledUpdateGroupAction",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ScheduledActionState]]:
        """One DescribeScheduledActions for the account, beside the groups that are listed anyway."""
        for environment, name, action in ours(scope, scheduled_actions(scope), "ScheduledActionName"):
            tags = {ENVIRONMENT: environment, PART: self.key(name)}
            id = id_of(action["AutoScalingGroupName"], action["ScheduledActionName"])
            yield Found(self.name, name, id, _state(action), tags)

    def wanted(self, part: ScheduledAction, ids: Mapping[str, str]) -> ScheduledActionState:
        """See the base."""
        return ScheduledActionState(
            group=ids[part.group],
            cron=part.cron,
            time_zone=part.time_zone,
            min=part.min,
            max=part.max,
            desired=part.desired,
        )

    def create(self, scope: Scope, name: str, wanted: ScheduledActionState) -> str:
        """PutScheduledUpdateGroupAction makes or changes what has the name. AWS takes 125 a group, each at its time."""
        return _put(scope, wanted, title(scope.environment, name))

    def update(self, scope: Scope, id: str, wanted: ScheduledActionState, changed: frozenset[str]) -> None:
        """By its name. What the call leaves unsaid stays as it was, so that to unsay something it's made anew."""
        if any(field in changed and getattr(wanted, field) is None for field in UNSAID):
            self.delete(scope, id)
        _put(scope, wanted, group_and_title(id)[1])

    def delete(self, scope: Scope, id: str) -> None:
        """The sizes stay as they are. It goes with its group too."""
        group, name = group_and_title(id)
        with gone_is_fine("ValidationError", saying="not found"):
            scope.autoscaling.delete_scheduled_action(AutoScalingGroupName=group, ScheduledActionName=name)


def _put(scope: Scope, wanted: ScheduledActionState, name: str) -> str:
    sizes = {"MinSize": wanted.min, "MaxSize": wanted.max, "DesiredCapacity": wanted.desired}
    scope.autoscaling.put_scheduled_update_group_action(
        AutoScalingGroupName=wanted.group,
        ScheduledActionName=name,
        Recurrence=wanted.cron,
        TimeZone=wanted.time_zone,
        **{size: number for size, number in sizes.items() if number is not None},
    )
    return id_of(wanted.group, name)


def _state(action: Mapping[str, Any]) -> ScheduledActionState:
    """When it begins isn't state: AWS tells the next time there."""
    ends = action.get("EndTime")
    return ScheduledActionState(
        group=action["AutoScalingGroupName"],
        cron=" ".join(action.get("Recurrence", "").split()),
        time_zone=action.get("TimeZone") or UTC,
        min=action.get("MinSize"),
        max=action.get("MaxSize"),
        desired=action.get("DesiredCapacity"),
        ends=f"{ends:%Y-%m-%dT%H:%M:%SZ}" if ends else None,
    )
