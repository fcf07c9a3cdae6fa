"""Queues: the name of one that was deleted is taken for a minute."""

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before
from tests.physics.protocol import Request
from tests.physics.world import World


@after("sqs:DeleteQueue")
def name_taken(request: Request, answer: Answer, world: World) -> None:
    if world.time("queue_name_free") > 0:
        name = request.text("QueueUrl").rpartition("/")[2]
        taken: set[str] = world.recall("queue names", set)
        taken.add(name)
        world.later("queue_name_free", lambda: taken.discard(name))


@before("sqs:CreateQueue")
def too_soon(request: Request, world: World) -> None:
    if request.text("QueueName") in world.recall("queue names", set):
        why = "You must wait 60 seconds after deleting a queue before you can create another with the same name."
        raise Refused("QueueDeletedRecently", why)
