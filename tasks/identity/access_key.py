"""Keys of users for programs, whose secret half goes from IAM's answer into Secrets Manager, and nowhere else."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from blueprints.people import AccessKey
from tasks.each import each
from tasks.errors import gone_is_fine
from tasks.identity.home import name_of
from tasks.identity.keeping import KEEPING, KEY_OF, MAKING, Kept, described, drop, kept_under, retag, secret_for
from tasks.kind import Fixed, Found, Kind, State
from tasks.retry import when_visible
from tasks.scope import Scope

KEY = "castra:access-key"  # on the secret: the id of the key that it holds; `making` until it holds one
GENERATION = "castra:generation"
BEFORE = "castra:keys-before"  # ids of the user's keys when the making began: those are somebody else's
ACTIVE = "Active"


class AccessKeyState(State):
    """https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html"""

    user: Fixed[str]
    generation: Fixed[int]
    status: str = ACTIVE


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
        *KEEPING,
    )

    def owned(self, scope: Scope) -> Iterator[Found[AccessKeyState]]:
        """ListSecrets by tag, and a call a user for its keys, which AWS lists for one at a time."""
        for kept, keys in each(lambda one: keys_of(scope, name_of(user_of(one))), secrets_of(scope)):
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
        if key_in(there) in keys and user_of(there) == wanted.user:  # it's whole, and only wasn't listed yet
            return f"{there.arn}/{key_in(there)}"
        _delete_orphans(scope, user, there, keys)
        made = when_visible(f"user {user}", scope.client("iam", once=True).create_access_key, UserName=user)[
            "AccessKey"
        ]
        value = {"user": user, "access_key_id": made["AccessKeyId"], "secret_access_key": made["SecretAccessKey"]}
        client.put_secret_value(SecretId=there.arn, SecretString=json.dumps(value), ClientRequestToken=str(uuid4()))
        retag(scope, there.arn, {KEY: made["AccessKeyId"]})
        return f"{there.arn}/{made['AccessKeyId']}"

    def update(self, scope: Scope, id: str, wanted: AccessKeyState, changed: frozenset[str]) -> None:
        """Only whether it can be used."""
        key = {"UserName": name_of(wanted.user), "AccessKeyId": name_of(id)}
        scope.iam.update_access_key(**key, Status=wanted.status)

    def delete(self, scope: Scope, id: str) -> None:
        """The key first, so that nobody can use it any more; then the secret, for good. Orphans go, too."""
        if kept := described(scope, id.rpartition("/")[0]):
            user = name_of(user_of(kept))
            _delete_orphans(scope, user, kept, {one["AccessKeyId"] for one in keys_of(scope, user)})
            _delete_key(scope, user, key_in(kept))
            drop(scope, kept.arn)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """A key has no tags: its secret has them."""
        retag(scope, id.rpartition("/")[0], tags, dropped)

    def _found(self, name: str, kept: Kept, keys: list[dict[str, Any]]) -> Iterator[Found[AccessKeyState]]:
        mine = next((one for one in keys if one["AccessKeyId"] == key_in(kept)), None)
        state = AccessKeyState(
            user=user_of(kept),
            generation=int(kept.tags.get(GENERATION, "1")),
            status=mine["Status"] if mine else "missing",
        )
        outputs = {"secret": kept.name} if mine else {}
        phase: Any = "standing" if mine else "failed"
        yield Found(self.name, name, f"{kept.arn}/{key_in(kept)}", state, kept.tags, phase, outputs)

    def _secret_for(self, scope: Scope, name: str, wanted: AccessKeyState) -> Kept:
        """With the ids of the keys that the user has got already, if it's made just now."""
        user = name_of(wanted.user)
        before = " ".join(sorted(one["AccessKeyId"] for one in keys_of(scope, user)))
        own = {KEY: MAKING, BEFORE: before, KEY_OF: wanted.user, GENERATION: str(wanted.generation)}
        tags = self.birth_tags(scope, name, wanted) | own
        return secret_for(self, scope, name, "access-keys", f"The access key of user {user}", tags)


def secrets_of(scope: Scope) -> list[Kept]:
    """The secrets that hold keys of the scope's."""
    return kept_under(scope, KEY_OF)


def key_in(kept: Kept) -> str:
    """The id of the key that a secret holds."""
    return kept.tags.get(KEY, MAKING)


def user_of(kept: Kept) -> str:
    """The ARN of the user whose key it is."""
    return kept.tags.get(KEY_OF, "")


def keys_of(scope: Scope, user: str) -> list[dict[str, Any]]:
    """All keys of a user; none where there's no such user."""
    with gone_is_fine("NoSuchEntity"):
        return list(scope.pages("iam", "list_access_keys", "AccessKeyMetadata", UserName=user))
    return []


def _delete_orphans(scope: Scope, user: str, kept: Kept, keys: Any) -> None:
    """Keys that were made for a secret that never came to hold them."""
    if key_in(kept) == MAKING:
        for key in set(keys) - set(kept.tags.get(BEFORE, "").split()):
            _delete_key(scope, user, key)


def _delete_key(scope: Scope, user: str, key: str) -> None:
    with gone_is_fine("NoSuchEntity"):
        if key != MAKING:
            scope.iam.delete_access_key(UserName=user, AccessKeyId=key)
