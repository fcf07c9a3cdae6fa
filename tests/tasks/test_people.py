"""People: the example as it's written, keys that nobody sees, and what a dying run leaves of them."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from blueprints.people import AccessKey, User
from blueprints.problem import Invalid
from blueprints.reading import build, load
from tasks.identity.last_used import last_used
from tasks.registry import KINDS
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics

EXAMPLE = Path(__file__).parents[2] / "examples" / "people.yaml"
PARTS = (User(name="robot"), AccessKey(name="robot", user="user/robot"))
AMONG = ("user", "access-key")


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
    names = [one["UserName"] for one in iam.list_users(PathPrefix=path)["Users"]]
    names += [one["GroupName"] for one in iam.list_groups(PathPrefix=path)["Groups"]]
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
        scope.iam.get_login_profile(UserName=ada)
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
    ada, pipeline = last_used(scope)
    assert (ada.key, ada.password_used) == ("", None)
    assert (pipeline.key, pipeline.used) == (kept(scope, "pipeline")["access_key_id"], None)
    assert pipeline.secret == f"castra/{scope.environment}/access-keys/pipeline"
    assert pipeline.groups == (f"{scope.environment}--deployers--eu-west-1",)


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
