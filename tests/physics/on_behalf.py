"""What a service does in the caller's name, and the caller must be allowed, too."""

from collections.abc import Iterator

from tests.physics.ec2_resources import Need
from tests.physics.protocol import Request
from tests.physics.world import World

MAKES_ONE = ("GenerateDataKey", "Decrypt")
KEYS = {
    "CreateSecret": MAKES_ONE,
    "GetSecretValue": ("Decrypt",),
    "PutSecretValue": MAKES_ONE,
    "UpdateSecret": (*MAKES_ONE, "Encrypt"),
}
"""What Secrets Manager does with a secret's key, unless it is AWS's own, by operation.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
"""


def on_behalf(request: Request, world: World) -> Iterator[Need]:
    """All that a call needs beside its own action."""
    if request.service == "rds" and request.flag("ManageMasterUserPassword"):
        yield from of_kept_passwords(request, world)
    if request.service == "secretsmanager" and request.operation in KEYS:
        yield from of_keys(request, world)


def of_kept_passwords(request: Request, world: World) -> Iterator[Need]:
    """RDS makes the secret: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html"""
    there = f"{request.region}:{world.backend(request).account_id}"
    secret = f"arn:aws:secretsmanager:{there}:secret:rds!db-1-abcdef"
    yield "secretsmanager:CreateSecret", secret, {}
    yield "secretsmanager:TagResource", secret, {}
    yield "kms:DescribeKey", f"arn:aws:kms:{there}:key/1", {}


def of_keys(request: Request, world: World) -> Iterator[Need]:
    """By their ARNs: the key that the secret has, and the one that it is to have."""
    secret = world.backend(request).secrets.get(request.text("SecretId") or request.text("Name"))
    keys = {request.text("KmsKeyId"), getattr(secret, "kms_key_id", None) or ""}
    for key in sorted(one for one in keys if one.startswith("arn:")):
        for verb in KEYS[request.operation]:
            yield f"kms:{verb}", key, {"kms:ViaService": f"secretsmanager.{request.region}.amazonaws.com"}
