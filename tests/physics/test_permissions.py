"""Whoever is a user of IAM may do what its policies say: by resources, and by tags of what stands and what is asked."""

import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.physics import Physics
from tests.physics.builds import Builds

OURS = {"StringEquals": {"aws:RequestTag/team": "a"}}
STANDING = {"StringEquals": {"aws:ResourceTag/team": "a"}}
TAGS = [{"ResourceType": "vpc", "Tags": [{"Key": "team", "Value": "a"}]}]


def allow(actions: Any, resources: Any = "*", condition: Any = None) -> dict[str, Any]:
    told = {"Effect": "Allow", "Action": actions, "Resource": resources}
    return told | ({"Condition": condition} if condition else {})


def somebody(aws: Physics, *statements: dict[str, Any]) -> Any:
    """The credentials of a user with these statements."""
    iam = aws.client("iam")
    iam.create_user(UserName="u")
    policy = {"Version": "2012-10-17", "Statement": list(statements)}
    iam.put_user_policy(UserName="u", PolicyName="p", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="u")["AccessKey"]
    return boto3.Session(key["AccessKeyId"], key["SecretAccessKey"], region_name="us-east-1")


def denied(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return str(error.value.response["Error"]["Code"])


def test_only_what_is_tagged_as_allowed_is_made_and_changed(make: Builds, aws: Physics) -> None:
    born = {"StringEquals": {"ec2:CreateAction": "CreateVpc"}}
    session = somebody(
        aws,
        allow("ec2:CreateVpc", condition=OURS),
        allow("ec2:CreateTags", condition=born),
        allow("ec2:DeleteVpc", "arn:aws:ec2:us-east-1:*:vpc/*", STANDING),
    )
    ec2 = session.client("ec2", endpoint_url=aws.url)
    assert denied(ec2.create_vpc, CidrBlock="10.0.0.0/16") == "UnauthorizedOperation"
    mine = ec2.create_vpc(CidrBlock="10.0.0.0/16", TagSpecifications=TAGS)["Vpc"]["VpcId"]
    theirs = aws.client("ec2").create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    assert denied(ec2.create_tags, Resources=[theirs], Tags=[{"Key": "team", "Value": "a"}]) == "UnauthorizedOperation"
    assert denied(ec2.delete_vpc, VpcId=theirs) == "UnauthorizedOperation"
    assert denied(ec2.delete_vpc, VpcId=mine, DryRun=True) == "DryRunOperation"
    ec2.delete_vpc(VpcId=mine)
    assert denied(ec2.describe_vpcs) == "UnauthorizedOperation"
    assert denied(session.client("lambda", endpoint_url=aws.url).list_functions) == "AccessDeniedException"


def test_parameters_topics_and_the_passwords_that_rds_keeps_are_judged_by_their_arns(
    make: Builds, aws: Physics
) -> None:
    session = somebody(
        aws,
        allow(["ssm:PutParameter", "ssm:AddTagsToResource"], "arn:aws:ssm:us-east-1:*:parameter/a/*"),
        allow("ssm:GetParameters", "arn:aws:ssm:us-east-1::parameter/aws/service/*"),
        allow(["sns:CreateTopic", "sns:DeleteTopic", "sns:Unsubscribe"], "arn:aws:sns:us-east-1:*:a--*"),
        allow("rds:CreateDBInstance"),
    )
    ssm, sns, rds = (session.client(name, endpoint_url=aws.url) for name in ("ssm", "sns", "rds"))
    ssm.put_parameter(Name="/a/level", Value="info", Type="String")
    tags = [{"Key": "team", "Value": "a"}]
    ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId="/a/level", Tags=tags)
    assert denied(ssm.put_parameter, Name="/b/level", Value="info", Type="String") == "AccessDeniedException"
    assert denied(ssm.get_parameters, Names=["/a/level"]) == "AccessDeniedException"
    named = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    assert ssm.get_parameters(Names=[named])["InvalidParameters"] == []
    topic = sns.create_topic(Name="a--ops")["TopicArn"]
    assert denied(sns.create_topic, Name="b--ops") == "AccessDenied"
    assert denied(sns.unsubscribe, SubscriptionArn=f"{topic}:1") == "AccessDenied"  # it knows no resource
    sns.delete_topic(TopicArn=topic)
    database = {"DBInstanceIdentifier": "a", "DBInstanceClass": "db.t4g.micro", "Engine": "postgres"}
    kept = database | {"AllocatedStorage": 20, "MasterUsername": "castra", "ManageMasterUserPassword": True}
    assert denied(rds.create_db_instance, **kept) == "AccessDenied"


def test_what_a_user_may_do_can_be_asked_beforehand(make: Builds, aws: Physics) -> None:
    forbid = {"Effect": "Deny", "Action": "iam:DeleteRole", "Resource": "*"}
    somebody(aws, allow(["iam:*Role", "sqs:CreateQueue"], "arn:aws:*:*:*:*a-*"), forbid)
    iam = aws.client("iam")
    told = iam.simulate_principal_policy(
        PolicySourceArn=iam.get_user(UserName="u")["User"]["Arn"],
        ActionNames=["iam:CreateRole", "iam:DeleteRole", "sqs:DeleteQueue"],
        ResourceArns=["arn:aws:iam::123456789012:role/a-b"],
    )["EvaluationResults"]
    assert [one["EvalDecision"] for one in told] == ["allowed", "explicitDeny", "implicitDeny"]
