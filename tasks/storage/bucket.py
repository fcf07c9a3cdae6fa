"""Buckets, with all that is set on them but their policy."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from botocore.exceptions import ClientError

from blueprints.storage import Bucket, CorsRule, LifecycleRule, Website
from tasks.each import each
from tasks.errors import CastraError, code_of, gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.retry import when_released
from tasks.scope import ENVIRONMENT, FINGERPRINT, KEPT, ON_REMOVAL, PART, RETIRED, Scope, as_list
from tasks.storage.emptying import empty
from tasks.storage.listing import Owned, arn_of, bucket_of, owned_buckets, tags_of
from tasks.storage.settings import READS, acls_wanted, write_all
from tasks.storage.website import address
from tasks.waiting import wait_until

NO_LONGER = frozenset({ENVIRONMENT, FINGERPRINT, RETIRED})  # tags that a bucket loses when it's kept
SEEN_WITHIN = 120.0  # seconds until the tagging API shows a new bucket; some as a rule
HOME_OF_ALL = "us-east-1"  # the region that S3 doesn't let one name


class BucketState(State):
    """`called` is empty where the name is derived. https://docs.aws.amazon.com/AmazonS3/latest/userguide/Welcome.html"""

    called: Fixed[str]
    versioning: bool
    kms_key: str
    bucket_key: bool
    ownership: str
    acl: str
    public_acls: str
    public_policy: str
    lifecycle: dict[str, LifecycleRule]
    cors: tuple[CorsRule, ...]
    website: Website | None
    logs_to: str
    logs_prefix: str
    on_removal: str


class BucketKind(Kind[Bucket, BucketState]):
    """Buckets, with all that is set on them but their policy."""

    name = "bucket"
    holds = "all objects in it"
    whole_at_birth = False
    actions = (
        "s3:CreateBucket",
        "s3:DeleteBucket",
        "s3:DeleteBucketWebsite",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:GetBucketAcl",
        "s3:GetBucketCORS",
        "s3:GetBucketLogging",
        "s3:GetBucketOwnershipControls",
        "s3:GetBucketPublicAccessBlock",
        "s3:GetBucketTagging",
        "s3:GetBucketVersioning",
        "s3:GetBucketWebsite",
        "s3:GetEncryptionConfiguration",
        "s3:GetLifecycleConfiguration",
        "s3:ListAllMyBuckets",
        "s3:ListBucket",
        "s3:ListBucketVersions",
        "s3:PutBucketAcl",
        "s3:PutBucketCORS",
        "s3:PutBucketLogging",
        "s3:PutBucketOwnershipControls",
        "s3:PutBucketPublicAccessBlock",
        "s3:PutBucketTagging",
        "s3:PutBucketVersioning",
        "s3:PutBucketWebsite",
        "s3:PutEncryptionConfiguration",
        "s3:PutLifecycleConfiguration",
        "s3:TagResource",
        "sts:GetCallerIdentity",
        "tag:GetResources",
    )

    def owned(self, scope: Scope) -> Iterator[Found[BucketState]]:
        """Each setting is a call a bucket, as S3 has it; of the environment's own buckets only, and many at once."""
        buckets = owned_buckets(scope)
        asked = [(read, one.bucket) for one in buckets for read in READS]
        answers = (told for _, told in each(lambda one: _read(scope, one), asked))
        for one in buckets:
            settings = [next(answers) for _ in READS]
            if None not in settings:
                yield self._found(scope, one, {key: value for told in settings for key, value in (told or {}).items()})

    def wanted(self, part: Bucket, ids: Mapping[str, str]) -> BucketState:
        """See the base."""
        return BucketState(
            called=part.called or "",
            versioning=part.versioning,
            kms_key=part.kms_key or "",
            bucket_key=bool(part.kms_key) and part.bucket_key,
            ownership=part.ownership,
            acl=part.acl,
            public_acls=acls_wanted(part.acl),
            public_policy="allowed" if part.public_policy else "blocked",
            lifecycle=dict(sorted(part.lifecycle.items())),
            cors=part.cors,
            website=part.website,
            logs_to=ids[part.logs_to] if part.logs_to else "",
            logs_prefix=part.logs_prefix if part.logs_to else "",
            on_removal=part.on_removal,
        )

    def create(self, scope: Scope, name: str, wanted: BucketState) -> str:
        """What stands under the name is taken on if it's ours, or was and was kept: us-east-1 makes it "again"."""
        bucket = wanted.called or scope.bucket_name(name)
        tags = self.birth_tags(scope, name, wanted) | {ON_REMOVAL: wanted.on_removal}
        if (standing := tags_of(scope, bucket)) is None and self._made(scope, name, bucket, tags):
            changed = frozenset(field for field, value in AT_BIRTH.items() if getattr(wanted, field) != value)
            write_all(scope, bucket, wanted, changed)
        else:
            self._refuse_foreign(scope, name, bucket, standing or tags_of(scope, bucket) or {})
            write_all(scope, bucket, wanted, _differing(scope, bucket, wanted))
            _put_tags(scope, bucket, {**(standing or {}), **tags}, frozenset({KEPT}))
        if wanted.called:
            _seen_by_tag(scope, bucket)
        return arn_of(scope, bucket)

    def update(self, scope: Scope, id: str, wanted: BucketState, changed: frozenset[str]) -> None:
        """A call for each setting."""
        write_all(scope, bucket_of(id), wanted, changed)
        if "on_removal" in changed:
            self.tag(scope, id, {ON_REMOVAL: wanted.on_removal})

    def delete(self, scope: Scope, id: str) -> None:
        """Kept, it only loses the tags that make it the environment's; wiped, it goes with all in it."""
        bucket = bucket_of(id)
        tags = tags_of(scope, bucket)
        if tags is None:
            return
        if tags.get(ON_REMOVAL) != "wipe":
            if ENVIRONMENT in tags:
                _put_tags(scope, bucket, {**tags, KEPT: tags[ENVIRONMENT]}, NO_LONGER)
            return
        with gone_is_fine("NoSuchBucket"):
            when_released(f"bucket {bucket} to be empty", _wipe, scope, bucket)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """S3 takes all tags at once only: read, changed, and written back."""
        bucket, standing = bucket_of(id), dict[str, str]()

        def known() -> bool:
            standing.update(tags_of(scope, bucket) or {})
            return PART in standing

        wait_until(scope, known, f"the tags of bucket {bucket}", 30)  # without them, they would be lost
        _put_tags(scope, bucket, {**standing, **tags}, dropped)

    def _found(self, scope: Scope, one: Owned, settings: Mapping[str, Any]) -> Found[BucketState]:
        on_removal = one.tags.get(ON_REMOVAL, "keep")
        called = "" if one.bucket == scope.bucket_name(one.name, one.tags[ENVIRONMENT]) else one.bucket
        state = BucketState.model_construct(called=called, on_removal=on_removal, **settings)
        site = {"website": address(one.bucket, scope.region)} if state.website else {}
        return Found(
            self.name,
            one.name,
            arn_of(scope, one.bucket),
            state,
            one.tags,
            outputs={"name": one.bucket, **site},
            keeps="" if on_removal == "wipe" else f"the bucket {one.bucket} with its objects",
            loses="all objects in it" if on_removal == "wipe" else "",
        )

    def _made(self, scope: Scope, name: str, bucket: str, tags: Mapping[str, str]) -> bool:
        """Whether it was made now; not if it's this account's already: the answer that said so was lost, say."""
        place = {"LocationConstraint": scope.region} if scope.region != HOME_OF_ALL else {}
        try:
            when_released(
                f"the name {bucket}",
                scope.client("s3").create_bucket,
                Bucket=bucket,
                CreateBucketConfiguration={**place, "Tags": as_list(tags)},
                ObjectOwnership="BucketOwnerEnforced",
            )
        except ClientError as error:
            if code_of(error) == "BucketAlreadyExists":
                why = f"another account has a bucket {bucket}, and names are unique in the world"
                raise CastraError(self.key(name), why, "Give it another name, by `name:`") from error
            if code_of(error) != "BucketAlreadyOwnedByYou":
                raise
            return False
        return True

    def _refuse_foreign(self, scope: Scope, name: str, bucket: str, tags: Mapping[str, str]) -> None:
        """Raise CastraError if the bucket of this name isn't the part's, nor was."""
        if tags.get(PART) != self.key(name) or scope.environment not in (tags.get(ENVIRONMENT), tags.get(KEPT)):
            why = f"there is a bucket {bucket} in this account that doesn't carry its tags"
            way_out = f"Name another one, or tag it with {ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
            raise CastraError(self.key(name), why, way_out)


AT_BIRTH: dict[str, Any] = {
    "versioning": False,
    "kms_key": "",
    "bucket_key": False,
    "ownership": "owner-enforced",
    "acl": "private",
    "public_acls": None,  # S3 blocks both since 2023, but what keeps strangers out isn't left to a default
    "public_policy": None,
    "lifecycle": {},
    "cors": (),
    "website": None,
    "logs_to": "",
    "logs_prefix": "",
}
"""What S3 sets on a new bucket. https://docs.aws.amazon.com/AmazonS3/latest/userguide/creating-buckets-s3.html"""


def _read(scope: Scope, asked: tuple[Any, str]) -> dict[str, Any] | None:
    """A setting of a bucket; None where that has gone meanwhile."""
    read, bucket = asked
    with gone_is_fine("NoSuchBucket"):
        told: dict[str, Any] = read(scope, bucket)
        return told
    return None


def _seen_by_tag(scope: Scope, bucket: str) -> None:
    """Wait until the tagging API, by which a name of one's own is found, shows it: a strike may come at once."""
    listed = scope.client("resourcegroupstaggingapi").get_resources
    with suppress(CastraError):  # it's made, and will be seen
        wait_until(
            scope,
            lambda: bool(listed(ResourceARNList=[arn_of(scope, bucket)])["ResourceTagMappingList"]),
            f"bucket {bucket} to be seen by its tags",
            SEEN_WITHIN,
        )


def _differing(scope: Scope, bucket: str, wanted: BucketState) -> frozenset[str]:
    """The settings of a bucket that aren't as wanted. To write all of them would suspend versions that never were."""
    told = (_read(scope, (read, bucket)) or {} for read in READS)
    return frozenset(field for settings in told for field, value in settings.items() if getattr(wanted, field) != value)


def _put_tags(scope: Scope, bucket: str, tags: Mapping[str, str], dropped: frozenset[str]) -> None:
    kept = {key: value for key, value in tags.items() if key not in dropped}
    scope.client("s3").put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": as_list(kept)})


def _wipe(scope: Scope, bucket: str) -> None:
    empty(scope, bucket)
    scope.client("s3").delete_bucket(Bucket=bucket)
