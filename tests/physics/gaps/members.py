"""Members of scaling groups: the version that each was launched from, how they end, and who is registered where."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from moto.autoscaling.models import AutoScalingBackend, InstanceState, TerminateInstanceActivity

from tests.physics.answers import Refused
from tests.physics.hooks import before, during
from tests.physics.protocol import Request
from tests.physics.world import World

LAUNCHED: Any = InstanceState.launch_template
NOTIFY = AutoScalingBackend.notify_terminate_instances

InstanceState.launch_template = property(  # type: ignore[assignment]
    lambda member: member.__dict__.get("launched") or LAUNCHED.fget(member)
)
"""Moto tells the version that is the default now, whatever it was at launch."""


def register_the_running(scaling: Any, group_name: str) -> None:
    """Targets that are running; moto tries all again, and breaks on those that are still coming up."""
    group = scaling.autoscaling_groups[group_name]
    members = [each.instance for each in group.instance_states if each.instance.state == "running"]
    for arn in group.target_group_arns or []:
        targets = scaling.elbv2_backend.target_groups[arn].targets
        new = [{"Id": each.id, "Port": scaling.elbv2_backend.target_groups[arn].port} for each in members]
        if new := [each for each in new if each["Id"] not in targets]:
            scaling.elbv2_backend.register_targets(arn, new)


def notify(scaling: Any, instance_ids: list[str]) -> None:
    """Those that take the place of ended ones are registered too."""
    NOTIFY(scaling, instance_ids)
    for name in scaling.autoscaling_groups:
        register_the_running(scaling, name)


AutoScalingBackend.update_attached_target_groups = register_the_running  # type: ignore[method-assign]
AutoScalingBackend.notify_terminate_instances = notify  # type: ignore[method-assign]


def going(group: Any) -> list[Any]:
    """Members that are on their way out."""
    members: list[Any] = group.__dict__.setdefault("going", [])
    return members


@before("autoscaling:TerminateInstanceInAutoScalingGroup")
def may_end(request: Request, world: World) -> None:
    """Moto breaks on one that is no member, and lets a group fall below its minimum."""
    id = request.text("InstanceId")
    group, member = member_of(world.backend(request), id)
    if group is None:
        why = f"Instance Id not found - No managed instance found for instance ID: {id}"
        raise Refused("ValidationError", why)
    shrink = request.flag("ShouldDecrementDesiredCapacity")
    if shrink and group.desired_capacity - weight_of(member) < group.min_size:
        why = (
            f"Currently, desiredSize equals minSize ({group.min_size}). Terminating instance without replacement will "
            "violate group's min size constraint. Either set shouldDecrementDesiredCapacity flag to false or lower "
            "group's min size."
        )
        raise Refused("ValidationError", why)


def member_of(scaling: Any, id: str) -> tuple[Any, Any]:
    """The group and the member with an instance's id."""
    groups = scaling.autoscaling_groups.values()
    found = [(group, each) for group in groups for each in group.instance_states if each.instance.id == id]
    return found[0] if found else (None, None)


def weight_of(member: Any) -> int:
    return int(getattr(member, "weighted_capacity", None) or 1)


def terminate(scaling: Any, instance_id: str, should_decrement: bool) -> TerminateInstanceActivity:
    """It stays a member until it has ended; moto forgets it at once."""
    group, member = member_of(scaling, instance_id)
    before = group.desired_capacity
    group.instance_states.remove(member)
    going(group).append(member)
    scaling.ec2_backend.terminate_instances([instance_id])
    scaling.elbv2_backend.notify_terminate_instances([instance_id])
    group.set_desired_capacity(before - (weight_of(member) if should_decrement else 0))
    return TerminateInstanceActivity(member.instance, before)


AutoScalingBackend.terminate_instance = terminate  # type: ignore[method-assign]


@during("autoscaling:DescribeAutoScalingGroups", "autoscaling:DescribeAutoScalingInstances")
@contextmanager
def still_there(request: Request, world: World) -> Iterator[None]:
    """Those that are ending are told with the others."""
    groups = list(world.backend(request).autoscaling_groups.values())
    kept = [(group, group.instance_states) for group in groups]
    for group in groups:
        members = going(group)
        members[:] = [each for each in members if each.instance.state != "terminated"]
        for each in members:
            each.lifecycle_state = "Terminating"
        group.instance_states = [*group.instance_states, *members]
    try:
        yield
    finally:
        for group, members in kept:
            group.instance_states = members
