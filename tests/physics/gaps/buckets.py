"""Buckets: what S3 sets on a new one, its tags, lifecycle rules as they were sent, and who may write logs."""

import json
from typing import Any
from xml.etree import ElementTree

from moto.s3.models import FakeAcl, FakeBucket, FakeGrant, PublicAccessBlock
from moto.s3.responses import S3Response

from tests.physics.answers import Answer, xml
from tests.physics.hooks import after, instead
from tests.physics.protocol import Request
from tests.physics.world import World


@after("s3:CreateBucket")
def as_s3_makes_it(request: Request, answer: Answer, world: World) -> None:
    """Owner enforced, encrypted, not public, and tagged. us-east-1 answers like this for one that's there already, too.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/creating-buckets-s3.html
    """
    bucket = world.backend(request).get_bucket(request.text("Bucket"))
    if hasattr(bucket, "lifecycle_sent"):
        return
    bucket.lifecycle_sent = b""
    bucket.ownership_rule = bucket.ownership_rule or "BucketOwnerEnforced"
    bucket.encryption = {"Rule": {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}}
    bucket.public_access_block = PublicAccessBlock("true", "true", "true", "true")
    if tags := tags_in(request.text("body")):
        world.backend(request).put_bucket_tagging(bucket.name, tags)


def tags_in(text: str) -> dict[str, str]:
    """The tags in CreateBucketConfiguration, which moto drops."""
    if not text:
        return {}
    found = ElementTree.fromstring(text).findall(".//{*}Tags/{*}Tag")
    return {tag.findtext("{*}Key", ""): tag.findtext("{*}Value", "") for tag in found}


@after("s3:PutBucketLifecycle", "s3:PutBucketLifecycleConfiguration")  # two names for one address
def lifecycle_kept(request: Request, answer: Answer, world: World) -> None:
    """Moto has judged it, and drops sizes and how many versions are spared."""
    world.backend(request).get_bucket(request.text("Bucket")).lifecycle_sent = request.text("body").encode()


@after("s3:DeleteBucketLifecycle")
def lifecycle_gone(request: Request, answer: Answer, world: World) -> None:
    world.backend(request).get_bucket(request.text("Bucket")).lifecycle_sent = b""


@instead("s3:GetBucketLifecycle", "s3:GetBucketLifecycleConfiguration")
def lifecycle_told(request: Request, world: World) -> Answer | None:
    bucket = world.backend(request).get_bucket(request.text("Bucket"))
    sent = getattr(bucket, "lifecycle_sent", b"")
    return xml(200, sent.decode()) if sent else None


@after("s3:PutBucketNotification", "s3:PutBucketNotificationConfiguration")
def notification_kept(request: Request, answer: Answer, world: World) -> None:
    """Moto doesn't tell that the event bus is told."""
    world.backend(request).get_bucket(request.text("Bucket")).notification_sent = request.text("body")


@instead("s3:GetBucketNotification", "s3:GetBucketNotificationConfiguration")
def notification_told(request: Request, world: World) -> Answer | None:
    sent = getattr(world.backend(request).get_bucket(request.text("Bucket")), "notification_sent", "")
    return xml(200, sent) if sent else None


@after("s3:PutBucketReplication")
def replication_kept(request: Request, answer: Answer, world: World) -> None:
    """Moto tells some of it in another form."""
    world.backend(request).get_bucket(request.text("Bucket")).replication_sent = request.text("body")


@after("s3:DeleteBucketReplication")
def replication_gone(request: Request, answer: Answer, world: World) -> None:
    world.backend(request).get_bucket(request.text("Bucket")).replication_sent = ""


@instead("s3:GetBucketReplication")
def replication_told(request: Request, world: World) -> Answer | None:
    sent = getattr(world.backend(request).get_bucket(request.text("Bucket")), "replication_sent", "")
    return xml(200, sent) if sent else None


to_dict = S3Response._acl_to_dict


def acl_told(acl: Any) -> dict[str, Any]:
    """A grant for each permission: moto tells the first of several only."""
    grants = [FakeGrant(grant.grantees, [permission]) for grant in acl.grants for permission in grant.permissions]
    told: dict[str, Any] = to_dict(FakeAcl(grants))
    return told


S3Response._acl_to_dict = staticmethod(acl_told)


def logs_let_in(bucket: Any, prefix: str | None) -> bool:
    """Whether a bucket's policy lets S3 write logs: moto knows policies only in which each value stands alone."""
    aims = {f"{bucket.arn}/*", f"{bucket.arn}/{prefix or ''}*"}
    for statement in json.loads(bucket.policy)["Statement"] if bucket.policy else ():
        principal = statement.get("Principal", {})
        services = listed(principal.get("Service", [])) if isinstance(principal, dict) else []
        allowed = statement["Effect"] == "Allow" and "s3:PutObject" in listed(statement.get("Action", []))
        if allowed and "logging.s3.amazonaws.com" in services and aims & set(listed(statement.get("Resource", []))):
            return True
    return False


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


FakeBucket._log_permissions_enabled_policy = staticmethod(
    lambda target_bucket, target_prefix: logs_let_in(target_bucket, target_prefix)
)
