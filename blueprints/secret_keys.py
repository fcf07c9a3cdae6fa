"""Keys of KMS that secrets are encrypted by, and what whoever reads such a secret may do with them."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from blueprints.granting import allowing
from blueprints.log_groups import KeyArn
from blueprints.part import Piece
from blueprints.problem import Problem

DECRYPTS = ("kms:Decrypt",)


class Decrypting(Piece):
    """What reading a secret takes beside the grant: the key that encrypts it, by way of Secrets Manager only.

    It stands among the grants of whoever reads it, and no document has it.
    https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
    """

    key: KeyArn

    def problems(self, where: str, known: Mapping[str, Collection[str]]) -> Iterator[Problem]:
        """None: as with a grant."""
        yield from ()

    def statements(self, region: str) -> Iterator[dict[str, Any]]:
        """What lets them do it, and nothing else."""
        yield allowing(DECRYPTS, self.key) | {"Condition": {"StringEquals": {"kms:ViaService": service_of(self.key)}}}


def region_of(arn: str) -> str:
    """The region in an ARN."""
    return arn.split(":")[3]


def service_of(key: str) -> str:
    """Secrets Manager in a key's region, as `kms:ViaService` names it.

    https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service
    """
    region = region_of(key)
    return f"secretsmanager.{region}.amazonaws.com{'.cn' if region.startswith('cn-') else ''}"


def keys_of(secrets: Mapping[str, Any]) -> dict[str, str]:
    """The keys of a document's secrets, by what these are read as: `secret/<name>`, or the ARN of one that exists."""
    return {one.existing or f"secret/{name}": one.kms_key for name, one in secrets.items() if one.kms_key}


def with_keys(reader: Any, keys: Mapping[str, str]) -> Any:
    """A function, servers or an instance, with the keys of what it reads among its grants."""
    decrypting = decryptions([*(grant.read for grant in reader.can), *getattr(reader, "secrets", {}).values()], keys)
    return reader.model_copy(update={"can": (*reader.can, *decrypting)}) if decrypting else reader


def decryptions(read: Collection[str | None], keys: Mapping[str, str]) -> list[Decrypting]:
    """One for each key that reading these takes."""
    return [Decrypting(key=key) for key in sorted({keys[one] for one in read if one is not None and one in keys})]
