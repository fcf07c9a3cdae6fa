"""Sites: a folder's files in a bucket, release by release."""

from collections.abc import Iterator, Mapping

from blueprints.sites import Publishing, Site
from tasks.each import each
from tasks.kind import AtBirth, Fixed, Found, Kind, State
from tasks.scope import ON_REMOVAL, Scope
from tasks.storage.listing import arn_of, bucket_of, owned_buckets
from tasks.storage.publishing.folder import digest_of, items_in
from tasks.storage.publishing.manifest import glance
from tasks.storage.publishing.publish import publish, unpublish


class SiteState(State):
    """`content` is a digest of all files with their headers; empty where a publish was killed on its way."""

    bucket: Fixed[str]
    content: str
    folder: AtBirth[str] = ""
    publishing: AtBirth[Publishing] = Publishing()


class SiteKind(Kind[Site, SiteState]):
    """Sites: a folder's files in a bucket, release by release."""

    name = "site"
    taggable = False
    goes_first = True  # a bucket has one
    goes_with = ("bucket",)
    actions = (
        "s3:DeleteObject",
        "s3:GetBucketTagging",
        "s3:GetObject",
        "s3:ListAllMyBuckets",
        "s3:ListBucket",
        "s3:PutObject",
        "tag:GetResources",
    )

    def owned(self, scope: Scope) -> Iterator[Found[SiteState]]:
        """A glance at what each of the environment's own buckets says of itself, many at once."""
        for one, digest in each(lambda one: glance(scope, one.bucket), owned_buckets(scope)):
            if digest is not None:
                id = arn_of(scope, one.bucket)
                keeps = "" if one.tags.get(ON_REMOVAL) == "wipe" else "with the bucket, it"
                yield Found(self.name, one.name, id, SiteState(bucket=id, content=digest), one.whose, keeps=keeps)

    def wanted(self, part: Site, ids: Mapping[str, str]) -> SiteState:
        """See the base."""
        return SiteState(
            bucket=ids[part.bucket], content=ids[part.content], folder=part.folder, publishing=part.publishing
        )

    def create(self, scope: Scope, name: str, wanted: SiteState) -> str:
        """A release: what is there already isn't sent."""
        where, bucket = f"sites.{name}", bucket_of(wanted.bucket)
        publish(scope, bucket, wanted.folder, wanted.publishing, where, expected=wanted.content)
        return wanted.bucket

    def update(self, scope: Scope, id: str, wanted: SiteState, changed: frozenset[str]) -> None:
        """One more release."""
        publish(scope, bucket_of(id), wanted.folder, wanted.publishing, "sites", expected=wanted.content)

    def delete(self, scope: Scope, id: str) -> None:
        """All files of all releases; the bucket stays."""
        unpublish(scope, bucket_of(id))

    def built(self, part: Site) -> str:
        """The digest of its files. Raises Invalid for a folder that isn't there, or is empty, or holds too much."""
        items = items_in(part.folder, part.publishing, part.where or part.key)
        return digest_of({item.key: item.stamp for item in items})
