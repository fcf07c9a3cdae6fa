"""People: the example as it's written, keys that nobody sees, and what a dying run leaves of them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.iam.models import AccessKeyLastUsed

from blueprints.people import AccessKey, LoginProfile, User
from blueprints.problem import Invalid
from blueprints.reading import build, load
from tasks.errors import CastraError
from tasks.identity.last_used import last_used
from tasks.registry import KINDS
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics

EXAMPLE = Path(__file__).parents[2] / "examples" / "people.yaml"
PARTS = (User(name="robot"), AccessKey(name="robot", user="user/robot"))
AMONG = ("user", "access-key")


LOGIN = (User(name="ada"), LoginProfile(name="ada", user="user/ada"))


def user_of(scope: Scope, part: str) -> str:
    (user,) = scope.iam.list_users(PathPrefix=f"/castra/{scope.environment}/eu-west-1/{part}/")["Users"]
    return str(user["UserName"])


def keys_of(scope: Scope, part: str) -> list[str]:
    listed = scope.iam.list_access_keys(UserName=user_of(scope, part))["AccessKeyMetadata"]
    return [one["AccessKeyId"] for one in listed]


def kept(scope: Scope, part: str) -> Any:
    secret = f"castra/{scope.environment}/access-keys/{part}"
    return json.loads(scope.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])


def left(scope: Scope) -> list[str]:
    """What plain clients see of it."""
    path, iam = f"/castra/{scope.environment}/", scope.iam
    names = [one["UserName"] for one in iam.list_users()["Users"] if one["Path"].startswith(path)]
    names += [one["GroupName"] for one in iam.list_groups()["Groups"] if one["Path"].startswith(path)]
    secrets = scope.client("secretsmanager").list_secrets()["SecretList"]
    return names + [one["Name"] for one in secrets if one["Name"].startswith(f"castra/{scope.environment}/")]


def test_the_example_stands_as_written_and_its_key_is_in_its_secret_and_nowhere_else(
    aws: Physics, scope: Scope
) -> None:
    parts = load(EXAMPLE).parts()
    raise_all(scope, parts)
    again = look_and_plan(scope, parts)
    assert again.settled
    ada = user_of(scope, "ada")
    groups = {one["GroupName"] for one in scope.iam.list_groups_for_user(UserName=ada)["Groups"]}
    assert groups == {f"{scope.environment}--{group}--eu-west-1" for group in ("readers", "deployers")}
    assert keys_of(scope, "ada") == []
    with pytest.raises(ClientError, match="NoSuchEntity"):
        scope.iam.get_login_profile(UserName=user_of(scope, "pipeline"))
    value = kept(scope, "pipeline")
    assert (value["user"], [value["access_key_id"]]) == (user_of(scope, "pipeline"), keys_of(scope, "pipeline"))
    secret = value["secret_access_key"]
    assert len(secret) == 40
    found = [one for kind in ("access-key", "user", "group") for one in KINDS[kind].owned(scope)]
    assert secret not in repr(found) + again.model_dump_json()
    assert again.outputs["access-key/pipeline.secret"] == f"castra/{scope.environment}/access-keys/pipeline"
    raise_all(scope, ())
    assert left(scope) == []


@pytest.mark.parametrize("strikes", [False, True], ids=["raised again", "struck"])
def test_a_key_that_never_came_into_its_secret_is_deleted_by_the_next_run(
    aws: Physics, scope: Scope, strikes: bool
) -> None:
    aws.rule("PutSecretValue", "error:AccessDeniedException:400", nth=1)
    with pytest.raises(ClientError, match="PutSecretValue"):
        raise_all(scope, PARTS, among=AMONG)
    (orphan,) = keys_of(scope, "robot")
    if strikes:
        raise_all(scope, ())
        assert left(scope) == []
        return
    plan = raise_all(scope, PARTS, among=AMONG)
    assert [(step.part, step.action) for step in plan.changes] == [("access-key/robot", "replace")]
    assert keys_of(scope, "robot") == [kept(scope, "robot")["access_key_id"]] != [orphan]
    assert look_and_plan(scope, PARTS, among=AMONG).settled


def test_a_key_made_by_hand_is_left_alone_and_goes_with_its_user(aws: Physics, scope: Scope) -> None:
    raise_all(scope, PARTS[:1], among=AMONG)
    by_hand = scope.iam.create_access_key(UserName=user_of(scope, "robot"))["AccessKey"]["AccessKeyId"]
    raise_all(scope, PARTS, among=AMONG)
    assert set(keys_of(scope, "robot")) == {by_hand, kept(scope, "robot")["access_key_id"]}
    scope.iam.create_login_profile(UserName=user_of(scope, "robot"), Password="Of-somebody-1")
    raise_all(scope, ())
    assert left(scope) == []


def test_another_generation_is_another_key_and_the_old_one_is_gone(aws: Physics, scope: Scope) -> None:
    raise_all(scope, PARTS, among=AMONG)
    (old,) = keys_of(scope, "robot")
    raise_all(scope, (PARTS[0], PARTS[1].model_copy(update={"generation": 2})), among=AMONG)
    assert keys_of(scope, "robot") == [kept(scope, "robot")["access_key_id"]] != [old]


def test_last_uses_are_told_of_each_key_with_the_secret_that_has_it(aws: Physics, scope: Scope) -> None:
    raise_all(scope, load(EXAMPLE).parts())
    told = last_used(scope)
    ada, pipeline = told.people
    assert (ada.key, ada.password_used, ada.secret) == ("", None, f"castra/{scope.environment}/passwords/ada")
    assert (pipeline.key, pipeline.used) == (kept(scope, "pipeline")["access_key_id"], None)
    assert pipeline.secret == f"castra/{scope.environment}/access-keys/pipeline"
    assert pipeline.groups == (f"{scope.environment}--deployers--eu-west-1",)
    assert {(one.group, one.members) for one in told.groups} == {
        (f"{scope.environment}--deployers--eu-west-1", 2),
        (f"{scope.environment}--readers--eu-west-1", 1),
    }
    assert told.idle == 0
    raise_all(scope, ())


def test_what_nobody_used_for_so_many_days_is_marked(aws: Physics, scope: Scope) -> None:
    raise_all(scope, load(EXAMPLE).parts())
    iam, now = get_backend("iam")[DEFAULT_ACCOUNT_ID]["aws"], datetime.now(UTC)
    for days, part in ((100, "ada"), (200, "pipeline")):
        iam.users[user_of(scope, part)].create_date = (now - timedelta(days=days)).replace(tzinfo=None)
    (key,) = iam.users[user_of(scope, "pipeline")].access_keys
    key.create_date = (now - timedelta(days=200)).replace(tzinfo=None)
    assert [(row["who"], row["what"].partition(" ")[0]) for row in last_used(scope).rows() if row["idle"]] == [
        (user_of(scope, "ada"), "password"),
        (user_of(scope, "pipeline"), "key"),
    ]
    assert {row["idle"] for row in last_used(scope, 150).rows()} == {"", "unused for 150 days"}
    assert last_used(scope, 300).idle == 0
    key.last_used = AccessKeyLastUsed((now - timedelta(days=3, hours=1)).replace(tzinfo=None), "s3", "eu-west-1")
    told = last_used(scope, 150)
    assert [(row["used"], row["by"]) for row in told.rows() if row["what"].startswith("key")] == [("3 d", "s3")]
    assert told.idle == 0
    assert {one.group: one.used is not None for one in told.groups} == {
        f"{scope.environment}--deployers--eu-west-1": True,
        f"{scope.environment}--readers--eu-west-1": False,
    }
    raise_all(scope, ())


# ---------------------------------------------------------------------- passwords


def password(scope: Scope, part: str) -> Any:
    secret = f"castra/{scope.environment}/passwords/{part}"
    return json.loads(scope.client("secretsmanager").get_secret_value(SecretId=secret)["SecretString"])


def set_in_iam(scope: Scope, part: str) -> str | None:
    """What IAM has for a password, which only the emulator knows."""
    found: str | None = get_backend("iam")[DEFAULT_ACCOUNT_ID]["aws"].users[user_of(scope, part)].password
    return found


def test_who_may_sign_in_has_a_first_password_in_a_secret_and_nobody_sees_it(aws: Physics, scope: Scope) -> None:
    parts = load(EXAMPLE).parts()
    raise_all(scope, parts)
    again = look_and_plan(scope, parts)
    assert again.settled
    ada = user_of(scope, "ada")
    assert scope.iam.get_login_profile(UserName=ada)["LoginProfile"]["PasswordResetRequired"]
    attached = scope.iam.list_attached_user_policies(UserName=ada)["AttachedPolicies"]
    assert [one["PolicyName"] for one in attached] == ["IAMUserChangePassword"]
    value = password(scope, "ada")
    assert (value["user"], value["password"]) == (ada, set_in_iam(scope, "ada"))
    assert len(value["password"]) == 40
    found = list(KINDS["login-profile"].owned(scope))
    assert value["password"] not in repr(found) + again.model_dump_json()
    assert again.outputs["login-profile/ada.secret"] == f"castra/{scope.environment}/passwords/ada"
    assert again.outputs["login-profile/ada.sign_in"] == "https://123456789012.signin.aws.amazon.com/console"
    raise_all(scope, ())
    assert left(scope) == []


def test_console_access_is_taken_away_with_its_secret_and_given_anew(aws: Physics, scope: Scope) -> None:
    among = ("user", "login-profile")
    raise_all(scope, LOGIN, among=among)
    first = password(scope, "ada")["password"]
    raise_all(scope, (LOGIN[0], LOGIN[1].model_copy(update={"generation": 2})), among=among)
    second = password(scope, "ada")["password"]
    assert second == set_in_iam(scope, "ada") != first
    raise_all(scope, LOGIN[:1], among=among)
    assert set_in_iam(scope, "ada") is None
    assert left(scope) == [user_of(scope, "ada")]
    raise_all(scope, LOGIN, among=among)
    assert password(scope, "ada")["password"] == set_in_iam(scope, "ada") not in (first, second)


def test_a_password_that_was_changed_is_left_alone(aws: Physics, scope: Scope) -> None:
    among = ("user", "login-profile")
    raise_all(scope, LOGIN, among=among)
    scope.iam.update_login_profile(UserName=user_of(scope, "ada"), Password="Her-own-1", PasswordResetRequired=False)
    assert look_and_plan(scope, LOGIN, among=among).settled
    assert set_in_iam(scope, "ada") == "Her-own-1"


@pytest.mark.parametrize("call", ["PutSecretValue", "CreateLoginProfile"])
def test_a_run_that_dies_leaves_nobody_a_password_that_no_secret_has(aws: Physics, scope: Scope, call: str) -> None:
    among = ("user", "login-profile")
    aws.rule(call, "error:AccessDenied:403", nth=1)
    with pytest.raises(ClientError, match=call):
        raise_all(scope, LOGIN, among=among)
    plan = raise_all(scope, LOGIN, among=among)
    assert [(step.part, step.action) for step in plan.changes] == [("login-profile/ada", "replace")]
    assert password(scope, "ada")["password"] == set_in_iam(scope, "ada")
    assert look_and_plan(scope, LOGIN, among=among).settled


def test_a_password_that_somebody_gave_by_hand_is_never_overwritten(aws: Physics, scope: Scope) -> None:
    among = ("user", "login-profile")
    raise_all(scope, LOGIN[:1], among=among)
    scope.iam.create_login_profile(UserName=user_of(scope, "ada"), Password="By-hand-1")
    with pytest.raises(CastraError, match=r"gave it by hand.*aws iam delete-login-profile"):
        raise_all(scope, LOGIN, among=among)
    assert set_in_iam(scope, "ada") == "By-hand-1"
    assert left(scope) == [user_of(scope, "ada")]


def test_who_changes_a_password_may_and_has_room_for_the_policy() -> None:
    many = [f"arn:aws:iam::aws:policy/P{number}" for number in range(10)]
    users = {"ada": {"console": True, "policies": many}, "bob": {"password_generation": 2}}
    with pytest.raises(Invalid) as caught:
        build({"name": "n", "region": "eu-west-1", "people": {"users": users}})
    assert [problem.path for problem in caught.value.problems] == [
        "people.users.ada.policies",
        "people.users.bob.password_generation",
    ]


def test_what_does_not_fit_together_is_told_with_its_place() -> None:
    people = {
        "groups": {"readers": {"policies": ["policy/nope"]}},
        "users": {"ada": {"groups": ["writers"], "policies": ["policy/no"], "generation": 2}},
    }
    with pytest.raises(Invalid) as told:
        build({"name": "team", "region": "eu-west-1", "people": people}).parts()
    assert {problem.path for problem in told.value.problems} == {
        "people.groups.readers.policies.0",
        "people.users.ada.policies.0",
        "people.users.ada.groups.0",
        "people.users.ada.generation",
    }
