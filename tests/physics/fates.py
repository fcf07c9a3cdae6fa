"""What becomes of an instance, by its image's name: most are well, some never, some fail or end after a while.

`bad-...` never answers; `failing-90-...` answers for 90 seconds of AWS's and then no more; `ending-90-...` is ended by
itself 90 seconds after it came up. All others answer as soon as they run.
"""

import re
from dataclasses import dataclass
from typing import Any

from tests.physics.protocol import Request
from tests.physics.world import World

NAMED = re.compile(r"(bad|failing|ending)-(?:(\d+)-)?")


@dataclass(frozen=True)
class Fate:
    """Seconds after it came up: until when it answers, and when it ends; None is never."""

    answers_until: float | None = None
    ends: float | None = None


def fate_of(ec2: Any, instance: Any) -> Fate:
    """By the name of the image that it was launched from."""
    image = ec2.amis.get(instance.image_id)
    found = NAMED.match(image.name or "") if image else None
    if found is None:
        return Fate()
    seconds = float(found[2] or 0)
    return {"bad": Fate(0), "failing": Fate(seconds), "ending": Fate(ends=seconds)}[found[1]]


def up_since(world: World) -> dict[str, float]:
    """When each instance came up."""
    times: dict[str, float] = world.recall("instances up since", dict)
    return times


def answers(world: World, ec2: Any, instance: Any) -> bool:
    """Whether it would answer a question over HTTP now."""
    if instance.state != "running":
        return False
    until = fate_of(ec2, instance).answers_until
    return until is None or world.clock.now() - up_since(world).get(instance.id, 0.0) < until


def came_up(request: Request, world: World, instance: Any) -> None:
    """From now on its fate counts."""
    ec2, now = world.backend(request, "ec2"), world.clock.now()
    up_since(world)[instance.id] = now
    ends = fate_of(ec2, instance).ends
    if ends is not None:
        world.timeline.later(ends, lambda: end(request, world, instance))


def end(request: Request, world: World, instance: Any) -> None:
    """It ends by itself, as where its host fails: its group notices, and launches another."""
    if instance.state not in ("pending", "running"):
        return
    world.backend(request, "ec2").terminate_instances([instance.id])
    world.backend(request, "elbv2").notify_terminate_instances([instance.id])
    world.backend(request, "autoscaling").notify_terminate_instances([instance.id])
