"""Sites: a folder of pages, published to a bucket of its own."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from blueprints.delivering import delivered, label
from blueprints.delivery import Domain, PriceClass
from blueprints.network import Network
from blueprints.part import Id, Lookup, Part, Piece, asking
from blueprints.problem import Problem
from blueprints.storage import (
    Bucket,
    BucketId,
    BucketName,
    BucketPolicy,
    LifecycleRule,
    OldVersions,
    OnRemoval,
    Website,
)

Compression = Literal["none", "gzip", "brotli"]
Releases = Annotated[int, Field(ge=1, le=20)]
OWN = ".castra"  # what the keys of Castra's own objects in a site's bucket begin with
ROLLED_BACK_WITHIN = 90  # days until S3 removes the old versions of files
VERSION = "2012-10-17"


class CacheRule(Piece):
    """How long browsers and caches may keep some files."""

    match: str = Field(min_length=1, description="Pattern of keys, such as assets/* or *.html; * spans slashes.")
    control: str = Field(min_length=1, description="The header Cache-Control.", examples=["public, max-age=86400"])


class Publishing(Piece):
    """How files are published."""

    cache: tuple[CacheRule, ...] = Field(
        default=(),
        description="Cache-Control by pattern, the first that fits; else a year for names with a hash in them, "
        "always asked anew for pages, five minutes for the rest.",
    )
    compress: Compression = Field(
        default="none", description="How texts are stored, and sent to everybody: browsers take both, scripts may not."
    )
    keep_releases: Releases = Field(
        default=3, description="So many releases before the newest stay whole, and can be rolled back to."
    )


class Site(Part):
    """The files of a folder in a bucket. `content` is the digest of them all with their headers."""

    kind: ClassVar[str] = "site"
    bucket: BucketId
    folder: str
    publishing: Publishing = Publishing()
    content: Annotated[Lookup, asking("built")]


# ---------------------------------------------------------------------- the section


class StaticSite(Publishing):
    """A folder of pages, published to a bucket of its own, release by release, without a broken second."""

    folder: str = Field(description="Path of the folder, relative to the document.", examples=["dist"])
    visibility: Literal["public", "vpc", "cdn"] = Field(
        default="public",
        description="Who may read it: everybody, from S3's own server; who asks from within the VPC; or everybody, by "
        "TLS and from nearby, through CloudFront only.",
    )
    price_class: PriceClass | None = Field(
        default=None,
        description="For cdn, where CloudFront keeps files: 100 is North America and Europe, and the default; 200 adds "
        "most of Asia and Africa; all is everywhere.",
    )
    domains: tuple[Annotated[Domain, Field(max_length=64)], ...] = Field(
        default=(),
        max_length=10,
        description="For cdn: domains of your own that lead to it, each in a zone of Route 53 in this account.",
        examples=[["www.example.com"]],
    )
    name: BucketName | None = Field(
        default=None, description="The bucket's name in AWS, such as www.example.com; derived, if not given."
    )
    index: str = Field(default="index.html", pattern=r"^[^/]+$", description="What a folder's address shows.")
    error: str | None = Field(default=None, description="Page that is shown with errors.")
    spa: bool = Field(
        default=False,
        description="Whether an address that isn't there shows the index, for apps that route in the browser.",
    )
    on_removal: OnRemoval = Field(
        default="keep", description="What becomes of its bucket when it leaves the document: it stays, or goes."
    )

    @field_validator("folder")
    @classmethod
    def _folder_there(cls, path: str, info: ValidationInfo) -> str:
        folder = (info.context or {}).get("folder")
        if folder is None:
            return path
        full = Path(folder) / path
        if not full.is_dir():
            raise ValueError(f"there's no folder {full}")
        return str(full)

    @property
    def publishing(self) -> Publishing:
        """How its files are published."""
        return Publishing(**{field: getattr(self, field) for field in Publishing.model_fields})

    def problems(self, name: str, buckets: Mapping[str, Any], network: Network | None) -> Iterator[Problem]:
        """What doesn't fit together."""
        where = f"sites.{name}"
        if name in buckets:
            yield Problem(where, f"buckets.{name} would be the same bucket", "Rename one of them")
        if self.spa and self.error:
            why = "spa shows the index with errors, and error another page"
            yield Problem(f"{where}.spa", why, "Choose one of them")
        for field in ("price_class", "domains"):
            if getattr(self, field) and self.visibility != "cdn":
                yield Problem(f"{where}.{field}", "there's no CloudFront in front of it", "Set visibility: cdn")
        if len(set(self.domains)) < len(self.domains):
            yield Problem(f"{where}.domains", "one of them stands twice", "Name each once")
        if self.visibility == "vpc" and (network is None or network.default):
            why = "a VPC reaches its bucket by a route of its own, and the default VPC's table isn't changed"
            why = why if network else "there's no network that could read it"
            yield Problem(f"{where}.visibility", why, "Describe one by network.cidr, or set visibility: public")

    def parts(self, name: str) -> Iterator[Part]:
        """The bucket, who may read it, and the files."""
        where, bucket = f"sites.{name}", Id(f"bucket/{name}")
        old = OldVersions(expire=ROLLED_BACK_WITHIN)
        yield Bucket(
            name=name,
            where=where,
            called=self.name,
            versioning=True,
            public_policy=self.visibility == "public",
            lifecycle={"old-versions": LifecycleRule(old_versions=old, expire_markers=True, abort_uploads=1)},
            website=self._website(),
            on_removal=self.on_removal,
        )
        statement, names = self._readers(name)
        document = {"Version": VERSION, "Statement": [statement]}
        yield BucketPolicy(name=name, where=where, bucket=bucket, document=document, names=names)
        if self.visibility == "cdn":
            fallback, price = self.index if self.spa else None, self.price_class or "100"
            pages: dict[str, Any] = {"index": self.index, "fallback": fallback, "error": self.error}
            yield from delivered(name, where, self.domains, **pages, price_class=price)
        content = Lookup(f"built:site/{name}")
        yield Site(
            name=name, where=where, bucket=bucket, folder=self.folder, publishing=self.publishing, content=content
        )

    def _website(self) -> Website | None:
        """S3's own server, which CloudFront does without."""
        if self.visibility == "cdn":
            return None
        return Website(index=self.index, error=self.index if self.spa else self.error)

    def _readers(self, name: str) -> tuple[dict[str, Any], dict[str, Id | Lookup]]:
        """Who may read it, as a statement, and what stands in braces there."""
        if self.visibility == "vpc":
            return readers({"StringEquals": {"aws:SourceVpc": "{vpc}"}}), {"vpc": Id("vpc/main")}
        if self.visibility == "cdn":
            asks = {"StringEquals": {"AWS:SourceArn": "{distribution}"}}
            names: dict[str, Id | Lookup] = {"distribution": Id(f"distribution/{name}")}
            return readers(asks) | {"Principal": {"Service": "cloudfront.amazonaws.com"}}, names
        return readers({}), {}


def readers(condition: Mapping[str, Any]) -> dict[str, Any]:
    """Who may read all files but Castra's own: everybody, or those who meet the condition.

    A condition on aws:SourceVpc holds only for what comes by a VPC endpoint of S3, and isn't public for S3:
    https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html
    """
    statement = {
        "Sid": "Readers",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "NotResource": ["{bucket}", f"{{bucket}}/{OWN}/*"],
    }
    return statement | ({"Condition": dict(condition)} if condition else {})


def domain_problems(sites: Mapping[str, StaticSite]) -> Iterator[Problem]:
    """A domain leads to one site. Two that differ in dots and hyphens only would be one part."""
    owners: dict[str, str] = {}
    for name, site in sites.items():
        for domain in dict.fromkeys(site.domains):
            owner = owners.setdefault(label(domain), f"sites.{name}.domains has {domain}")
            if owner != f"sites.{name}.domains has {domain}":
                yield Problem(f"sites.{name}.domains", f"{domain} can't be told apart: {owner}", "Name it in one place")
