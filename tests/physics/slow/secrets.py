"""Secrets: the name of one that was deleted for good is taken for a moment."""

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before
from tests.physics.protocol import Request
from tests.physics.world import World


@before("secretsmanager:DeleteSecret")
def note(request: Request, world: World) -> None:
    """The name, which moto forgets at once."""
    secret = world.backend(request).secrets.get(request.text("SecretId"))
    world.memory["secret to delete"] = secret.name if secret is not None else ""


@after("secretsmanager:DeleteSecret")
def name_taken(request: Request, answer: Answer, world: World) -> None:
    name = world.memory.pop("secret to delete", "")
    forced = bool(name) and answer.status == 200 and request.params.get("ForceDeleteWithoutRecovery")
    if forced and world.time("secret_name_free") > 0:
        taken: set[str] = world.recall("secret names", set)
        taken.add(name)
        world.later("secret_name_free", lambda: taken.discard(name))


@before("secretsmanager:CreateSecret")
def too_soon(request: Request, world: World) -> None:
    if request.text("Name") in world.recall("secret names", set):
        why = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise Refused("InvalidRequestException", why)
