"""Rows of people: groups, users and their keys."""

import json

from blueprints.part import Id
from blueprints.people import AccessKey, Group, LoginProfile, User
from tasks.identity.home import name_of, path_of
from tasks.scope import Scope, as_list
from tests.tasks.rows.identity import POLICY, READ_ONLY, WRITE
from tests.tasks.rows.network import but
from tests.tasks.rows.row import Row

GROUP = Group(name="readers", managed=(READ_ONLY,))
OTHERS = Group(name="writers")
USER = User(name="ada", groups=("group/readers",), managed=(READ_ONLY,))
KEY = AccessKey(name="ada", user="user/ada")
LOGIN = LoginProfile(name="ada", user="user/ada")


def loosen_group(scope: Scope, id: str) -> None:
    scope.iam.put_group_policy(GroupName=name_of(id), PolicyName="more", PolicyDocument=json.dumps(WRITE))
    scope.iam.detach_group_policy(GroupName=name_of(id), PolicyArn=READ_ONLY)


def lose_group(scope: Scope, id: str) -> None:
    scope.iam.detach_group_policy(GroupName=name_of(id), PolicyArn=READ_ONLY)
    scope.iam.delete_group(GroupName=name_of(id))


def second_group(scope: Scope, key: str) -> None:
    scope.iam.create_group(GroupName=f"twin-{scope.environment}", Path=path_of(scope, key.partition("/")[2]))


def loosen_user(scope: Scope, id: str) -> None:
    scope.iam.put_user_policy(UserName=name_of(id), PolicyName="more", PolicyDocument=json.dumps(WRITE))
    for group in scope.iam.list_groups_for_user(UserName=name_of(id))["Groups"]:
        scope.iam.remove_user_from_group(UserName=name_of(id), GroupName=group["GroupName"])


def lose_user(scope: Scope, id: str) -> None:
    loosen_user(scope, id)
    scope.iam.delete_user_policy(UserName=name_of(id), PolicyName="more")
    scope.iam.detach_user_policy(UserName=name_of(id), PolicyArn=READ_ONLY)
    scope.iam.delete_user(UserName=name_of(id))


def second_user(scope: Scope, key: str) -> None:
    tags = as_list(scope.birth_tags(key, None))
    path = path_of(scope, key.partition("/")[2])
    scope.iam.create_user(UserName=f"twin-{scope.environment}", Path=path, Tags=tags)


def user_of(scope: Scope) -> str:
    (user,) = scope.iam.list_users(PathPrefix=f"/castra/{scope.environment}/")["Users"]
    return str(user["UserName"])


def switch_off(scope: Scope, id: str) -> None:
    scope.iam.update_access_key(UserName=user_of(scope), AccessKeyId=name_of(id), Status="Inactive")


def lose_key(scope: Scope, id: str) -> None:
    scope.iam.delete_access_key(UserName=user_of(scope), AccessKeyId=name_of(id))
    scope.client("secretsmanager").delete_secret(SecretId=id.rpartition("/")[0], ForceDeleteWithoutRecovery=True)


def take_off_its_secrets_name(scope: Scope, id: str) -> None:
    """All that can be changed by hand: whether the password was changed, nobody asks."""
    scope.client("secretsmanager").untag_resource(SecretId=id, TagKeys=["Name"])


def lose_password(scope: Scope, id: str) -> None:
    scope.iam.delete_login_profile(UserName=user_of(scope))
    scope.client("secretsmanager").delete_secret(SecretId=id, ForceDeleteWithoutRecovery=True)


ROWS = (
    Row(
        part=GROUP,
        needs=(POLICY,),
        changed=but(GROUP, managed=(Id("managed-policy/shared"),)),
        by_hand=loosen_group,
        vanish=lose_group,
        twin=second_group,
    ),
    Row(
        part=USER,
        needs=(POLICY, GROUP, OTHERS),
        changed=but(USER, groups=(Id("group/writers"),), managed=(Id("managed-policy/shared"),)),
        by_hand=loosen_user,
        vanish=lose_user,
        twin=second_user,
    ),
    Row(
        part=KEY,
        needs=(User(name="ada"),),
        moved=but(KEY, generation=2),
        by_hand=switch_off,
        vanish=lose_key,
    ),
    Row(
        part=LOGIN,
        needs=(User(name="ada"),),
        moved=but(LOGIN, generation=2),
        by_hand=take_off_its_secrets_name,
        vanish=lose_password,
    ),
)
