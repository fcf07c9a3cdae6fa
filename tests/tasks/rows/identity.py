"""Rows of the kinds in tasks/identity."""

import json
from typing import Any

from blueprints.identity import InstanceProfile, ManagedPolicy, Role
from blueprints.part import Id
from tasks.identity.home import name_of, path_of
from tasks.scope import Scope, as_list
from tests.tasks.rows.row import Row

READ = {
    "Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetObject"], "Resource": "arn:aws:s3:::things/*"},
}
WRITE = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Write",
            "Effect": "Allow",
            "Action": "s3:PutObject",
            "Resource": "*",
            "Condition": {"Bool": {"aws:SecureTransport": True}},
        }
    ],
}
CORE = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"
ROLE = Role(
    name="web",
    trusts=("ec2.amazonaws.com",),
    policies={"read": READ, "write": WRITE},
    managed=(CORE,),
    description="Servers web",
)
POLICY = ManagedPolicy(name="shared", document=READ)
LIMITS = ManagedPolicy(name="limits", document=WRITE)
OTHER_ROLE = Role(name="other", trusts=("ec2.amazonaws.com",))
PROFILE = InstanceProfile(name="web", role="role/web")


ANYBODY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}],
}


def loosen(scope: Scope, id: str) -> None:
    loose = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    scope.iam.put_role_policy(RoleName=name_of(id), PolicyName="loose", PolicyDocument=json.dumps(loose))
    scope.iam.update_assume_role_policy(RoleName=name_of(id), PolicyDocument=json.dumps(ANYBODY))
    scope.iam.detach_role_policy(RoleName=name_of(id), PolicyArn=CORE)


def delete_role(scope: Scope, id: str) -> None:
    role = name_of(id)
    scope.iam.detach_role_policy(RoleName=role, PolicyArn=CORE)
    for name in scope.iam.list_role_policies(RoleName=role)["PolicyNames"]:
        scope.iam.delete_role_policy(RoleName=role, PolicyName=name)
    scope.iam.delete_role(RoleName=role)


def versions(scope: Scope, id: str) -> list[dict[str, Any]]:
    return list(scope.iam.list_policy_versions(PolicyArn=id)["Versions"])


def put_another_version(scope: Scope, id: str) -> None:
    scope.iam.create_policy_version(PolicyArn=id, PolicyDocument=json.dumps(WRITE), SetAsDefault=True)


def delete_policy(scope: Scope, id: str) -> None:
    for version in versions(scope, id):
        if not version["IsDefaultVersion"]:
            scope.iam.delete_policy_version(PolicyArn=id, VersionId=version["VersionId"])
    scope.iam.delete_policy(PolicyArn=id)


def second_policy(scope: Scope, key: str) -> None:
    scope.iam.create_policy(
        PolicyName=f"twin-{scope.environment}",
        Path=path_of(scope, key.partition("/")[2]),
        PolicyDocument=json.dumps(READ),
        Tags=as_list(scope.birth_tags(key, None)),
    )


def second_role(scope: Scope, key: str) -> None:
    scope.iam.create_role(
        RoleName=f"twin-{scope.environment}",
        Path=path_of(scope, key.partition("/")[2]),
        AssumeRolePolicyDocument=json.dumps(ANYBODY),
        Tags=as_list(scope.birth_tags(key, None)),
    )


def take_role_out(scope: Scope, id: str) -> None:
    profile = name_of(id)
    (role,) = scope.iam.get_instance_profile(InstanceProfileName=profile)["InstanceProfile"]["Roles"]
    scope.iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=role["RoleName"])


def delete_profile(scope: Scope, id: str) -> None:
    take_role_out(scope, id)
    scope.iam.delete_instance_profile(InstanceProfileName=name_of(id))


def second_profile(scope: Scope, key: str) -> None:
    path = path_of(scope, key.partition("/")[2])
    scope.iam.create_instance_profile(InstanceProfileName=f"twin-{scope.environment}", Path=path)


ROWS = (
    Row(
        part=POLICY,
        changed=ManagedPolicy(name="shared", document=WRITE),
        by_hand=put_another_version,
        vanish=delete_policy,
        twin=second_policy,
    ),
    Row(
        part=ROLE,
        needs=(POLICY, LIMITS),
        changed=ROLE.model_copy(
            update={
                "trusts": ("lambda.amazonaws.com", "ec2.amazonaws.com"),
                "policies": {"read": WRITE, "more": READ},
                "managed": (READ_ONLY, Id("managed-policy/shared")),
                "permissions_boundary": Id("managed-policy/limits"),
                "description": "",
            }
        ),
        by_hand=loosen,
        vanish=delete_role,
        twin=second_role,
    ),
    Row(
        part=PROFILE,
        needs=(ROLE, OTHER_ROLE),
        changed=InstanceProfile(name="web", role="role/other"),
        by_hand=take_role_out,
        vanish=delete_profile,
        twin=second_profile,
    ),
)
