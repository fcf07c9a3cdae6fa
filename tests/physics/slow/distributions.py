"""Distributions: in progress until a change is everywhere."""

from typing import Any

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.rewrite import restate
from tests.physics.world import World


@after("cloudfront:CreateDistribution", "cloudfront:CreateDistributionWithTags", "cloudfront:UpdateDistribution")
def spread(request: Request, answer: Answer, world: World) -> Answer | None:
    if world.time("distribution_deployed") <= 0:
        return None
    known = world.backend(request).distributions
    one = known[request.text("Id")] if request.text("Id") else next(reversed(known.values()))
    one.spreading = spreading = object()
    hold(one, "InProgress")

    def deployed() -> None:
        if one.spreading is spreading:  # no later change is under way
            hold(one, "Deployed")

    world.later("distribution_deployed", deployed)
    return restate(answer, "Status", "Deployed", "InProgress")


def hold(distribution: Any, status: str) -> None:
    """Moto moves it on by itself; this is where it stays."""
    distribution._transitions = [(status, status)]
    distribution._status = status
