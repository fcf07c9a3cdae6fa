"""Parameters: those of AWS's own aren't listed, and a version that was asked for is told."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from tests.physics.answers import Answer
from tests.physics.hooks import after, during
from tests.physics.protocol import Request
from tests.physics.world import World

PUBLIC = "/aws/service/"


@during("ssm:DescribeParameters")
@contextmanager
def public_are_unlisted(request: Request, world: World) -> Iterator[None]:
    """They can be got by name or by path only. Moto counts them in."""
    ssm = world.backend(request)
    every = ssm._parameters
    own = type(every)(every.account_id, every.region_name)
    dict.update(own, {name: versions for name, versions in every.items() if not name.startswith(PUBLIC)})
    ssm._parameters = own
    try:
        yield
    finally:
        ssm._parameters = every


@after("ssm:GetParameters")
def selectors(request: Request, answer: Answer, world: World) -> Answer | None:
    """`/name:3` is answered as `/name` with the selector `:3`."""
    asked = {name: selector for name, _, selector in (one.partition(":") for one in request.texts("Names")) if selector}
    if answer.status != 200 or not asked:
        return None
    told = json.loads(answer.body)
    for one in told["Parameters"]:
        if one["Name"] in asked:
            one["Selector"] = f":{asked[one['Name']]}"
    return replace(answer, body=json.dumps(told).encode())
