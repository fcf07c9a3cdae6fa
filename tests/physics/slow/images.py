"""Images and snapshots: pending first."""

from typing import Any

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.rewrite import restate
from tests.physics.world import World


@after("ec2:CreateImage", "ec2:CopyImage", "ec2:RegisterImage")
def bake(request: Request, answer: Answer, world: World) -> None:
    """An image is available once its snapshots are complete."""
    image = next(reversed(world.backend(request).amis.values()))
    name = {"CreateImage": "image_available", "CopyImage": "image_copied"}.get(request.operation, "image_registered")
    if world.time(name) > 0:
        image.state, image.ebs_snapshot.status = "pending", "pending"
    world.later(name, lambda: done(image))


def done(image: Any) -> None:
    image.state, image.ebs_snapshot.status = "available", "completed"


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
