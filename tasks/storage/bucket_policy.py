"""Bucket policies: who may do what with a bucket."""

from collections.abc import Iterator, Mapping

from blueprints.storage import BucketPolicy, in_braces
from tasks.each import each
from tasks.errors import Invalid, Problem, gone_is_fine
from tasks.identity import policy
from tasks.kind import Fixed, Found, Kind, State
from tasks.retry import when_visible
from tasks.scope import ON_REMOVAL, Scope
from tasks.storage.listing import arn_of, bucket_of, owned_buckets, reading

LIMIT = 20_480  # bytes of a policy
SOME_BUCKET = "arn:aws:s3:::some-bucket"


class BucketPolicyState(State):
    """The document as canonical JSON. https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policies.html"""

    bucket: Fixed[str]
    document: str


class BucketPolicyKind(Kind[BucketPolicy, BucketPolicyState]):
    """Bucket policies: who may do what with a bucket."""

    name = "bucket-policy"
    taggable = False
    goes_first = True  # a bucket has one
    goes_with = ("bucket",)
    actions = (
        "s3:DeleteBucketPolicy",
        "s3:GetBucketPolicy",
        "s3:GetBucketTagging",
        "s3:ListAllMyBuckets",
        "s3:ListBucket",
        "s3:PutBucketPolicy",
        "tag:GetResources",
    )

    def owned(self, scope: Scope) -> Iterator[Found[BucketPolicyState]]:
        """GetBucketPolicy for each of the environment's own buckets, many at once; its name is the bucket's part's."""
        for one, text in each(lambda one: _document(scope, one.bucket), owned_buckets(scope)):
            if text:
                id = arn_of(scope, one.bucket)
                state = BucketPolicyState(bucket=id, document=policy.canonical(text))
                keeps = "" if one.tags.get(ON_REMOVAL) == "wipe" else "with the bucket, it"
                yield Found(self.name, one.name, id, state, one.whose, keeps=keeps)

    def wanted(self, part: BucketPolicy, ids: Mapping[str, str]) -> BucketPolicyState:
        """See the base. Raises Invalid with the place of all that's wrong in it."""
        names = {"bucket": ids[part.bucket], **{name: ids[one] for name, one in part.names.items()}}
        if wrong := list(_problems(part)):
            raise Invalid("The blueprint", wrong)
        return BucketPolicyState(bucket=names["bucket"], document=policy.canonical(in_braces(part.document, names)))

    def create(self, scope: Scope, name: str, wanted: BucketPolicyState) -> str:
        """PutBucketPolicy. It may name roles that are seconds old."""
        when_visible(
            "whom the policy names, and its bucket",
            scope.client("s3").put_bucket_policy,
            Bucket=bucket_of(wanted.bucket),
            Policy=wanted.document,
        )
        return wanted.bucket

    def update(self, scope: Scope, id: str, wanted: BucketPolicyState, changed: frozenset[str]) -> None:
        """All of it at once."""
        self.create(scope, "", wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """Gone already is fine for S3 too."""
        with gone_is_fine("NoSuchBucket"):
            scope.client("s3").delete_bucket_policy(Bucket=bucket_of(id))


def _document(scope: Scope, bucket: str) -> str:
    with gone_is_fine("NoSuchBucket"):
        return str((reading(scope.client("s3").get_bucket_policy, Bucket=bucket) or {}).get("Policy", ""))
    return ""


def _problems(part: BucketPolicy) -> Iterator[Problem]:
    where = part.where or part.key
    document = in_braces(part.document, dict.fromkeys(("bucket", *part.names), SOME_BUCKET))
    yield from policy.problems(document, where, of_resource=True)
    if (size := len(policy.canonical(document))) > LIMIT:
        yield Problem(where, f"it has {size} characters, and AWS takes {LIMIT}", "Name fewer things")
