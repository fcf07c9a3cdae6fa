"""The buckets of an environment, listed for all kinds that belong to one."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec, TypeVar

from botocore.exceptions import ClientError

from tasks.each import each
from tasks.errors import code_of
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict

KIND = "bucket"
ABSENT = frozenset(
    {
        "NoSuchBucketPolicy",
        "NoSuchCORSConfiguration",
        "NoSuchLifecycleConfiguration",
        "NoSuchPublicAccessBlockConfiguration",
        "NoSuchTagSet",
        "NoSuchWebsiteConfiguration",
        "OwnershipControlsNotFoundError",
        "ReplicationConfigurationNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
"""What S3 answers where a setting was never made."""

P = ParamSpec("P")
T = TypeVar("T")


@dataclass(frozen=True)
class Owned:
    """A bucket that carries an environment's tags: its name in AWS, and the name of its part."""

    bucket: str
    name: str
    tags: dict[str, str]

    @property
    def whose(self) -> dict[str, str]:
        """The tag that says whose it is, for what is the bucket's and takes no tags itself."""
        return {ENVIRONMENT: self.tags[ENVIRONMENT]}


def arn_of(scope: Scope, bucket: str) -> str:
    """A bucket's ARN, which is its id: policies and events name it by that."""
    return f"arn:{scope.client('s3').meta.partition}:s3:::{bucket}"


def bucket_of(arn: str) -> str:
    """A bucket's name, from its ARN."""
    return arn.rpartition(":")[2]


def owned_buckets(scope: Scope) -> list[Owned]:
    """The scope's buckets, listed once a survey.

    ListBuckets by the beginning of derived names finds those. One that was named by hand is found by the tagging API,
    which may take a minute to see a new one. Each one's own tags, read from S3, decide.
    """
    return scope.listed("s3 buckets", lambda: _owned_buckets(scope))


def _owned_buckets(scope: Scope) -> list[Owned]:
    prefix = {"Prefix": f"{scope.environment}--"} if scope.environment else {}
    listed = scope.pages("s3", "list_buckets", "Buckets", BucketRegion=scope.region, **prefix)
    names = {bucket["Name"] for bucket in listed if "--" in bucket["Name"]}
    by_tag = {"Key": ENVIRONMENT, **({"Values": [scope.environment]} if scope.environment else {})}
    tagged = scope.pages(
        "resourcegroupstaggingapi",
        "get_resources",
        "ResourceTagMappingList",
        TagFilters=[by_tag],
        ResourceTypeFilters=["s3:bucket"],
    )
    by_hand = sorted({bucket_of(resource["ResourceARN"]) for resource in tagged} - names)
    names |= {name for name, here in each(lambda name: _is_here(scope, name), by_hand) if here}
    found = []
    for bucket, tags in each(lambda name: tags_of(scope, name), sorted(names)):
        kind, _, name = (tags or {}).get(PART, "").partition("/")
        if tags and kind == KIND and name and scope.owns(tags):
            found.append(Owned(bucket, name, tags))
    return found


def _is_here(scope: Scope, bucket: str) -> bool:
    """Whether it's in the scope's region: an environment of the same name may stand in another one."""
    try:
        return str(scope.client("s3").head_bucket(Bucket=bucket).get("BucketRegion", "")) == scope.region
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchBucket"):
            return False
        raise


def tags_of(scope: Scope, bucket: str) -> dict[str, str] | None:
    """A bucket's own tags; None where there's no such bucket."""
    try:
        return as_dict((reading(scope.client("s3").get_bucket_tagging, Bucket=bucket) or {}).get("TagSet"))
    except ClientError as error:
        if code_of(error) == "NoSuchBucket":
            return None
        raise


def reading(call: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """What a read answers; None where the setting was never made."""
    try:
        return call(*args, **kwargs)
    except ClientError as error:
        if code_of(error) in ABSENT:
            return None
        raise
