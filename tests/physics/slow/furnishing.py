"""Machines that furnish themselves: user data that ends by shutting the machine down does so after a time."""

import base64
import re

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World

SHUTS_DOWN = re.compile(r"^\s*(shutdown|poweroff|halt)\b", re.MULTILINE)


@after("ec2:RunInstances")
def furnish(request: Request, answer: Answer, world: World) -> None:
    """It's stopped then, or ended, as it was told to be at its launch."""
    if not SHUTS_DOWN.search(base64.b64decode(request.text("UserData")).decode(errors="replace")):
        return
    ec2 = world.backend(request)
    launched = [one for one in ec2.all_instances() if one.id.encode() in answer.body]
    ends = request.text("InstanceInitiatedShutdownBehavior") == "terminate"

    def down() -> None:
        for instance in launched:
            (ec2.terminate_instances if ends else ec2.stop_instances)([instance.id])

    world.later("machine_furnished", down)
