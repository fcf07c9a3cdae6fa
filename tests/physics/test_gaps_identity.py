"""Where moto counts otherwise than IAM."""

import json

from tests.physics.builds import Builds


def test_a_policy_attached_again_counts_once(make: Builds) -> None:
    make.role("app")
    make.role("other")
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    arn = make.iam.create_policy(PolicyName="reads", PolicyDocument=document)["Policy"]["Arn"]
    for role in ("app", "app", "other"):
        make.iam.attach_role_policy(RoleName=role, PolicyArn=arn)
    assert make.iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 2
    for role in ("app", "other"):
        make.iam.detach_role_policy(RoleName=role, PolicyArn=arn)
    assert make.iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 0


def test_a_password_that_has_to_be_changed_says_so(make: Builds) -> None:
    make.iam.create_user(UserName="ada")
    make.iam.create_login_profile(UserName="ada", Password="Of-somebody-1", PasswordResetRequired=True)
    assert make.iam.get_login_profile(UserName="ada")["LoginProfile"]["PasswordResetRequired"]
