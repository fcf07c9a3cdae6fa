"""Buckets: what may be said of them in parts and in documents alike, and the parts."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from blueprints.identity import Document
from blueprints.part import Id, Lookup, Part, Piece, of

BucketId = Annotated[Id, of("bucket")]
BUCKET_NAME = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
BUCKET_ARN = r"^arn:aws[a-z-]*:s3:::[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"
BucketName = Annotated[str, Field(pattern=BUCKET_NAME)]
Days = Annotated[int, Field(ge=1, le=36500)]
OnRemoval = Literal["keep", "wipe"]
Ownership = Literal["owner-enforced", "owner-preferred", "object-writer"]
Acl = Literal["private", "public-read", "public-read-write", "authenticated-read", "log-delivery-write"]
PUBLIC_ACLS = ("public-read", "public-read-write", "authenticated-read")
StorageClass = Literal[
    "standard-ia", "one-zone-ia", "intelligent-tiering", "glacier-instant", "glacier", "deep-archive"
]
WARMTH: tuple[StorageClass, ...] = (
    *("standard-ia", "intelligent-tiering", "one-zone-ia"),
    *("glacier-instant", "glacier", "deep-archive"),
)
"""From warm to cold. https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html"""

INFREQUENT = ("standard-ia", "one-zone-ia")
SOONEST = 30  # days until AWS moves something to infrequent access, and until it moves on from there


def _in_turn(moves: dict[StorageClass, int]) -> dict[StorageClass, int]:
    """By warmth. Raises ValueError for moves that AWS refuses, or that never happen."""
    ordered = sorted(moves.items(), key=lambda move: WARMTH.index(move[0]))
    for (warm, first), (cold, then) in pairwise(ordered):
        if then <= first:
            raise ValueError(f"{cold} after {then} days would come before {warm}, which is after {first}")
        if warm in INFREQUENT and then < first + SOONEST:
            raise ValueError(f"{cold} must be at least {SOONEST} days after {warm}, so after {first + SOONEST}")
    for tier, days in ordered:
        if tier in INFREQUENT and days < SOONEST:
            raise ValueError(f"AWS moves to {tier} after {SOONEST} days at the soonest, not {days}")
    return dict(ordered)


Moves = Annotated[dict[StorageClass, Annotated[int, Field(ge=0, le=36500)]], AfterValidator(_in_turn)]
"""Days after which objects are moved, by where to."""


class OldVersions(Piece):
    """What becomes of versions that are no longer the current one."""

    move: Moves = Field(default_factory=dict, description="Days since it was replaced, by the class it's moved to.")
    expire: Days | None = Field(default=None, description="Days since it was replaced, after which it's removed.")
    keep: int | None = Field(default=None, ge=1, le=100, description="So many of the newest are spared by `expire`.")

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.move and self.expire is None:
            raise ValueError("should say move or expire")
        if self.keep is not None and self.expire is None:
            raise ValueError("keep spares old versions from expire, which isn't there")
        return self


class LifecycleRule(Piece):
    """What becomes of objects with time: moved to cheaper classes, and removed."""

    prefix: str = Field(default="", max_length=1024, description="For keys that begin so; for all, if not given.")
    tags: dict[str, str] = Field(default_factory=dict, description="For objects that carry all of these tags.")
    larger_than: int | None = Field(default=None, ge=0, description="For objects of more than so many bytes.")
    smaller_than: int | None = Field(default=None, ge=1, description="For objects of less than so many bytes.")
    move: Moves = Field(
        default_factory=dict, description="Days since it was written, by the class that an object is moved to."
    )
    expire: Days | None = Field(default=None, description="Days since it was written, after which it's removed.")
    expire_markers: bool = Field(
        default=False, description="Whether delete markers that hide no version any more are removed."
    )
    old_versions: OldVersions | None = Field(default=None, description="What becomes of versions no longer current.")
    abort_uploads: Days | None = Field(
        default=None, description="Days after which an upload in parts that was never finished is removed."
    )
    enabled: bool = Field(default=True, description="Whether it's in force.")

    @model_validator(mode="after")
    def _what_aws_takes(self) -> Self:
        """https://docs.aws.amazon.com/AmazonS3/latest/userguide/intro-lifecycle-rules.html"""
        does = (self.move, self.expire, self.expire_markers, self.old_versions, self.abort_uploads)
        if not any(does):
            raise ValueError("should say move, expire, expire_markers, old_versions or abort_uploads")
        if self.expire is not None and self.expire_markers:
            raise ValueError("expire removes such markers by itself: leave out expire_markers")
        if self.expire is not None and self.move and self.expire <= max(self.move.values()):
            raise ValueError(f"expire after {self.expire} days comes before the last move")
        if (self.tags or self.larger_than is not None or self.smaller_than is not None) and (
            self.abort_uploads or (self.tags and self.expire_markers)
        ):
            raise ValueError("abort_uploads and expire_markers go by prefix only: give them a rule of their own")
        if self.larger_than is not None and self.smaller_than is not None and self.larger_than >= self.smaller_than:
            raise ValueError("larger_than and smaller_than leave nothing in between")
        return self


class CorsRule(Piece):
    """Which pages of other origins may use the bucket from a browser."""

    origins: tuple[str, ...] = Field(min_length=1, description="Such as https://www.example.com; * for all.")
    methods: tuple[Literal["GET", "PUT", "POST", "DELETE", "HEAD"], ...] = Field(
        default=("GET", "HEAD"), min_length=1, description="What they may do."
    )
    headers: tuple[str, ...] = Field(default=(), description="Request headers they may send; * for all.")
    expose: tuple[str, ...] = Field(default=(), description="Answer's headers that scripts may read.")
    max_age: int | None = Field(default=None, ge=0, description="Seconds that a browser keeps this answer.")


class WebRedirect(Piece):
    """Where visitors are sent: by the beginning of the key they asked for, by an error, or both."""

    prefix: str | None = Field(default=None, description="For keys that begin so.")
    error: int | None = Field(default=None, ge=400, le=599, description="For answers with this status.")
    to_prefix: str | None = Field(default=None, description="What takes the place of the prefix.")
    to_key: str | None = Field(default=None, description="What takes the place of the whole key.")
    host: str | None = Field(default=None, description="Another host; the same, if not given.")
    protocol: Literal["http", "https"] | None = Field(default=None, description="Another protocol.")
    code: Literal[301, 302, 303, 304, 307, 308] = Field(default=301, description="Status of the answer.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.prefix is None and self.error is None:
            raise ValueError("should say prefix or error, or both")
        if self.to_prefix is not None and self.to_key is not None:
            raise ValueError("should have to_prefix or to_key, not both")
        if not any((self.to_prefix is not None, self.to_key is not None, self.host, self.protocol)):
            raise ValueError("should say where: to_prefix, to_key, host or protocol")
        return self


class Website(Piece):
    """S3's own web server, plain HTTP, in front of a bucket."""

    index: str = Field(default="index.html", pattern=r"^[^/]+$", description="What a folder's address shows.")
    error: str | None = Field(default=None, description="Key of the page that is shown with errors.")
    redirects: tuple[WebRedirect, ...] = Field(default=(), max_length=50, description="The first that fits decides.")
    redirect_all: str | None = Field(
        default=None, description="Host to which every visitor is sent; nothing else counts then."
    )
    redirect_protocol: Literal["http", "https"] | None = Field(
        default=None, description="Protocol of redirect_all; the visitor's own, if not given."
    )

    @model_validator(mode="after")
    def _all_or_some(self) -> Self:
        if self.redirect_all is None and self.redirect_protocol is not None:
            raise ValueError("redirect_protocol belongs to redirect_all, which isn't there")
        if self.redirect_all is not None and (self.error or self.redirects):
            raise ValueError("redirect_all sends everybody away: leave out error and redirects")
        return self


class Bucket(Part):
    """A bucket: where objects are kept."""

    kind: ClassVar[str] = "bucket"
    called: BucketName | None = Field(default=None, description="Its name in AWS; derived, if not given.")
    versioning: bool = False
    kms_key: str | None = Field(default=None, description="ARN, id or alias/…; without, S3's own keys encrypt.")
    bucket_key: bool = Field(default=True, description="With a KMS key: one call of KMS for many objects.")
    ownership: Ownership = "owner-enforced"
    acl: Acl = "private"
    public_policy: bool = Field(default=False, description="Whether its policy may let everybody in.")
    lifecycle: dict[str, LifecycleRule] = Field(default_factory=dict, description="Rules by their id.")
    cors: tuple[CorsRule, ...] = ()
    website: Website | None = None
    logs_to: Annotated[Id, of("bucket-policy")] | None = Field(
        default=None, description="The policy, of the bucket with its access logs, that lets S3 write there."
    )
    logs_prefix: str = ""
    on_removal: OnRemoval = "keep"


class BucketReplication(Part):
    """A second bucket, which gets what is written to a first one. Both keep versions."""

    kind: ClassVar[str] = "bucket-replication"
    bucket: BucketId
    to: BucketId | Annotated[str, Field(pattern=BUCKET_ARN)]
    role: Annotated[Id, of("role")]
    prefix: str = ""
    storage_class: StorageClass | None = None
    delete_markers: bool = True


class BucketPolicy(Part):
    """Who may do what with a bucket. A bucket has one."""

    kind: ClassVar[str] = "bucket-policy"
    bucket: BucketId
    document: Document = Field(description="In its texts, {bucket} is the bucket's ARN, and {…} any other of `names`.")
    names: dict[str, Id | Lookup] = Field(default_factory=dict, description="What else stands in braces.")


def in_braces(value: Any, names: Mapping[str, str]) -> Any:
    """A document with what each name in braces stands for; other braces, such as ${aws:username}, stay."""
    match value:
        case str():
            for name, text in names.items():
                value = value.replace(f"{{{name}}}", text)
            return value
        case Mapping():
            return {key: in_braces(inner, names) for key, inner in value.items()}
        case list() | tuple():
            return [in_braces(inner, names) for inner in value]
        case _:
            return value
