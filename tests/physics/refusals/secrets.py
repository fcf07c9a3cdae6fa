"""Secrets that are scheduled for deletion, and parameters whose type can't be changed.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/manage_delete-secret.html
"""

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World


@before("secretsmanager:CreateSecret")
def name_scheduled(request: Request, world: World) -> None:
    """Moto says that it exists."""
    secret = world.backend(request).secrets.get(request.text("Name"))
    if secret is not None and secret.is_deleted():
        why = "You can't create this secret because a secret with this name is already scheduled for deletion."
        raise Refused("InvalidRequestException", why)


@before(
    "secretsmanager:PutSecretValue",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
    "secretsmanager:UpdateSecret",
)
def marked(request: Request, world: World) -> None:
    secret = world.backend(request).secrets.get(request.text("SecretId"))
    if secret is not None and secret.is_deleted():
        why = "You can't perform this operation on the secret because it was marked for deletion."
        raise Refused("InvalidRequestException", why)


@before("ssm:PutParameter")
def other_type(request: Request, world: World) -> None:
    versions = world.backend(request)._parameters.get(request.text("Name"))
    type = request.text("Type")
    if versions and type and request.params.get("Overwrite") and versions[-1].parameter_type != type:
        why = "Parameter Store doesn't support changing a parameter type in a hierarchy."
        raise Refused("HierarchyTypeMismatchException", why)
