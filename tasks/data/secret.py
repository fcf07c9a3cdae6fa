"""Secrets of Secrets Manager, with a random value that nothing here reads or tells."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError

from blueprints.secrets import Secret
from tasks.data.random_value import random_secret
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.retry import when_released
from tasks.scope import ENVIRONMENT, FINGERPRINT, KEPT, ON_REMOVAL, PART, RETIRED, Scope, as_dict, as_list

ROOT = "castra/"
GONE = "ResourceNotFoundException"
RANDOM = "castra:random"  # how its value was made: length, what's in it, and for whom
RECOVERY = "castra:recovery-days"  # how long it can be restored once it's deleted
SETTINGS = {"description": "Description", "kms_key": "KmsKeyId"}  # what it has beside its value and its tags
NO_LONGER = (ENVIRONMENT, FINGERPRINT, RETIRED)  # tags that it loses when it's kept


class SecretState(State):
    """How its value was made, never the value; days. `length` is 0 where somebody else made it; AWS's key is empty.

    https://docs.aws.amazon.com/secretsmanager/latest/userguide/reference_limits.html
    """

    length: Fixed[int]
    punctuation: Fixed[bool]
    username: Fixed[str]
    description: str
    kms_key: str
    on_removal: str
    recovery: int

    def immovable(self, found: "SecretState") -> frozenset[str]:
        """The value of one that was adopted stays, whatever it's like."""
        return self.fixed() if found.length else frozenset()


class SecretKind(Kind[Secret, SecretState]):
    """Secrets of Secrets Manager, with a random value.

    Named `castra/<environment>/<name>`. AWS keeps one of a name, and the name of a deleted one for as long as it can be
    restored: so it's restored. It has a new value then only if another one is wanted than it was made with.
    """

    name = "secret"
    holds = "the value in it"
    goes_first = True
    actions = (
        "secretsmanager:CreateSecret",
        "secretsmanager:DeleteSecret",
        "secretsmanager:DescribeSecret",
        "secretsmanager:ListSecrets",
        "secretsmanager:PutSecretValue",
        "secretsmanager:RestoreSecret",
        "secretsmanager:TagResource",
        "secretsmanager:UntagResource",
        "secretsmanager:UpdateSecret",
    )

    def owned(self, scope: Scope) -> Iterator[Found[SecretState]]:
        """ListSecrets, filtered by tag; it leaves out what's deleted. It lags behind by up to five minutes."""
        filters = [{"Key": "tag-key", "Values": [ENVIRONMENT]}]
        filters += [{"Key": "tag-value", "Values": [scope.environment]}] if scope.environment else []
        for secret in scope.pages("secretsmanager", "list_secrets", "SecretList", Filters=filters):
            tags = as_dict(secret.get("Tags"))
            if (name := self.named_in(tags)) and scope.owns(tags):
                state = _state(secret, tags)
                keeps, loses = _afterwards(secret["Name"], state)
                outputs = {"name": secret["Name"]}
                yield Found(self.name, name, secret["ARN"], state, tags, outputs=outputs, keeps=keeps, loses=loses)

    def wanted(self, part: Secret, ids: Mapping[str, str]) -> SecretState:
        """See the base."""
        return SecretState(
            length=part.random.length,
            punctuation=part.random.punctuation,
            username=part.username,
            description=part.description,
            kms_key=part.kms_key or "",
            on_removal=part.on_removal,
            recovery=part.recovery,
        )

    def create(self, scope: Scope, name: str, wanted: SecretState) -> str:
        """With its value, in one call. What stands under the name, or can be restored, is taken on if it's ours."""
        called = f"{ROOT}{scope.environment}/{name}"
        if (there := _told(scope, called)) and not _forced(there):
            return self._taken_on(scope, name, there, wanted)
        try:
            made = when_released(
                f"the name {called}, which Secrets Manager keeps for a moment",
                scope.client("secretsmanager").create_secret,
                Name=called,
                **{key: value for key, value in _settings(wanted).items() if value},
                SecretString=_value(wanted),
                ClientRequestToken=str(uuid4()),
                Tags=as_list(self.birth_tags(scope, name, wanted) | _own_tags(wanted)),
            )
        except ClientError as error:
            if code_of(error) != "ResourceExistsException" or not (there := _told(scope, called)):
                raise
            return self._taken_on(scope, name, there, wanted)
        return str(made["ARN"])

    def update(self, scope: Scope, id: str, wanted: SecretState, changed: frozenset[str]) -> None:
        """Its value stays as it is. Another key encrypts it anew; an empty one is AWS's own."""
        if settings := _settings(wanted, changed):
            scope.client("secretsmanager").update_secret(SecretId=id, **settings)
        if changed - SETTINGS.keys():
            self.tag(scope, id, _own_tags(wanted))

    def delete(self, scope: Scope, id: str) -> None:
        """Kept, it only loses the tags that make it the environment's; else AWS deletes it, at once or in days."""
        there = _told(scope, id)
        if there is None or there.get("DeletedDate"):
            return
        tags = as_dict(there.get("Tags"))
        if tags.get(ON_REMOVAL, "keep") == "keep":
            if ENVIRONMENT in tags:
                self.tag(scope, id, {KEPT: tags[ENVIRONMENT]}, frozenset(NO_LONGER))
            return
        days = int(tags.get(RECOVERY, "30"))
        within: dict[str, Any] = {"RecoveryWindowInDays": days} if days else {"ForceDeleteWithoutRecovery": True}
        with gone_is_fine(GONE):
            scope.client("secretsmanager").delete_secret(SecretId=id, **within)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """Secrets Manager's way."""
        scope.client("secretsmanager").tag_resource(SecretId=id, Tags=as_list(tags))
        if dropped:
            scope.client("secretsmanager").untag_resource(SecretId=id, TagKeys=sorted(dropped))

    def _taken_on(self, scope: Scope, name: str, there: Mapping[str, Any], wanted: SecretState) -> str:
        """The ARN of the secret that's there, as it's wanted. Raises CastraError if it isn't ours.

        If a run dies between these calls, the next one does them again: the tags, which say how the value was made,
        come last.
        """
        arn, tags, client = str(there["ARN"]), as_dict(there.get("Tags")), scope.client("secretsmanager")
        if tags.get(PART) != self.key(name) or scope.environment not in (tags.get(ENVIRONMENT), tags.get(KEPT)):
            why = f"there is a secret {there['Name']} that doesn't carry its tags"
            ours = f"{ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
            raise CastraError(self.key(name), why, f"Delete it, tag it with {ours}, or name it by `existing:`")
        if there.get("DeletedDate"):
            client.restore_secret(SecretId=arn)
        found = _state(there, tags)
        if any(getattr(found, field) != getattr(wanted, field) for field in wanted.immovable(found)):
            client.put_secret_value(SecretId=arn, SecretString=_value(wanted), ClientRequestToken=str(uuid4()))
        if settings := _settings(wanted, [one for one in SETTINGS if getattr(found, one) != getattr(wanted, one)]):
            client.update_secret(SecretId=arn, **settings)
        kept = frozenset({KEPT} if KEPT in tags else ())
        self.tag(scope, arn, self.birth_tags(scope, name, wanted) | _own_tags(wanted), kept)
        return arn


def _told(scope: Scope, id: str) -> Any:
    """The secret of this name or ARN, a deleted one too, as long as it can be restored; or None."""
    with gone_is_fine(GONE):
        return scope.client("secretsmanager").describe_secret(SecretId=id)
    return None


def _forced(there: Mapping[str, Any]) -> bool:
    """Whether it was deleted for good, so that its name is free in a moment."""
    return bool(there.get("DeletedDate")) and as_dict(there.get("Tags")).get(RECOVERY) == "0"


def _value(wanted: SecretState) -> str:
    return random_secret(wanted.length, wanted.punctuation, wanted.username)


def _own_tags(wanted: SecretState) -> dict[str, str]:
    """What AWS doesn't keep otherwise."""
    made = f"{wanted.length}:{'punctuation' if wanted.punctuation else 'plain'}:{wanted.username}"
    return {RANDOM: made, ON_REMOVAL: wanted.on_removal, RECOVERY: str(wanted.recovery)}


def _settings(wanted: SecretState, fields: Collection[str] = tuple(SETTINGS)) -> dict[str, str]:
    """These fields, as CreateSecret and UpdateSecret take them."""
    return {key: getattr(wanted, field) for field, key in SETTINGS.items() if field in fields}


def _state(there: Mapping[str, Any], tags: Mapping[str, str]) -> SecretState:
    length, content, username = [*tags.get(RANDOM, "0").split(":", 2), "", ""][:3]
    return SecretState(
        length=int(length),
        punctuation=content == "punctuation",
        username=username,
        description=there.get("Description") or "",
        kms_key=there.get("KmsKeyId") or "",
        on_removal=tags.get(ON_REMOVAL, "keep"),
        recovery=int(tags.get(RECOVERY, "30")),
    )


def _afterwards(called: str, state: SecretState) -> tuple[str, str]:
    """What stays of it, and what goes, when it's removed."""
    if state.on_removal == "keep":
        return f"the secret {called} with its value", ""
    if state.recovery:
        return f"the secret {called}, which can be restored for {state.recovery} days,", ""
    return "", "all versions of its value"
