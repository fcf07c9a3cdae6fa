"""Stores: when an object was written, by AWS's own clock."""

from datetime import timedelta

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World


@after("s3:PutObject")
def written_by_the_clock(request: Request, answer: Answer, world: World) -> None:
    """Moto's objects know this machine's time only; `advance` moves S3's too, as its Date header tells."""
    ahead = timedelta(seconds=world.clock.ahead)
    if ahead:
        bucket, key = request.text("Bucket"), request.text("Key")
        world.backend(request).buckets[bucket].keys[key].last_modified += ahead
