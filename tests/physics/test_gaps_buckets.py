"""Where moto leaves something out of buckets, and what S3 refuses, shown to a bare client."""

import json
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from botocore.exceptions import ClientError

from tests.physics.builds import Builds

NAME = "a-new-bucket"
EVERYBODY = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{NAME}/*"}


@pytest.fixture
def s3(make: Builds) -> Any:
    client = make.aws.client("s3")
    client.create_bucket(Bucket=NAME, CreateBucketConfiguration={"Tags": [{"Key": "a", "Value": "b"}]})
    return client


def code(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as raised:
        call(Bucket=NAME, **arguments)
    return str(raised.value.response["Error"]["Code"])


def test_a_new_bucket_is_tagged_encrypted_closed_and_its_owners_alone(s3: Any) -> None:
    (encryption,) = s3.get_bucket_encryption(Bucket=NAME)["ServerSideEncryptionConfiguration"]["Rules"]
    block = s3.get_public_access_block(Bucket=NAME)["PublicAccessBlockConfiguration"]
    (owner,) = s3.get_bucket_ownership_controls(Bucket=NAME)["OwnershipControls"]["Rules"]
    assert s3.get_bucket_tagging(Bucket=NAME)["TagSet"] == [{"Key": "a", "Value": "b"}]
    assert encryption["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert set(block.values()) == {True}
    assert owner["ObjectOwnership"] == "BucketOwnerEnforced"


def test_made_again_in_us_east_1_it_keeps_its_settings(s3: Any) -> None:
    s3.delete_public_access_block(Bucket=NAME)
    s3.create_bucket(Bucket=NAME)
    assert code(s3.get_public_access_block) == "NoSuchPublicAccessBlockConfiguration"
    assert s3.get_bucket_tagging(Bucket=NAME)["TagSet"]


def test_acls_and_public_policies_are_refused_until_that_is_lifted(s3: Any) -> None:
    public = json.dumps({"Version": "2012-10-17", "Statement": [EVERYBODY]})
    assert code(s3.put_bucket_acl, ACL="public-read") == "AccessControlListNotSupported"
    assert code(s3.put_bucket_policy, Policy=public) == "AccessDenied"
    s3.delete_public_access_block(Bucket=NAME)
    s3.put_bucket_policy(Bucket=NAME, Policy=public)
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=NAME, OwnershipControls=rules)
    s3.put_bucket_acl(Bucket=NAME, ACL="public-read")
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    refused = code(s3.put_bucket_ownership_controls, OwnershipControls=rules)
    assert refused == "InvalidBucketAclWithObjectOwnership"


def test_lifecycle_rules_come_back_as_they_were_sent(s3: Any) -> None:
    rule = {
        "ID": "old",
        "Status": "Enabled",
        "Filter": {"ObjectSizeGreaterThan": 5},
        "NoncurrentVersionExpiration": {"NoncurrentDays": 9, "NewerNoncurrentVersions": 2},
    }
    s3.put_bucket_lifecycle_configuration(Bucket=NAME, LifecycleConfiguration={"Rules": [rule]})
    assert s3.get_bucket_lifecycle_configuration(Bucket=NAME)["Rules"] == [rule]
    s3.delete_bucket_lifecycle(Bucket=NAME)
    assert code(s3.get_bucket_lifecycle_configuration) == "NoSuchLifecycleConfiguration"


def test_logs_may_be_written_by_a_policy_whose_values_stand_in_lists(s3: Any) -> None:
    status = {"LoggingEnabled": {"TargetBucket": NAME, "TargetPrefix": "x/"}}
    assert code(s3.put_bucket_logging, BucketLoggingStatus=status) == "InvalidTargetBucketForLogging"
    allowed = {
        "Effect": "Allow",
        "Principal": {"Service": ["logging.s3.amazonaws.com"]},
        "Action": ["s3:PutObject"],
        "Resource": [f"arn:aws:s3:::{NAME}/*"],
    }
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}))
    s3.put_bucket_logging(Bucket=NAME, BucketLoggingStatus=status)
    assert s3.get_bucket_logging(Bucket=NAME)["LoggingEnabled"]["TargetBucket"] == NAME


def test_a_policys_conditions_count_and_so_does_whom_it_names(s3: Any) -> None:
    """Moto takes every statement for one about everybody, whatever its conditions; here, all calls come over TLS."""
    over_tls = {"Bool": {"aws:SecureTransport": "false"}}
    from_vpc = {"StringEquals": {"aws:sourceVpc": "vpc-1"}}
    aim = {"Action": ["s3:*"], "Resource": [f"arn:aws:s3:::{NAME}", f"arn:aws:s3:::{NAME}/*"]}
    statements = [
        {"Effect": "Deny", "Principal": {"AWS": ["*"]}, "Condition": over_tls, **aim},
        {"Effect": "Deny", "Principal": {"AWS": ["111122223333"]}, **aim},
        {"Effect": "Allow", "Principal": "*", "Condition": from_vpc, **aim},
    ]
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps({"Version": "2012-10-17", "Statement": statements}))
    s3.put_object(Bucket=NAME, Key="page", Body=b"hello")
    address = f"{s3.meta.endpoint_url}/{NAME}/page"
    with pytest.raises(HTTPError, match="403"):
        urlopen(address)
    s3.delete_public_access_block(Bucket=NAME)
    s3.put_bucket_policy(Bucket=NAME, Policy=json.dumps({"Version": "2012-10-17", "Statement": [EVERYBODY]}))
    assert urlopen(address).read() == b"hello"


def test_whom_a_bucket_tells_is_refused_until_it_admits_s3_and_reads_back_as_sent(make: Builds, s3: Any) -> None:
    made = make.sqs.create_queue(QueueName="told")["QueueUrl"]
    arn = make.sqs.get_queue_attributes(QueueUrl=made, AttributeNames=["All"])["Attributes"]["QueueArn"]
    queues = [{"Id": "a", "QueueArn": arn, "Events": ["s3:ObjectCreated:*"]}]
    whom = {"QueueConfigurations": queues, "EventBridgeConfiguration": {}}
    refused = code(s3.put_bucket_notification_configuration, NotificationConfiguration=whom)
    assert refused == "InvalidArgument"
    statement = {"Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"}, "Action": "sqs:SendMessage"}
    policy = {"Version": "2012-10-17", "Statement": [statement | {"Resource": "*"}]}
    make.sqs.set_queue_attributes(QueueUrl=made, Attributes={"Policy": json.dumps(policy)})
    s3.put_bucket_notification_configuration(Bucket=NAME, NotificationConfiguration=whom)
    told = s3.get_bucket_notification_configuration(Bucket=NAME)
    assert {key: told[key] for key in whom} == whom


def test_an_acl_tells_every_permission_that_it_grants(s3: Any) -> None:
    rules = {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
    s3.put_bucket_ownership_controls(Bucket=NAME, OwnershipControls=rules)
    s3.put_bucket_acl(Bucket=NAME, ACL="log-delivery-write")
    grants = s3.get_bucket_acl(Bucket=NAME)["Grants"]
    assert {one["Permission"] for one in grants if "URI" in one["Grantee"]} == {"READ_ACP", "WRITE"}
