"""Servers that a group ends for failing their balancer's health check, once their grace is over.

Only those of which a test says how long they take to boot: what images' names say (`bad-...`) is told by the checks
alone.
"""

from typing import Any

from tests.physics import apps, fates
from tests.physics.gaps import scaling
from tests.physics.protocol import Request
from tests.physics.slow import instances
from tests.physics.world import World

CHECKS = 30  # seconds of AWS's until two checks have failed


def watch(request: Request, world: World, instance: Any) -> None:
    """Look at it again when its grace is over."""
    group = group_of(request, world, instance)
    if group is None or group.health_check_type != "ELB" or not apps.boots_for(world, instance):
        return
    world.timeline.later(
        int(group.health_check_grace_period or 0) + CHECKS, lambda: replace(request, world, instance, group)
    )


def replace(request: Request, world: World, instance: Any, group: Any) -> None:
    """End it, if it doesn't answer yet; another takes its place."""
    if group_of(request, world, instance) is not group or instance.state != "running":
        return
    if apps.code(world, world.backend(request, "ec2"), instance, 0, "") is not None:
        return
    words = f"Terminating EC2 instance: {instance.id}"
    why = "an instance was taken out of service in response to an ELB system health check failure."
    scaling.tell(group, "Successful", words, cause=f"At a time {why}", at=world.clock.now())
    fates.end(request, world, instance)
    instances.catch_up(request, world)


def group_of(request: Request, world: World, instance: Any) -> Any:
    groups = world.backend(request, "autoscaling").autoscaling_groups.values()
    return next((each for each in groups if any(one.instance is instance for one in each.instance_states)), None)
