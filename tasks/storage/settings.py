"""What is set on a bucket, call by call: S3 has one to read each setting, and one to write it."""

from collections.abc import Callable
from typing import Any

from blueprints.storage import PUBLIC_ACLS, CorsRule, LifecycleRule, Website
from tasks.errors import gone_is_fine
from tasks.retry import when_visible
from tasks.scope import Scope
from tasks.storage import lifecycle, website
from tasks.storage.acl import canned
from tasks.storage.listing import arn_of, bucket_of, reading

OWNERS = {
    "owner-enforced": "BucketOwnerEnforced",
    "owner-preferred": "BucketOwnerPreferred",
    "object-writer": "ObjectWriter",
}
OWNER_NAMES = {theirs: ours for ours, theirs in OWNERS.items()}


# ---------------------------------------------------------------------- reading


def read_versioning(scope: Scope, bucket: str) -> dict[str, Any]:
    """Suspended, it makes no versions, like one that never made any."""
    return {"versioning": scope.client("s3").get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled"}


def read_encryption(scope: Scope, bucket: str) -> dict[str, Any]:
    """S3's own keys are named by an empty text."""
    answer = reading(scope.client("s3").get_bucket_encryption, Bucket=bucket) or {}
    rules = answer.get("ServerSideEncryptionConfiguration", {}).get("Rules", [])
    rule = rules[0] if rules else {}
    by = rule.get("ApplyServerSideEncryptionByDefault", {})
    if by.get("SSEAlgorithm", "AES256") == "AES256":
        return {"kms_key": "", "bucket_key": False}
    key = by.get("KMSMasterKeyID", "alias/aws/s3")
    double = "" if by["SSEAlgorithm"] == "aws:kms" else f" {by['SSEAlgorithm']}"
    return {"kms_key": f"{key}{double}", "bucket_key": bool(rule.get("BucketKeyEnabled"))}


def read_owners(scope: Scope, bucket: str) -> dict[str, Any]:
    """Where the owner is enforced, S3 counts no ACL."""
    answer = reading(scope.client("s3").get_bucket_ownership_controls, Bucket=bucket)
    theirs = answer["OwnershipControls"]["Rules"][0]["ObjectOwnership"] if answer else "ObjectWriter"
    ownership = OWNER_NAMES.get(theirs, theirs)
    acl = "private" if ownership == "owner-enforced" else canned(scope.client("s3").get_bucket_acl(Bucket=bucket))
    return {"ownership": ownership, "acl": acl}


def read_public_access(scope: Scope, bucket: str) -> dict[str, Any]:
    """What is blocked: of ACLs, and of policies."""
    answer = reading(scope.client("s3").get_public_access_block, Bucket=bucket) or {}
    block = answer.get("PublicAccessBlockConfiguration", {})
    return {
        "public_acls": _allowed(block.get("BlockPublicAcls"), block.get("IgnorePublicAcls")),
        "public_policy": _allowed(block.get("BlockPublicPolicy"), block.get("RestrictPublicBuckets")),
    }


def read_lifecycle(scope: Scope, bucket: str) -> dict[str, Any]:
    """Rules by their ids."""
    answer = reading(scope.client("s3").get_bucket_lifecycle_configuration, Bucket=bucket) or {}
    return {"lifecycle": {rule.get("ID", ""): lifecycle.told(rule) for rule in answer.get("Rules", [])}}


def read_cors(scope: Scope, bucket: str) -> dict[str, Any]:
    """Rules in their order: the first that fits decides."""
    answer = reading(scope.client("s3").get_bucket_cors, Bucket=bucket) or {}
    return {"cors": tuple(_cors_told(rule) for rule in answer.get("CORSRules", []))}


def read_website(scope: Scope, bucket: str) -> dict[str, Any]:
    """None where it's no website."""
    answer = reading(scope.client("s3").get_bucket_website, Bucket=bucket)
    return {"website": website.told(answer) if answer else None}


def read_logs(scope: Scope, bucket: str) -> dict[str, Any]:
    """The bucket's ARN, and what keys begin with."""
    logging = scope.client("s3").get_bucket_logging(Bucket=bucket).get("LoggingEnabled", {})
    to = logging.get("TargetBucket", "")
    return {"logs_to": arn_of(scope, to) if to else "", "logs_prefix": logging.get("TargetPrefix") or ""}


READS: tuple[Callable[[Scope, str], dict[str, Any]], ...] = (
    read_versioning,
    read_encryption,
    read_owners,
    read_public_access,
    read_lifecycle,
    read_cors,
    read_website,
    read_logs,
)


# ---------------------------------------------------------------------- writing, in the order in which S3 takes it


def write_acl(scope: Scope, bucket: str, wanted: Any) -> None:
    """A private one comes before owners are enforced; S3 then takes none, and needs none."""
    with gone_is_fine(*(["AccessControlListNotSupported"] if wanted.acl == "private" else [])):
        scope.client("s3").put_bucket_acl(Bucket=bucket, ACL=wanted.acl)


def write_owners(scope: Scope, bucket: str, wanted: Any) -> None:
    """Who owns what others write."""
    rules = [{"ObjectOwnership": OWNERS[wanted.ownership]}]
    scope.client("s3").put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": rules})


def write_public_access(scope: Scope, bucket: str, wanted: Any) -> None:
    """Blocked as a pair each: what is new, and what stands."""
    block = {
        "BlockPublicAcls": wanted.public_acls != "allowed",
        "IgnorePublicAcls": wanted.public_acls != "allowed",
        "BlockPublicPolicy": wanted.public_policy != "allowed",
        "RestrictPublicBuckets": wanted.public_policy != "allowed",
    }
    scope.client("s3").put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=block)


def write_encryption(scope: Scope, bucket: str, wanted: Any) -> None:
    """S3's own keys, or one of KMS."""
    by = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": wanted.kms_key} if wanted.kms_key else {"SSEAlgorithm": "AES256"}
    rule = {"ApplyServerSideEncryptionByDefault": by, "BucketKeyEnabled": wanted.bucket_key}
    scope.client("s3").put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})


def write_versioning(scope: Scope, bucket: str, wanted: Any) -> None:
    """What once made versions can only be suspended."""
    status = "Enabled" if wanted.versioning else "Suspended"
    scope.client("s3").put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


def write_lifecycle(scope: Scope, bucket: str, wanted: Any) -> None:
    """All rules at once."""
    rules: dict[str, LifecycleRule] = wanted.lifecycle
    if rules:
        told = {"Rules": [lifecycle.sent(name, rule) for name, rule in rules.items()]}
        scope.client("s3").put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=told)
    else:
        scope.client("s3").delete_bucket_lifecycle(Bucket=bucket)


def write_cors(scope: Scope, bucket: str, wanted: Any) -> None:
    """All rules at once."""
    rules: tuple[CorsRule, ...] = wanted.cors
    if rules:
        scope.client("s3").put_bucket_cors(
            Bucket=bucket, CORSConfiguration={"CORSRules": [_cors_sent(rule) for rule in rules]}
        )
    else:
        scope.client("s3").delete_bucket_cors(Bucket=bucket)


def write_website(scope: Scope, bucket: str, wanted: Any) -> None:
    """All of it at once."""
    asked: Website | None = wanted.website
    if asked:
        scope.client("s3").put_bucket_website(Bucket=bucket, WebsiteConfiguration=website.sent(asked))
    else:
        scope.client("s3").delete_bucket_website(Bucket=bucket)


def write_logs(scope: Scope, bucket: str, wanted: Any) -> None:
    """S3 looks whether it may write there: the policy that lets it may be seconds old."""
    enabled = {"TargetBucket": bucket_of(wanted.logs_to), "TargetPrefix": wanted.logs_prefix}
    status = {"LoggingEnabled": enabled} if wanted.logs_to else {}
    when_visible(
        "the policy of the bucket with the logs",
        scope.client("s3").put_bucket_logging,
        Bucket=bucket,
        BucketLoggingStatus=status,
    )


WRITES: tuple[tuple[frozenset[str], Callable[[Scope, str, Any], None]], ...] = (
    (frozenset({"ownership"}), write_owners),
    (frozenset({"public_acls", "public_policy"}), write_public_access),
    (frozenset({"acl"}), write_acl),
    (frozenset({"kms_key", "bucket_key"}), write_encryption),
    (frozenset({"versioning"}), write_versioning),
    (frozenset({"lifecycle"}), write_lifecycle),
    (frozenset({"cors"}), write_cors),
    (frozenset({"website"}), write_website),
    (frozenset({"logs_to", "logs_prefix"}), write_logs),
)


def write_all(scope: Scope, bucket: str, wanted: Any, changed: frozenset[str]) -> None:
    """The settings of these fields. Ownership can be enforced only once no ACL grants others anything."""
    writes = [write for fields, write in WRITES if fields & changed]
    if write_acl in writes and wanted.acl == "private":
        writes = [write_acl, *(write for write in writes if write is not write_acl)]
    for write in writes:
        when_visible(f"bucket {bucket}", write, scope, bucket, wanted)


def acls_wanted(acl: str) -> str:
    """What is said of public ACLs where a bucket has this one."""
    return "allowed" if acl in PUBLIC_ACLS else "blocked"


def _allowed(new: bool | None, standing: bool | None) -> str:
    """Both of a pair blocked, none, or one of them: made by hand."""
    return "blocked" if new and standing else "partly blocked" if new or standing else "allowed"


def _cors_sent(rule: CorsRule) -> dict[str, Any]:
    told = {
        "AllowedOrigins": list(rule.origins),
        "AllowedMethods": list(rule.methods),
        "AllowedHeaders": list(rule.headers),
        "ExposeHeaders": list(rule.expose),
        "MaxAgeSeconds": rule.max_age,
    }
    return {key: value for key, value in told.items() if value not in (None, [])}


def _cors_told(rule: dict[str, Any]) -> CorsRule:
    return CorsRule.model_construct(
        origins=tuple(rule["AllowedOrigins"]),
        methods=tuple(rule["AllowedMethods"]),
        headers=tuple(rule.get("AllowedHeaders", ())),
        expose=tuple(rule.get("ExposeHeaders", ())),
        max_age=rule.get("MaxAgeSeconds"),
    )
