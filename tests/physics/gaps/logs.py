"""Log groups: their tags go with them, and a key of KMS comes and goes."""

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, instead
from tests.physics.protocol import Request
from tests.physics.world import World


@after("logs:DeleteLogGroup")
def tags_gone(request: Request, answer: Answer, world: World) -> None:
    """In moto the next of its name has them."""
    logs = world.backend(request)
    standing = {group.arn for group in logs.groups.values()}
    for arn in [arn for arn in logs.tagger.tags if ":log-group:" in arn and arn not in standing]:
        logs.tagger.delete_all_tags_for_resource(arn)


@instead("logs:AssociateKmsKey", "logs:DisassociateKmsKey")
def encrypt(request: Request, world: World) -> Answer:
    """Moto takes a key with a new group only."""
    group = world.backend(request).groups.get(request.text("logGroupName"))
    if group is None:
        raise Refused("ResourceNotFoundException", "The specified log group does not exist.")
    group.kms_key_id = request.text("kmsKeyId") or None
    return Answer(200, [("Content-Type", "application/x-amz-json-1.1")], b"{}")
