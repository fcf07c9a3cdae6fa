"""Volumes: creating first; a change that is in force after a while, and a rest before the next one."""

from typing import Any

from moto.ec2.models.elastic_block_store import Volume, VolumeModification

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before
from tests.physics.protocol import Request
from tests.physics.rewrite import restate
from tests.physics.world import World

STATUS: Any = Volume.status

Volume.status = property(  # type: ignore[method-assign,assignment]
    lambda volume: "creating" if volume.__dict__.get("creating") else STATUS.fget(volume)
)
VolumeModification.modification_state = property(  # type: ignore[method-assign,assignment]
    lambda modification: modification.__dict__.get("state", "completed")
)


@after("ec2:CreateVolume")
def create(request: Request, answer: Answer, world: World) -> Answer:
    volume: Any = next(reversed(world.backend(request).volumes.values()))
    if world.time("volume_available") > 0:
        volume.creating = True
    world.later("volume_available", lambda: setattr(volume, "creating", False))
    return restate(answer, "status", "available", "creating")


@before("ec2:ModifyVolume")
def at_rest(request: Request, world: World) -> None:
    """One change at a time, and a rest after each."""
    if request.text("VolumeId") in world.recall("volumes changed lately", set):
        why = "You've reached the maximum modification rate per volume limit."
        raise Refused("VolumeModificationRateExceeded", why)


@after("ec2:ModifyVolume")
def change(request: Request, answer: Answer, world: World) -> None:
    volume: Any = world.backend(request).volumes[request.text("VolumeId")]
    modification, lately = volume.modifications[-1], world.recall("volumes changed lately", set)
    if world.time("volume_modified") > 0:
        modification.state = "modifying"
    if world.time("volume_rested") > 0:
        lately.add(volume.id)
    world.later("volume_modified", lambda: setattr(modification, "state", "optimizing"))
    world.later("volume_rested", lambda: (lately.discard(volume.id), setattr(modification, "state", "completed")))
