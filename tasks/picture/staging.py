"""From a blueprint, or from what stands, to a scene."""

from collections.abc import Iterable, Sequence
from typing import Any

from blueprints.environment import Environment
from tasks.kind import Found
from tasks.picture.scene import Scene, cards_of, left_out
from tasks.picture.things import Thing, things_of, things_standing
from tasks.picture.traffic import arrows_between
from tasks.registry import KINDS


def scene_of(environment: Environment) -> Scene:
    """What a blueprint describes. Asks AWS nothing; raises Invalid."""
    return staged(environment.name, environment.region, things_of(environment.parts(), KINDS))


def scene_standing(name: str, region: str, found: Iterable[Found[Any]]) -> Scene:
    """What stands."""
    return staged(name, region, things_standing(found))


def staged(name: str, region: str, things: Sequence[Thing]) -> Scene:
    """The scene of these things. Pure."""
    cards, subnets = cards_of(things)
    arrows, others = arrows_between(things, cards)
    vpc = next((f"VPC {thing.state['cidr']}" for thing in things if thing.kind == "vpc"), None)
    vpc = vpc or ("the default VPC" if subnets else None)
    cards = sorted([*cards, *others], key=lambda card: card.key)
    return Scene(name, region, vpc, subnets, tuple(cards), tuple(arrows), left_out(things))
