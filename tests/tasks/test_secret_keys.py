"""Keys of KMS that secrets are encrypted by: given, moved and taken back; and used by those who read the secrets."""

from typing import Any

import pytest

from blueprints.reading import build
from blueprints.secret_keys import service_of
from blueprints.secrets import Secret
from tasks.errors import Invalid
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.tasks.test_secret import EXAMPLE, EXISTING, document, id_of, value_of

KEYS = tuple(f"arn:aws:kms:eu-west-1:123456789012:key/{number}" for number in (1, 2))


def key_of(scope: Scope, name: str) -> str | None:
    told = scope.client("secretsmanager").describe_secret(SecretId=f"castra/{scope.environment}/{name}")
    key: str | None = told.get("KmsKeyId")
    return key


def test_its_key_is_given_at_birth_moved_and_taken_back_in_place_with_the_value_as_it_is(strict: Scope) -> None:
    wanted = [Secret(name="key", kms_key=key) for key in (*KEYS, None)]
    raise_all(strict, wanted[:1])
    value, keys = value_of(strict, "key"), [key_of(strict, "key")]
    for part in wanted[1:]:
        assert [step.action for step in raise_all(strict, [part]).steps] == ["update"]
        assert look_and_plan(strict, [part]).settled
        keys.append(key_of(strict, "key"))
    assert keys == [*KEYS, None]
    assert value_of(strict, "key") == value


def test_a_key_that_somebody_changed_by_hand_is_told_and_put_back(strict: Scope) -> None:
    part = Secret(name="key", kms_key=KEYS[0])
    raise_all(strict, [part])
    strict.client("secretsmanager").update_secret(SecretId=id_of(strict, "secret", "key"), KmsKeyId=KEYS[1])
    (step,) = raise_all(strict, [part]).steps
    assert [change.field for change in step.changes] == ["kms_key"]
    assert key_of(strict, "key") == KEYS[0]


def test_restored_it_has_the_key_that_is_wanted_now(strict: Scope) -> None:
    raise_all(strict, [Secret(name="key", on_removal="wipe", kms_key=KEYS[0])])
    value = value_of(strict, "key")
    raise_all(strict, ())
    wanted = Secret(name="key", on_removal="wipe", kms_key=KEYS[1])
    raise_all(strict, [wanted])
    assert (key_of(strict, "key"), value_of(strict, "key")) == (KEYS[1], value)
    assert look_and_plan(strict, [wanted]).settled


def decrypting(part: Any) -> list[Any]:
    """Statements of a role that have a condition."""
    return [one for policy in part.policies.values() for one in policy["Statement"] if "Condition" in one]


def test_those_who_read_secrets_may_have_them_decrypted_by_secrets_manager_each_by_its_own_key() -> None:
    function = {"code": str(EXAMPLE.parent / "functions"), "handler": "app.take"}
    wanted = document(
        network={"cidr": "10.0.0.0/16"},
        secrets={
            "mine": {"kms_key": KEYS[0]},
            "theirs": {"existing": EXISTING, "kms_key": KEYS[1]},
            "plain": {},
        },
        functions={
            "both": {**function, "secrets": {"KEY": "secret/mine"}, "can": [{"read": "secret/theirs"}]},
            "none": {**function, "secrets": {"KEY": "secret/plain"}},
        },
        servers={"s": {"image": {"id": "ami-12"}, "can": [{"read": "secret/mine"}, {"read": "secret/plain"}]}},
    )
    roles = {part.name: part for part in build(wanted).parts() if part.kind == "role"}
    through = {"StringEquals": {"kms:ViaService": "secretsmanager.eu-west-1.amazonaws.com"}}
    first, second = (
        {"Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key], "Condition": through} for key in KEYS
    )
    assert decrypting(roles["function-both"]) == [first, second]
    assert decrypting(roles["function-none"]) == []
    assert decrypting(roles["s"]) == [first]


def test_in_china_secrets_manager_is_called_otherwise() -> None:
    assert service_of("arn:aws-cn:kms:cn-north-1:123456789012:key/1") == "secretsmanager.cn-north-1.amazonaws.com.cn"


@pytest.mark.parametrize(
    ("secret", "told"),
    [
        (
            {"kms_key": KEYS[0].replace("eu-west-1", "eu-west-3")},
            "it is a key of eu-west-3, and a secret takes one of its own region. Name a key of eu-west-1",
        ),
        (
            {"existing": EXISTING.replace("eu-west-1", "eu-west-3"), "kms_key": KEYS[0]},
            "it is a key of eu-west-1, and a secret takes one of its own region. Name a key of eu-west-3",
        ),
        ({"kms_key": "alias/mine"}, ""),
    ],
)
def test_a_key_of_another_region_or_no_arn_is_told_with_its_place(secret: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(document(secrets={"a": secret})).parts()
    (problem,) = raised.value.problems
    assert str(problem).startswith(f"secrets.a.kms_key: {told}")
