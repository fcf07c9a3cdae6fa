"""Buckets, their policies, and what serves them."""

import json
import re
from typing import Any

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.refusals.identity import statements
from tests.physics.world import World

S3_COMES = "s3.amazonaws.com"
BUCKET = re.compile(r"(?!xn--|\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@before("s3:CreateBucket")
def bucket_name_sound(request: Request, world: World) -> None:
    if not BUCKET.fullmatch(request.text("Bucket")):
        raise Refused("InvalidBucketName", "The specified bucket is not valid.")


@before("s3:PutBucketPolicy")
def bucket_policy_sound(request: Request, world: World) -> None:
    for statement in statements(request.text("body"), "MalformedPolicy"):
        if not {"Principal", "NotPrincipal"} & statement.keys():
            raise Refused("MalformedPolicy", "Missing required field Principal")
        if not {"Resource", "NotResource"} & statement.keys():
            raise Refused("MalformedPolicy", "Missing required field Resource")


@before("s3:PutBucketPolicy")
def public_policy_blocked(request: Request, world: World) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html"""
    block = world.backend(request).get_bucket(request.text("Bucket")).public_access_block
    for statement in statements(request.text("body"), "MalformedPolicy"):
        everybody = statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
        allowed = statement["Effect"] == "Allow" and everybody and not statement.get("Condition")
        if allowed and block and str(block.block_public_policy).lower() == "true":
            why = "because public policies are blocked by the BlockPublicPolicy block public access setting."
            raise Refused("AccessDenied", f"User is not authorized to perform: s3:PutBucketPolicy {why}", 403)


@before("s3:PutBucketAcl")
def acls_off(request: Request, world: World) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/about-object-ownership.html"""
    bucket = world.backend(request).get_bucket(request.text("Bucket"))
    if "BucketOwnerEnforced" in str(bucket.ownership_rule):
        raise Refused("AccessControlListNotSupported", "The bucket does not allow ACLs")


@before("s3:PutBucketOwnershipControls")
def acl_grants_still(request: Request, world: World) -> None:
    bucket = world.backend(request).get_bucket(request.text("Bucket"))
    others = [one for grant in bucket.acl.grants for one in grant.grantees if one.uri] if bucket.acl else []
    if "BucketOwnerEnforced" in request.text("body") and others:
        raise Refused(
            "InvalidBucketAclWithObjectOwnership",
            "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting",
        )


@before("s3:PutBucketNotification", "s3:PutBucketNotificationConfiguration")  # two names for one address
def destinations_admit_s3(request: Request, world: World) -> None:
    """S3 looks whether it may call each function, and send to each queue. Conditions aren't looked into here."""
    found = re.findall(r"<(?:CloudFunction|Queue)>(arn:[^<]+)<", request.text("body"))
    if not all(S3_COMES in admitted(arn, request, world) for arn in found):
        raise Refused("InvalidArgument", "Unable to validate the following destination configurations")


def admitted(arn: str, request: Request, world: World) -> set[str]:
    """The services that a function's or a queue's policy lets in."""
    statements: list[Any] = []
    if ":lambda:" in arn:
        functions = world.backend(request, "lambda").list_functions()
        policies = [each.policy for each in functions if f"{arn}:".startswith(f"{each.function_arn}:") and each.policy]
        statements = [one for policy in policies for one in policy.statements if one["Resource"] == arn]
    else:
        queues = [each for each in world.backend(request, "sqs").queues.values() if each.queue_arn == arn]
        statements = [one for each in queues for one in json.loads(each.policy or "{}").get("Statement", [])]
    principals = [one["Principal"].get("Service", []) for one in statements if isinstance(one["Principal"], dict)]
    return {service for each in principals for service in ([each] if isinstance(each, str) else each)}


@before("s3:PutBucketReplication")
def both_keep_versions(request: Request, world: World) -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-requirements.html"""
    buckets = world.backend(request).buckets
    for name in re.findall(r"<Bucket>arn:aws:s3:::([^<]+)<", request.text("body")):
        if name in buckets and not buckets[name].is_versioned:
            raise Refused("InvalidRequest", "Destination bucket must have versioning enabled.")


@before("s3:PutBucketVersioning")
def replicated_keeps_versions(request: Request, world: World) -> None:
    bucket = world.backend(request).get_bucket(request.text("Bucket"))
    if getattr(bucket, "replication_sent", "") and "Suspended" in request.text("body"):
        why = "A replication configuration is present on this bucket, so you cannot change the versioning state."
        raise Refused("InvalidBucketState", why, 409)
