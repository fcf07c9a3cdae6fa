"""Queues: what isn't said stays."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.physics.hooks import during
from tests.physics.protocol import Request
from tests.physics.world import World


@during("sqs:SetQueueAttributes")
@contextmanager
def policy_kept(request: Request, world: World) -> Iterator[None]:
    """Moto forgets a queue's policy with each change of something else."""
    queue = world.backend(request).queues.get(request.text("QueueUrl").rpartition("/")[2])
    policy = queue.policy if queue else None
    yield
    if queue and "Policy" not in request.params.get("Attributes", {}):
        queue.policy = policy
