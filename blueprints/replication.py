"""Replication of buckets: what people write of it, the parts, and what the role for it may do."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Protocol

from pydantic import Field

from blueprints.granting import allowing
from blueprints.identity import Document, Role
from blueprints.part import Id, Part, Piece, text
from blueprints.problem import Problem
from blueprints.storage import BUCKET_ARN, BucketReplication, StorageClass


class Keeps(Protocol):
    """What has to be known of a bucket."""

    @property
    def versioning(self) -> bool: ...

    @property
    def kms_key(self) -> str | None: ...


class Replicate(Piece):
    """A second bucket, which gets what is written from now on, within minutes."""

    to: Annotated[str, Field(pattern=rf"({BUCKET_ARN})|(^[a-z0-9]+(-[a-z0-9]+)*$)")] = Field(
        description="Name of the bucket in this section, or the ARN of another one, in another region, say."
    )
    prefix: str = Field(default="", max_length=1024, description="For keys that begin so; for all, if not given.")
    storage_class: StorageClass | None = Field(
        default=None, description="Class of the copies; that of the originals, if not given."
    )
    delete_markers: bool = Field(default=True, description="Whether what is deleted disappears there too.")

    def problems(self, name: str, bucket: Keeps, others: Mapping[str, Keeps]) -> Iterator[Problem]:
        """What doesn't fit with this bucket, and with the second one."""
        where, named = f"buckets.{name}", not self.to.startswith("arn:")
        if not bucket.versioning:
            yield Problem(f"{where}.versioning", "only versions are replicated", "Set it to true")
        if bucket.kms_key:
            why = "S3 may not use the KMS key for it"
            yield Problem(f"{where}.replicate", why, "Leave out kms_key: S3's own keys encrypt then")
        if self.to == name:
            yield Problem(f"{where}.replicate.to", "it would be replicated to itself", "Name another bucket")
        elif named and self.to not in others:
            known = ", ".join(one for one in others if one != name)
            way_out = f"Name one of: {known}, or an ARN" if known else "Describe it, or name an ARN"
            yield Problem(f"{where}.replicate.to", f"there's no bucket {self.to}", way_out)
        elif named and not others[self.to].versioning:
            way_out = f"Set buckets.{self.to}.versioning to true"
            yield Problem(f"{where}.replicate.to", f"{self.to} has no versioning", way_out)

    def parts(self, name: str) -> Iterator[Part]:
        """The role that S3 takes on for it, and what it's told."""
        where, role = f"buckets.{name}.replicate", f"replication-{name}"
        to = self.to if self.to.startswith("arn:") else Id(f"bucket/{self.to}")
        yield Role(
            name=role,
            where=where,
            trusts=("s3.amazonaws.com",),
            policies={"replicate": replicating(Id(f"bucket/{name}"), to)},
            description=f"Replicates bucket {name}",
        )
        yield BucketReplication(
            name=name,
            where=where,
            bucket=f"bucket/{name}",
            to=to,
            role=f"role/{role}",
            prefix=self.prefix,
            storage_class=self.storage_class,
            delete_markers=self.delete_markers,
        )


def replicating(source: Id, to: str) -> Document:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/setting-repl-config-perm-overview.html"""
    reads = ("s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging")
    writes = ("s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags")
    statements = [
        allowing(("s3:GetReplicationConfiguration", "s3:ListBucket"), source),
        allowing(reads, text(source, "/*")),
        allowing(writes, text(to, "/*")),
    ]
    return {"Version": "2012-10-17", "Statement": statements}
