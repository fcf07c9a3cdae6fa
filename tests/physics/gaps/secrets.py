"""Secrets: a description can be emptied, and so can a key, which is AWS's own then."""

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World


@after("secretsmanager:UpdateSecret")
def description_emptied(request: Request, answer: Answer, world: World) -> None:
    """Moto keeps the old one."""
    if answer.status == 200 and request.params.get("Description") == "":
        world.backend(request).secrets[request.text("SecretId")].description = ""


@after("secretsmanager:UpdateSecret")
def own_key_again(request: Request, answer: Answer, world: World) -> None:
    """Moto takes an empty key for none, or for one of that name; AWS tells no key then."""
    if answer.status == 200 and request.params.get("KmsKeyId") == "":
        backend = world.backend(request)
        backend.secrets[request.text("SecretId")].kms_key_id = backend.DEFAULT_KMS_KEY_ALIAS
