"""Keys of users for programs, whose secret half goes from IAM's answer into Secrets Manager, and nowhere else."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import uuid4

from botocore.exceptions import ClientError

from blueprints.people import AccessKey
from tasks.each import each
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.identity.home import name_of
from tasks.kind import Fixed, Found, Kind, State
from tasks.retry import when_released, when_visible
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict, as_list

GONE = "ResourceNotFoundException"
KEY = "castra:access-key"  # on the secret: the id of the key that it holds; `making` until it holds one
GENERATION = "castra:generation"
BEFORE = "castra:keys-before"  # ids of the user's keys when the making began: those are somebody else's
USER = "castra:user"  # the ARN of the user whose key it is
MAKING = "making"
ACTIVE = "Active"


class AccessKeyState(State):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"""

    user: Fixed[str]
    generation: Fixed[int]
    status: str = ACTIVE


class Kept(NamedTuple):
    """A secret that holds a key, or is to hold one."""

    arn: str
    name: str
    tags: Mapping[str, str]

    @property
    def key(self) -> str:
        return self.tags.get(KEY, MAKING)

    @property
    def user(self) -> str:
        return self.tags.get(USER, "")


class AccessKeyKind(Kind[AccessKey, AccessKeyState]):
    """Keys of users for programs, kept in Secrets Manager.

    The secret `castra/<environment>/access-keys/<name>` is made first, with the ids of the keys that the user has got
    already. A run that dies after the key was made, and before the secret holds it, leaves one that is in neither: it
    is found by that, told as failed, and deleted before another one is made. Ids are the secret's ARN and the key's id.
    """

    name = "access-key"
    goes_first = True
    whole_at_birth = False
    actions = (
        "iam:CreateAccessKey",
        "iam:DeleteAccessKey",
        "iam:ListAccessKeys",
        "iam:UpdateAccessKey",
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:DescribeSecret",
        "secretsmanager:ListSecrets",
        "secretsmanager:PutSecretValue",
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
    )

    def owned(self, scope: Scope) -> Iterator[Found[AccessKeyState]]:
        """ListSecrets by tag, and a call a user for its keys, which AWS lists for one at a time."""
        for kept, keys in each(lambda one: keys_of(scope, name_of(one.user)), secrets_of(scope)):
            if name := self.named_in(kept.tags):
                yield from self._found(name, kept, keys)

    def wanted(self, part: AccessKey, ids: Mapping[str, str]) -> AccessKeyState:
        """See the base."""
        return AccessKeyState(user=ids[part.user], generation=part.generation)

    def create(self, scope: Scope, name: str, wanted: AccessKeyState) -> str:
        """The secret, the key, the key into the secret, and the tag that says so: in this order."""
        user, client = name_of(wanted.user), scope.client("secretsmanager")
        there = self._secret_for(scope, name, wanted)
        keys = {one["AccessKeyId"]: one for one in keys_of(scope, user)}
        if there.key in keys and there.user == wanted.user:  # it's whole, and only wasn't listed yet
            return f"{there.arn}/{there.key}"
        _delete_orphans(scope, user, there, keys)
        made = when_visible(f"user {user}", scope.client("iam", once=True).create_access_key, UserName=user)[
            "AccessKey"
        ]
        value = {"user": user, "access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"]}
        client.put_secret_value(SecretId=there.arn, SecretString=json.dumps(value), ClientRequestToken=str(uuid4()))
        _tag(scope, there.arn, {KEY: made["AccessKeyId"]})
        return f"{there.arn}/{made['AccessKeyId']}"

    def update(self, scope: Scope, id: str, wanted: AccessKeyState, changed: frozenset[str]) -> None:
        """Only whether it can be used."""
        key = {"UserName": name_of(wanted.user), "AccessKeyId": name_of(id)}
        scope.iam.update_access_key(**key, Status=wanted.status)

    def delete(self, scope: Scope, id: str) -> None:
        """The key first, so that nobody can use it any more; then the secret, for good. Orphans go, too."""
        client, arn = scope.client("secretsmanager"), id.rpartition("/")[0]
        with gone_is_fine(GONE):
            there = client.describe_secret(SecretId=arn)
            kept = Kept(arn, there["Name"], as_dict(there.get("Tags")))
            user = name_of(kept.user)
            _delete_orphans(scope, user, kept, {one["AccessKeyId"] for one in keys_of(scope, user)})
            _delete_key(scope, user, kept.key)
            client.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """A key has no tags: its secret has them."""
        arn = id.rpartition("/")[0]
        _tag(scope, arn, tags)
        if dropped:
            scope.client("secretsmanager").untag_resource(SecretId=arn, TagKeys=sorted(dropped))

    def _found(self, name: str, kept: Kept, keys: list[dict[str, Any]]) -> Iterator[Found[AccessKeyState]]:
        mine = next((one for one in keys if one["AccessKeyId"] == kept.key), None)
        state = AccessKeyState(
            user=kept.user, generation=int(kept.tags.get(GENERATION, "1")), status=mine["Status"] if mine else "missing"
        )
        outputs = {"secret": kept.name} if mine else {}
        phase: Any = "standing" if mine else "failed"
        yield Found(self.name, name, f"{kept.arn}/{kept.key}", state, kept.tags, phase, outputs)

    def _secret_for(self, scope: Scope, name: str, wanted: AccessKeyState) -> Kept:
        """The secret, empty if it's made just now. Raises CastraError if one of this name isn't ours."""
        called, client = f"castra/{scope.environment}/access-keys/{name}", scope.client("secretsmanager")
        before = " ".join(sorted(one["AccessKeyId"] for one in keys_of(scope, name_of(wanted.user))))
        own = {KEY: MAKING, BEFORE: before, USER: wanted.user, GENERATION: str(wanted.generation)}
        tags = self.birth_tags(scope, name, wanted) | own
        try:
            made = when_released(
                f"the name {called}, which Secrets Manager keeps for a moment",
                client.create_secret,
                Name=called,
                Description=f"The access key of user {name_of(wanted.user)}",
                ClientRequestToken=str(uuid4()),
                SecretString="{}",
                Tags=as_list(tags),
            )
        except ClientError as error:
            if code_of(error) != "ResourceExistsException":
                raise
            there = client.describe_secret(SecretId=called)
            kept = Kept(there["ARN"], there["Name"], as_dict(there.get("Tags")))
            if scope.owns(kept.tags) and self.named_in(kept.tags) == name:
                return kept
            why = f"there is a secret {called} that doesn't carry its tags"
            ours = f"{ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
            raise CastraError(self.key(name), why, f"Delete it, or tag it with {ours}") from error
        return Kept(made["ARN"], called, tags)


def secrets_of(scope: Scope) -> list[Kept]:
    """The secrets that hold keys of the scope's."""
    filters = [{"Key": "tag-key", "Values": [USER]}]
    listed = scope.pages("secretsmanager", "list_secrets", "SecretList", Filters=filters)
    kept = [Kept(one["ARN"], one["Name"], as_dict(one.get("Tags"))) for one in listed]
    return [one for one in kept if scope.owns(one.tags)]


def keys_of(scope: Scope, user: str) -> list[dict[str, Any]]:
    """All keys of a user; none where there's no such user."""
    with gone_is_fine("NoSuchEntity"):
        return list(scope.pages("iam", "list_access_keys", "AccessKeyMetadata", UserName=user))
    return []


def _delete_orphans(scope: Scope, user: str, kept: Kept, keys: Any) -> None:
    """Keys that were made for a secret that never came to hold them."""
    if kept.key == MAKING:
        for key in set(keys) - set(kept.tags.get(BEFORE, "").split()):
            _delete_key(scope, user, key)


def _delete_key(scope: Scope, user: str, key: str) -> None:
    with gone_is_fine("NoSuchEntity"):
        if key != MAKING:
            scope.iam.delete_access_key(UserName=user, AccessKeyId=key)


def _tag(scope: Scope, arn: str, tags: Mapping[str, str]) -> None:
    scope.client("secretsmanager").tag_resource(SecretId=arn, Tags=as_list(tags))
