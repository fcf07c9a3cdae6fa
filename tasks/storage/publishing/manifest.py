"""What a site's bucket says of itself: its releases, and every file that is there. No listing is needed."""

import gzip
from typing import Any

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict

from blueprints.sites import OWN
from tasks.errors import CastraError, Held, code_of
from tasks.scope import Scope

KEY = f"{OWN}/releases.json.gz"
CONTENT, NUMBER = "castra-content", "castra-release"  # of the object's metadata: a look needs no more
TAKEN = ("PreconditionFailed", "ConditionalRequestConflict")
Entry = tuple[str, str]
"""A file's stamp, and the id of its version in the bucket; empty where that keeps none."""


class Release(BaseModel):
    """One release: its number, when it was made, by which digest, and its files. `of` is what was rolled back to."""

    model_config = ConfigDict(frozen=True)

    number: int
    at: str
    digest: str
    files: dict[str, Entry]
    of: int | None = None


class Manifest(BaseModel):
    """The releases that can be rolled back to, the newest last; what is in the bucket; and what is being written.

    What is `under_way` may be as it was or as it was to become: a publish that was killed has left it so.
    """

    model_config = ConfigDict(frozen=True)

    format: int = 1
    releases: tuple[Release, ...] = ()
    present: dict[str, Entry] = {}
    under_way: tuple[str, ...] = ()

    @property
    def current(self) -> Release | None:
        """The newest release."""
        return self.releases[-1] if self.releases else None

    @property
    def whole(self) -> bool:
        """Whether the bucket is as its newest release says."""
        return self.current is not None and not self.under_way


def read(scope: Scope, bucket: str) -> tuple[Manifest, str]:
    """The manifest and its ETag; an empty one, and no ETag, where nothing was published yet."""
    try:
        answer = scope.client("s3").get_object(Bucket=bucket, Key=KEY)
    except ClientError as error:
        if code_of(error) == "NoSuchKey":
            return Manifest(), ""
        if code_of(error) == "NoSuchBucket":
            raise CastraError(
                f"bucket {bucket}", "there's no such bucket", "Raise its environment first, or check the name"
            ) from error
        raise
    manifest = Manifest.model_validate_json(gzip.decompress(answer["Body"].read()))
    if manifest.format != 1:
        raise CastraError(f"bucket {bucket}", "a newer Castra has published it", "Use that one")
    return manifest, str(answer["ETag"])


def glance(scope: Scope, bucket: str) -> str | None:
    """The digest of what is published, by its object's metadata; empty for what isn't whole, None for nothing."""
    try:
        metadata: dict[str, str] = scope.client("s3").head_object(Bucket=bucket, Key=KEY)["Metadata"]
    except ClientError as error:
        if code_of(error) in ("404", "NoSuchKey", "NoSuchBucket"):
            return None
        raise
    return metadata.get(CONTENT, "")


def write(scope: Scope, bucket: str, manifest: Manifest, etag: str) -> str:
    """Write it, if nobody has since it was read; gives its new ETag. Raises Held if somebody has.

    Where S3's answer gets lost, botocore writes again, and is refused by what it wrote itself: that is as good.
    """
    told = {NUMBER: str(manifest.current.number), CONTENT: manifest.current.digest} if manifest.current else {}
    condition: dict[str, Any] = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
    try:
        answer = scope.client("s3").put_object(
            Bucket=bucket,
            Key=KEY,
            Body=gzip.compress(manifest.model_dump_json().encode(), 6, mtime=0),
            ContentType="application/gzip",
            CacheControl="no-store",
            Metadata=told if manifest.whole else {},
            **condition,
        )
    except ClientError as error:
        if code_of(error) not in TAKEN:
            raise
        standing, its_etag = read(scope, bucket)
        if standing == manifest:
            return its_etag
        why = "somebody else has published to it meanwhile"
        raise Held(f"bucket {bucket}", why, "Wait until that is done, then run this again") from error
    return str(answer["ETag"])
