"""Scaling groups: members come up through their states; a group that's force-deleted stays until they've gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import BEFORE, after, before, during
from tests.physics.protocol import Request
from tests.physics.world import World

DOOMED = "Delete in progress"
COMING = {"pending": "Pending", "shutting-down": "Terminating"}


@during("autoscaling:Describe*")
@contextmanager
def honest(request: Request, world: World) -> Iterator[None]:
    """Show members as what their instances are. Only while it's read: moto counts members that aren't in service as
    missing, and would launch more."""
    members = [each for group in world.backend(request).autoscaling_groups.values() for each in group.instance_states]
    kept = [(member, member.lifecycle_state) for member in members]
    for member in members:
        member.lifecycle_state = COMING.get(member.instance.state, member.lifecycle_state)
    try:
        yield
    finally:
        for member, state in kept:
            member.lifecycle_state = state


@before("autoscaling:DeleteAutoScalingGroup")
def note(request: Request, world: World) -> None:
    """Keep what moto is about to forget."""
    group = world.backend(request).autoscaling_groups.get(request.text("AutoScalingGroupName"))
    world.memory["group to delete"] = (group, list(group.instance_states)) if group else (None, [])


@after("autoscaling:DeleteAutoScalingGroup")
def linger(request: Request, answer: Answer, world: World) -> None:
    group, members = world.memory.pop("group to delete")
    groups = world.backend(request).autoscaling_groups
    if not members or world.time("instance_terminated") <= 0:
        return
    group.instance_states, group.status, group.desired_capacity = members, DOOMED, 0
    group.min_size = group.max_size = 0
    groups[group.name] = group

    def gone() -> None:
        if groups.get(group.name) is group:
            del groups[group.name]

    world.timeline.later(world.time("instance_terminated") + world.time("group_deleted"), gone)


def doomed(request: Request, world: World) -> None:
    name = request.text("AutoScalingGroupName")
    group: Any = world.backend(request).autoscaling_groups.get(name)
    if group is None or getattr(group, "status", None) != DOOMED:
        return
    if request.operation == "CreateAutoScalingGroup":
        why = f"AutoScalingGroup by this name already exists - A group with the name {name} is pending delete"
        raise Refused("AlreadyExists", why)
    if request.operation != "DeleteAutoScalingGroup" and request.write:
        raise Refused("ValidationError", f"AutoScalingGroup '{name}' is pending delete")


BEFORE["autoscaling:*"].insert(0, doomed)
