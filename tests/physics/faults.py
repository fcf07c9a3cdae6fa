"""Seeded bad luck: throttling, server errors, broken connections, lost answers, things not yet visible."""

from dataclasses import dataclass

from tests.physics.answers import Answer
from tests.physics.protocol import Request
from tests.physics.world import World


@dataclass
class Faults:
    """The profile's bad luck, drawn from the world's seed."""

    world: World

    def before(self, request: Request) -> tuple[Answer | None, str]:
        return None, ""

    def after(self, request: Request) -> str:
        return ""
