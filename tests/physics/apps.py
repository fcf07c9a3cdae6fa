"""What runs on instances, as far as a test says more of it than an image's name does: by tags of an image or instance.

`physics:paths` are those that are answered by 200 (others by 404), `physics:listens` the one port that is open, and
`physics:boots` the seconds of AWS's from coming up to the first answer. `physics:unchecked` isn't about what runs
there: the balancer itself fails to check it.
"""

from typing import Any

from tests.physics import fates
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World

TAGS = ("physics:paths", "physics:listens", "physics:boots", "physics:unchecked")


@before("ec2:CreateTags")
def told(request: Request, world: World) -> None:
    """Keep what a test says. The newest word counts."""
    for row in request.rows("Tag"):
        if row.get("Key") in TAGS:
            for id in request.texts("ResourceId"):
                said(world).setdefault(id, {})[str(row["Key"])] = str(row.get("Value", ""))


def said(world: World) -> dict[str, dict[str, str]]:
    """What tests said, by the id of an image or an instance."""
    words: dict[str, dict[str, str]] = world.recall("apps", dict)
    return words


def word(world: World, instance: Any, tag: str) -> str:
    """What is said of an instance, or of its image; else an empty text."""
    words = said(world)
    return words.get(instance.id, {}).get(tag) or words.get(instance.image_id, {}).get(tag, "")


def boots_for(world: World, instance: Any) -> float:
    """AWS seconds until it answers."""
    return float(word(world, instance, "physics:boots") or 0)


def code(world: World, ec2: Any, instance: Any, port: int, path: str) -> int | None:
    """The code by which a question over HTTP is answered; None where the connection is refused."""
    up = fates.up_since(world).get(instance.id, 0.0)
    open_port = word(world, instance, "physics:listens")
    if world.clock.now() - up < boots_for(world, instance) or (open_port and int(open_port) != port):
        return None
    if not fates.answers(world, ec2, instance):
        return None
    paths = word(world, instance, "physics:paths").split()
    return 200 if not paths or path in paths else 404
