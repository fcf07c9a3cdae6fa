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
