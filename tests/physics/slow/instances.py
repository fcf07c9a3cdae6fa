"""Instances: pending, stopping, shutting-down. Targets go when they begin to end, interfaces when they've ended."""

from typing import Any

from moto.ec2.models.instances import Instance, InstanceState

from tests.physics import fates, interfaces
from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.slow import replacing
from tests.physics.world import World

DISKS: Any = Instance.block_device_mappings
Instance.block_device_mappings = property(  # type: ignore[method-assign,assignment]
    lambda instance: [] if instance.state == "pending" else DISKS.fget(instance)
)
"""Which volumes it has, EC2 doesn't tell before it runs."""

ON_THE_WAY = {"running": ("pending", 0), "stopped": ("stopping", 64), "terminated": ("shutting-down", 32)}
CODES = {"running": 16, "stopped": 80, "terminated": 48}


@after("ec2:*", "autoscaling:*")
def follow(request: Request, answer: Answer, world: World) -> None:
    """Moto puts instances into their last state at once: see which ones it has moved, and make them take their time."""
    if request.write:
        catch_up(request, world)


def catch_up(request: Request, world: World) -> None:
    """Set out all that moto has moved since the last look."""
    ec2 = world.backend(request, "ec2")
    heading: dict[str, str] = world.recall("instances heading", dict)
    for instance in ec2.all_instances():
        if instance.state in ON_THE_WAY and heading.get(instance.id) != instance.state:
            heading[instance.id] = instance.state
            set_out(ec2, instance, heading, request, world)


def set_out(ec2: Any, instance: Any, heading: dict[str, str], request: Request, world: World) -> None:
    goal = instance.state
    if goal == "terminated":
        world.backend(request, "elbv2").notify_terminate_instances([instance.id])
        for nic in instance.nics.values():
            ec2.enis.setdefault(nic.id, nic)

    def arrive() -> None:
        if heading.get(instance.id) == goal:
            instance._state = InstanceState(goal, CODES[goal])
            if goal == "running":
                fates.came_up(request, world, instance)
                replacing.watch(request, world, instance)
            if goal == "terminated":
                let_go(ec2, instance)

    instance._state = InstanceState(*ON_THE_WAY[goal])
    world.later(f"instance_{goal}", arrive)


def let_go(ec2: Any, instance: Any) -> None:
    """The first interface ends with its instance; others only if they're told to, and are free otherwise."""
    for index, nic in list(instance.nics.items()):
        if index == 0 or nic.delete_on_termination:
            interfaces.drop(ec2, nic)
        else:
            instance.detach_eni(nic)
