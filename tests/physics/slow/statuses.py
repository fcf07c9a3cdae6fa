"""Status checks of instances: initializing first; a test may let an instance fail them."""

from typing import Any

from moto.ec2.models.instances import Instance

from tests.physics.answers import Answer
from tests.physics.hooks import after, before
from tests.physics.protocol import Request
from tests.physics.world import World

REACHABILITY = {"ok": "passed", "impaired": "failed"}


def status(instance: Any) -> dict[str, Any]:
    """As AWS tells it: nothing is known of one that doesn't run."""
    if instance.state_code != 16:
        return {"Status": "not-applicable"}
    told = getattr(instance, "checked", "ok")
    return {"Details": [{"Name": "reachability", "Status": REACHABILITY.get(told, told)}], "Status": told}


Instance.instance_status = property(status)  # type: ignore[method-assign,assignment]


@after("ec2:RunInstances", "ec2:StartInstances")
def check_later(request: Request, answer: Answer, world: World) -> None:
    """Checks begin once an instance runs, and take minutes."""
    for instance in world.backend(request).all_instances():
        if instance.id.encode() in answer.body:
            instance.checked = "initializing"
            passes = world.time("instance_running") + world.time("instance_checked")
            world.timeline.later(passes, lambda instance=instance: settle(instance, world))


def settle(instance: Any, world: World) -> None:
    if instance.checked == "initializing":
        instance.checked = "impaired" if instance.image_id in unbootable(world) else "ok"


@before("ec2:CreateTags")
def impaired(request: Request, world: World) -> None:
    """What a test tags `physics:impaired` fails its checks: an instance does so now, one of an image at its launch."""
    if "physics:impaired" not in {row.get("Key") for row in request.rows("Tag")}:
        return
    unbootable(world).update(request.texts("ResourceId"))
    for instance in world.backend(request).all_instances():
        if instance.id in request.texts("ResourceId"):
            instance.checked = "impaired"


def unbootable(world: World) -> set[str]:
    """Instances and images that don't come up."""
    known: set[str] = world.recall("impaired", set)
    return known
