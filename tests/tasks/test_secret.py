"""What is particular to secrets and parameters: a value that nobody is told, that stays, and that can be restored."""

import json
import string
from pathlib import Path
from typing import Any

import pytest

from blueprints.reading import build, load
from blueprints.secrets import Parameter, Random, Secret
from tasks.data.random_value import PUNCTUATION, random_text
from tasks.errors import CastraError, Invalid
from tasks.registry import KINDS
from tasks.scope import KEPT, Scope, as_dict
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.tasks.conftest import Weather

EXAMPLE = Path(__file__).parents[2] / "examples" / "secrets.yaml"
EXISTING = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:payments-AbCdEf"


def id_of(scope: Scope, kind: str, name: str) -> str:
    (found,) = look(scope, KINDS[kind], name)
    return found.id


def value_of(scope: Scope, name: str) -> str:
    id = f"castra/{scope.environment}/{name}"
    return str(scope.client("secretsmanager").get_secret_value(SecretId=id)["SecretString"])


def secure_value_of(scope: Scope, name: str) -> str:
    called = f"/castra/{scope.environment}/{name}"
    return str(scope.client("ssm").get_parameter(Name=called, WithDecryption=True)["Parameter"]["Value"])


def document(**sections: Any) -> dict[str, Any]:
    return {"name": "e", "region": "eu-west-1", **sections}


def granted_to(scope: Scope, role: str) -> dict[str, Any]:
    """The actions by each resource."""
    (found,) = look(scope, KINDS["role"], role)
    statements = [one for policy in found.state.policies.values() for one in json.loads(policy)["Statement"]]
    return {each: one["Action"] for one in statements for each in _listed(one["Resource"])}


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else value


# ---------------------------------------------------------------------- values


def test_a_random_value_has_its_length_and_some_of_each_class_and_never_comes_twice() -> None:
    plain, odd = random_text(16, False), random_text(128, True)
    assert (len(plain), len(odd)) == (16, 128)
    for several in (string.ascii_lowercase, string.ascii_uppercase, string.digits):
        assert set(several) & set(plain)
        assert set(several) & set(odd)
    assert plain.isalnum()
    assert set(odd) - set(string.ascii_letters + string.digits) <= set(PUNCTUATION)
    assert set(PUNCTUATION) & set(odd)
    assert len({random_text(16, False) for _ in range(100)}) == 100


def test_a_second_raising_and_a_change_of_other_things_leave_the_value_as_it_is(strict: Scope) -> None:
    parts = [Secret(name="key"), Parameter(name="salt", random=Random(length=40), on_removal="keep")]
    raise_all(strict, parts)
    values = value_of(strict, "key"), secure_value_of(strict, "salt")
    raise_all(strict, parts)
    raise_all(strict, [Secret(name="key", description="Of sessions", recovery=7), parts[1]])
    assert (value_of(strict, "key"), secure_value_of(strict, "salt")) == values
    assert [len(value) for value in values] == [32, 40]


def test_with_a_user_the_value_is_json_that_databases_read(strict: Scope) -> None:
    raise_all(strict, [Secret(name="reports", username="reader", random=Random(punctuation=True))])
    told = json.loads(value_of(strict, "reports"))
    assert (told["username"], len(told["password"])) == ("reader", 32)


# ---------------------------------------------------------------------- struck, and raised again


def test_deleted_but_restorable_it_comes_back_under_its_arn_with_its_value(strict: Scope) -> None:
    part = Secret(name="key", on_removal="wipe", recovery=7)
    raise_all(strict, [part])
    before, value = id_of(strict, "secret", "key"), value_of(strict, "key")
    (step,) = raise_all(strict, ()).steps
    assert step.because.endswith("the secret castra/strict/key, which can be restored for 7 days, stays")
    assert strict.client("secretsmanager").list_secrets()["SecretList"] == []
    raise_all(strict, [part])
    assert (id_of(strict, "secret", "key"), value_of(strict, "key")) == (before, value)
    assert look_and_plan(strict, [part]).settled


def test_restored_for_another_value_than_it_was_made_with_it_has_a_new_one(strict: Scope) -> None:
    raise_all(strict, [Secret(name="key", on_removal="wipe")])
    value = value_of(strict, "key")
    raise_all(strict, ())
    wanted = Secret(name="key", on_removal="wipe", random=Random(length=64))
    raise_all(strict, [wanted])
    assert len(value_of(strict, "key")) == 64
    assert value_of(strict, "key") != value
    assert look_and_plan(strict, [wanted]).settled


def test_deleted_for_good_it_is_made_anew_once_the_name_is_free(weather: Weather) -> None:
    physics = weather(scale=10, times={"secret_name_free": 60})
    scope, part = Scope("moment", "eu-west-1", poll_seconds=0.05), Secret(name="key", on_removal="wipe", recovery=0)
    raise_all(scope, [part])
    value = value_of(scope, "key")
    assert raise_all(scope, ()).steps[0].because.endswith("all versions of its value go")
    raise_all(scope, [part])
    assert value_of(scope, "key") != value
    refused = [call.outcome for call in physics.writes() if call.operation == "CreateSecret"]
    assert refused[1] == "InvalidRequestException"


@pytest.mark.parametrize(
    ("part", "read"),
    [
        (Secret(name="key"), value_of),
        (Parameter(name="key", random=Random(), on_removal="keep"), secure_value_of),
    ],
    ids=["secret", "parameter"],
)
def test_kept_it_is_nobodys_and_taken_on_with_its_value(strict: Scope, part: Any, read: Any) -> None:
    raise_all(strict, [part])
    value = read(strict, "key")
    (step,) = raise_all(strict, ()).steps
    assert "with its value stays" in step.because
    assert look_and_plan(strict, ()).steps == ()
    raise_all(strict, [part])
    assert read(strict, "key") == value
    (found,) = look(strict, KINDS[part.kind], "key")
    assert KEPT not in found.tags
    assert look_and_plan(strict, [part]).settled


def test_a_parameter_of_another_type_is_made_anew_where_that_is_allowed(strict: Scope) -> None:
    raise_all(strict, [Parameter(name="salt", value="sea")])
    wanted = Parameter(name="salt", random=Random(), on_removal="keep")
    raise_all(strict, [wanted], replace=["parameter/salt"])
    assert len(secure_value_of(strict, "salt")) == 32
    again = Parameter(name="salt", value="rock")
    raise_all(strict, [again], replace=["parameter/salt"])
    assert secure_value_of(strict, "salt") == "rock"
    assert look_and_plan(strict, [again]).settled


@pytest.mark.parametrize("kind", ["secret", "parameter"])
def test_a_foreign_one_of_its_name_is_named_and_left_alone(strict: Scope, kind: str) -> None:
    strict.client("secretsmanager").create_secret(Name="castra/strict/key", SecretString="theirs")
    strict.client("ssm").put_parameter(Name="/castra/strict/key", Value="theirs", Type="String")
    parts = {"secret": Secret(name="key"), "parameter": Parameter(name="key", value="ours")}
    with pytest.raises(CastraError, match="that doesn't carry its tags"):
        raise_all(strict, [parts[kind]])
    assert value_of(strict, "key") == "theirs"
    assert look(strict, KINDS[kind], "key") == []


def test_one_that_was_tagged_by_hand_is_adopted_with_its_value(strict: Scope) -> None:
    tags = [{"Key": "castra:environment", "Value": "strict"}, {"Key": "castra:part", "Value": "secret/key"}]
    strict.client("secretsmanager").create_secret(Name="older", SecretString="theirs", Tags=tags)
    raise_all(strict, [Secret(name="key")])
    (found,) = look(strict, KINDS["secret"], "key")
    answer = strict.client("secretsmanager").get_secret_value(SecretId=found.id)
    assert (answer["Name"], answer["SecretString"]) == ("older", "theirs")
    assert look_and_plan(strict, [Secret(name="key")]).settled


# ---------------------------------------------------------------------- the sections


def test_the_example_grants_each_role_what_it_names_and_is_struck_without_a_rest(strict: Scope) -> None:
    parts = load(EXAMPLE).parts()
    raise_all(strict, parts)
    assert look_and_plan(strict, parts).settled
    session, salt = id_of(strict, "secret", "session-key"), id_of(strict, "parameter", "salt")
    granted = granted_to(strict, "function-sign-in")
    assert granted[session] == granted[EXISTING] == ["secretsmanager:GetSecretValue"]
    assert granted[salt] == ["ssm:GetParameter", "ssm:GetParameters"]
    (function,) = look(strict, KINDS["function"], "sign-in")
    assert function.state.environment == {"SESSION_KEY": session, "SALT": salt, "PAYMENTS": EXISTING}
    reports, level = id_of(strict, "secret", "reports"), id_of(strict, "parameter", "log-level")
    assert granted_to(strict, "app") == {
        reports: ["secretsmanager:GetSecretValue"],
        level: ["ssm:GetParameter", "ssm:GetParameters"],
    }
    raise_all(strict, ())
    assert look_and_plan(strict, ()).steps == ()
    assert strict.client("secretsmanager").list_secrets()["SecretList"] == []
    left = strict.client("ssm").describe_parameters()["Parameters"]
    assert [one["Name"] for one in left] == []


def test_no_value_is_in_plans_states_or_tags(strict: Scope) -> None:
    parts = [Secret(name="key"), Parameter(name="salt", random=Random(), on_removal="keep")]
    made = raise_all(strict, parts)
    values = value_of(strict, "key"), secure_value_of(strict, "salt")
    told = [made.model_dump_json(), look_and_plan(strict, parts, replace=["secret/key"]).model_dump_json()]
    told += [repr(found) for part in parts for found in look(strict, KINDS[part.kind], part.name)]
    told += [repr(as_dict(strict.client("secretsmanager").list_secrets()["SecretList"][0]["Tags"]))]
    assert [text for text in told for value in values if value in text] == []


@pytest.mark.parametrize(
    ("sections", "told"),
    [
        ({"parameters": {"api-token": "abc"}}, "parameters.api-token: it looks like a secret"),
        ({"parameters": {"a": {"value": "x", "random": 32}}}, "parameters.a: should be given by exactly one of"),
        ({"parameters": {"a": {"value": "x", "on_removal": "keep"}}}, "parameters.a: has an on_removal"),
        ({"parameters": {"a": "{{ssm:b}}"}}, "parameters.a: has {{…}}"),
        ({"secrets": {"a": {"recovery": 3}}}, "secrets.a.recovery: should be 7 to 30"),
        ({"secrets": {"a": {"length": 8}}}, "secrets.a.length: "),
        ({"secrets": {"a": {"existing": EXISTING, "length": 40}}}, "secrets.a: is one that exists"),
        ({"secrets": {"a": {"value": "hush"}}}, "secrets.a.value: there's no such field"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(sections: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(document(**sections)).parts()
    (problem,) = raised.value.problems
    assert str(problem).startswith(told)


def test_a_secret_that_the_document_does_not_have_is_told_where_it_is_named() -> None:
    wrong = document(
        secrets={"known": {}},
        network={"cidr": "10.0.0.0/16"},
        functions={
            "f": {
                "code": str(EXAMPLE.parent / "functions"),
                "handler": "app.take",
                "secrets": {"KEY": "secret/unknown"},
                "can": [{"read": "parameter/unknown"}],
            }
        },
        servers={"s": {"image": {"id": "ami-12"}, "can": [{"read": "secret/other"}]}},
    )
    with pytest.raises(Invalid) as raised:
        build(wrong).parts()
    assert sorted(problem.path for problem in raised.value.problems) == [
        "functions.f.can.0.read",
        "functions.f.secrets.KEY",
        "servers.s.can.0.read",
    ]
