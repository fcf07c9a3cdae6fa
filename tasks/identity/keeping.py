"""Secrets that credentials of users are kept in: made before what they are to hold, and tagged with what they hold."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from botocore.exceptions import ClientError

from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Kind
from tasks.retry import when_released
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict, as_list

KEY_OF = "castra:user"  # the ARN of the user whose access key a secret holds
LOGIN_OF = "castra:login-of"  # the ARN of the user whose first password it holds
GONE = "ResourceNotFoundException"
MAKING = "making"
"""What a secret is tagged with until it holds what it's for."""
KEEPING = (
    "secretsmanager:CreateSecret",
    "secretsmanager:DeleteSecret",
    "secretsmanager:DescribeSecret",
    "secretsmanager:ListSecrets",
    "secretsmanager:PutSecretValue",
    "secretsmanager:TagResource",
    "secretsmanager:UntagResource",
)
"""What it takes to keep a credential."""


class Kept(NamedTuple):
    """A secret that holds a credential, or is to hold one."""

    arn: str
    name: str
    tags: Mapping[str, str]


def kept_under(scope: Scope, tag: str) -> list[Kept]:
    """The scope's secrets that carry one of the two tags. ListSecrets, once a survey."""
    return [one for one in scope.listed("credentials kept", lambda: list(_listed(scope))) if tag in one.tags]


def _listed(scope: Scope) -> Iterator[Kept]:
    filters = [{"Key": "tag-key", "Values": [KEY_OF, LOGIN_OF]}]
    for one in scope.pages("secretsmanager", "list_secrets", "SecretList", Filters=filters):
        kept = Kept(one["ARN"], one["Name"], as_dict(one.get("Tags")))
        if scope.owns(kept.tags):
            yield kept


def named(scope: Scope, folder: str, name: str) -> str:
    """What the secret of a part is called."""
    return f"castra/{scope.environment}/{folder}/{name}"


def described(scope: Scope, called: str) -> Kept | None:
    """A secret as it is now; None where there's none. Listings lag behind by minutes."""
    with gone_is_fine(GONE):
        there = scope.client("secretsmanager").describe_secret(SecretId=called)
        return Kept(there["ARN"], there["Name"], as_dict(there.get("Tags")))
    return None


def secret_for(kind: Kind[Any, Any], scope: Scope, name: str, folder: str, about: str, tags: Mapping[str, str]) -> Kept:
    """The secret `castra/<environment>/<folder>/<name>`, empty if it's made just now.

    Raises CastraError if one of this name isn't the part's.
    """
    called, client = named(scope, folder, name), scope.client("secretsmanager")
    try:
        made = when_released(
            f"the name {called}, which Secrets Manager keeps for a moment",
            client.create_secret,
            Name=called,
            Description=about,
            ClientRequestToken=str(uuid4()),
            SecretString="{}",
            Tags=as_list(tags),
        )
    except ClientError as error:
        if code_of(error) != "ResourceExistsException":
            raise
        kept = described(scope, called)
        if kept and scope.owns(kept.tags) and kind.named_in(kept.tags) == name:
            return kept
        why = f"there is a secret {called} that doesn't carry its tags"
        ours = f"{ENVIRONMENT}={scope.environment} and {PART}={kind.key(name)}"
        raise CastraError(kind.key(name), why, f"Delete it, or tag it with {ours}") from error
    return Kept(made["ARN"], called, tags)


def retag(scope: Scope, arn: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
    """A credential has no tags: its secret has them."""
    client = scope.client("secretsmanager")
    client.tag_resource(SecretId=arn, Tags=as_list(tags))
    if dropped:
        client.untag_resource(SecretId=arn, TagKeys=sorted(dropped))


def drop(scope: Scope, arn: str) -> None:
    """Delete a secret for good: no recovery window keeps a name that may be wanted again."""
    with gone_is_fine(GONE):
        scope.client("secretsmanager").delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)
