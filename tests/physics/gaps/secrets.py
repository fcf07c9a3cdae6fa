"""Secrets: a description can be emptied."""

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World


@after("secretsmanager:UpdateSecret")
def description_emptied(request: Request, answer: Answer, world: World) -> None:
    """Moto keeps the old one."""
    if answer.status == 200 and request.params.get("Description") == "":
        world.backend(request).secrets[request.text("SecretId")].description = ""
