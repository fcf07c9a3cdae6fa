"""Images and snapshots: pending first."""

from typing import Any

from tests.physics.answers import Answer
from tests.physics.gaps.images import snapshots_of
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.rewrite import restate
from tests.physics.world import World


@after("ec2:CreateImage", "ec2:CopyImage", "ec2:RegisterImage")
def bake(request: Request, answer: Answer, world: World) -> None:
    """An image is available once its snapshots are complete; those of a registered one are, before it."""
    ec2 = world.backend(request)
    image = next(reversed(ec2.amis.values()))
    fresh = snapshots_of(ec2, image) if request.operation != "RegisterImage" else []
    name = {"CreateImage": "image_available", "CopyImage": "image_copied"}.get(request.operation, "image_registered")
    if world.time(name) > 0:
        state(image, fresh, "pending", "pending")
    world.later(name, lambda: state(image, fresh, "available", "completed"))


def state(image: Any, snapshots: list[Any], now: str, status: str) -> None:
    image.state = now
    for snapshot in snapshots:
        snapshot.status = status


@after("ec2:CreateSnapshot", "ec2:CreateSnapshots", "ec2:CopySnapshot")
def write(request: Request, answer: Answer, world: World) -> Answer:
    """All snapshots that weren't there before; those of one CreateSnapshots are complete together."""
    snapshots = world.backend(request).snapshots.values()
    known: set[str] = world.recall(f"snapshots known {request.region}", set)
    fresh = [each for each in snapshots if each.id not in known and each.id.encode() in answer.body]
    known |= {each.id for each in fresh}
    name = "snapshot_copied" if request.operation == "CopySnapshot" else "snapshot_completed"
    for snapshot in fresh if world.time(name) > 0 else ():
        snapshot.status = "pending"

    def complete() -> None:
        for snapshot in fresh:
            snapshot.status = "completed"

    world.later(name, complete)
    return restate(answer, "status", "completed", "pending")
