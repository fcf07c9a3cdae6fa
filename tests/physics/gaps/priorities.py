"""Listener rules that change places: AWS looks at the new order only, moto at the old one too."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.physics.hooks import during
from tests.physics.protocol import Request
from tests.physics.world import World


@during("elbv2:SetRulePriorities")
@contextmanager
def places_left(request: Request, world: World) -> Iterator[None]:
    """While moto answers, the rules that are named stand nowhere; where it refuses, they get their places back."""
    named = {row.get("RuleArn") for row in request.rows("RulePriorities")}
    balancers = world.backend(request).load_balancers.values()
    rules = [rule for one in balancers for listener in one.listeners.values() for rule in listener.rules.values()]
    kept = [(rule, rule.priority) for rule in rules if rule.arn in named]
    for rule, _ in kept:
        rule.priority = None
    try:
        yield
    finally:
        for rule, priority in kept:
            rule.priority = priority if rule.priority is None else rule.priority
