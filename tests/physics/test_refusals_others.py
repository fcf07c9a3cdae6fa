"""IAM, certificates, buckets, databases, functions."""

import io
import json
import zipfile

import pytest

from tests.physics.builds import Builds, code_of

GOOD = {"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}


@pytest.mark.parametrize(
    "trust",
    [
        "{",
        "{}",
        json.dumps({"Statement": [{**GOOD, "Resource": "*"}]}),
        json.dumps({"Statement": [{"Effect": "Allow"}]}),
    ],
    ids=["no json", "no statement", "a resource", "no principal"],
)
def test_malformed_trust_is_refused(make: Builds, trust: str) -> None:
    refused = code_of(make.iam.create_role, RoleName="app", AssumeRolePolicyDocument=trust)
    assert refused == "MalformedPolicyDocument"
    make.role()
    refused = code_of(make.iam.update_assume_role_policy, RoleName="app", PolicyDocument=trust)
    assert refused == "MalformedPolicyDocument"


def test_attached_policy_cannot_be_deleted(make: Builds) -> None:
    make.role()
    document = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    arn = make.iam.create_policy(PolicyName="all", PolicyDocument=document)["Policy"]["Arn"]
    make.iam.attach_role_policy(RoleName="app", PolicyArn=arn)
    assert code_of(make.iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    make.iam.detach_role_policy(RoleName="app", PolicyArn=arn)
    make.iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)
    assert code_of(make.iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    make.iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    make.iam.delete_policy(PolicyArn=arn)
    assert code_of(make.iam.get_policy, PolicyArn=arn) == "NoSuchEntity"


@pytest.mark.parametrize("name", ["Upper", "under_score", "10.0.0.1", "a..b", "-a-"])
def test_bad_bucket_name_is_refused(make: Builds, name: str) -> None:
    assert code_of(make.s3.create_bucket, Bucket=name) == "InvalidBucketName"


def test_malformed_bucket_policy_is_refused_and_the_bucket_stays_usable(make: Builds) -> None:
    make.s3.create_bucket(Bucket="site")
    assert code_of(make.s3.put_bucket_policy, Bucket="site", Policy="{") == "MalformedPolicy"
    make.s3.put_object(Bucket="site", Key="a", Body=b"x")
    assert make.s3.get_object(Bucket="site", Key="a")["Body"].read() == b"x"


def test_database_is_not_deleted_without_a_word_on_its_last_snapshot(make: Builds) -> None:
    make.rds.create_db_instance(
        DBInstanceIdentifier="db", DBInstanceClass="db.t3.micro", Engine="postgres", AllocatedStorage=20
    )
    delete = make.rds.delete_db_instance
    assert code_of(delete, DBInstanceIdentifier="db") == "InvalidParameterCombination"
    delete(DBInstanceIdentifier="db", SkipFinalSnapshot=True)
    assert make.rds.describe_db_instances()["DBInstances"] == []


def test_subnet_group_covers_two_zones_and_stays_while_it_is_used(make: Builds) -> None:
    vpc = make.vpc()
    one, other = make.subnet(vpc, 0), make.subnet(vpc, 1)
    asked = {"DBSubnetGroupName": "db", "DBSubnetGroupDescription": "db"}
    assert code_of(make.rds.create_db_subnet_group, **asked, SubnetIds=[one]) == "DBSubnetGroupDoesNotCoverEnoughAZs"
    make.rds.create_db_subnet_group(**asked, SubnetIds=[one, other])
    make.rds.create_db_instance(
        DBInstanceIdentifier="db", DBInstanceClass="db.t3.micro", Engine="postgres", DBSubnetGroupName="db"
    )
    assert code_of(make.rds.delete_db_subnet_group, DBSubnetGroupName="db") == "InvalidDBSubnetGroupStateFault"


def test_permission_ids_of_a_function_are_unique(make: Builds) -> None:
    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("app.py", "def handler(event, context): return 1")
    role = make.role(service="lambda.amazonaws.com")
    packed = {"ZipFile": code.getvalue()}
    asked = {"FunctionName": "f", "Runtime": "python3.12", "Handler": "app.handler", "Role": role, "Code": packed}
    getattr(make, "lambda").create_function(**asked)
    permit = {
        "FunctionName": "f",
        "StatementId": "one",
        "Action": "lambda:InvokeFunction",
        "Principal": "s3.amazonaws.com",
    }
    getattr(make, "lambda").add_permission(**permit)
    assert code_of(getattr(make, "lambda").add_permission, **permit) == "ResourceConflictException"
