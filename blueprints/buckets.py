"""What people write of buckets, and the parts that it unfolds into."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import Field

from blueprints.identity import Document
from blueprints.notifications import QueueNotice
from blueprints.part import Id, Lookup, Part, Piece
from blueprints.problem import Problem
from blueprints.replication import Replicate
from blueprints.storage import (
    Acl,
    Bucket,
    BucketName,
    BucketPolicy,
    CorsRule,
    LifecycleRule,
    OnRemoval,
    Ownership,
    Website,
)

VERSION = "2012-10-17"
RESERVED = re.compile(r"^(xn--|sthree-|amzn-s3-demo-)|(-s3alias|--ol-s3|\.mrap|--x-s3|--table-s3|-an)$|\.\.|\.-|-\.")
"""https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html"""


class PublicWebsite(Website):
    """S3's own web server, plain HTTP, in front of a bucket."""

    public: bool = Field(default=False, description="Whether everybody may read all objects of the bucket.")
    spa: bool = Field(
        default=False,
        description="Whether an address that isn't there shows the index, for apps that route in the browser.",
    )

    @property
    def asked(self) -> Website:
        """What S3 is told."""
        common = self.model_dump(exclude={"public", "spa"})
        return Website(**common | ({"error": self.index} if self.spa else {}))


class AccessLogs(Piece):
    """A record of every request, written to another bucket of the document, some time later."""

    to: str = Field(description="Name of the bucket in this section.")
    prefix: str = Field(default="", max_length=512, description="What the logs' keys begin with.")


class Storage(Piece):
    """A bucket: where objects are kept. Unless you say more, it's encrypted, not public, and reached by TLS only."""

    name: BucketName | None = Field(
        default=None,
        description="Its name in AWS, unique in the world; derived from environment, account and region, if not given.",
    )
    versioning: bool = Field(default=False, description="Whether what is overwritten or deleted is kept.")
    kms_key: str | None = Field(
        default=None, description="KMS key that encrypts: ARN, id or alias/…; S3's own keys, if not given."
    )
    bucket_key: bool = Field(default=True, description="With a KMS key: whether one call of KMS does for many objects.")
    ownership: Ownership = Field(
        default="owner-enforced", description="Who owns what others write; ACLs count only if it isn't owner-enforced."
    )
    acl: Acl = Field(default="private", description="Canned ACL of the bucket.")
    lifecycle: dict[str, LifecycleRule] = Field(
        default_factory=dict, description="What becomes of objects with time, by the rule's name."
    )
    cors: tuple[CorsRule, ...] = Field(
        default=(), max_length=100, description="Which pages of other origins may use it from a browser."
    )
    website: PublicWebsite | None = Field(default=None, description="S3's own web server in front of it.")
    replicate: Replicate | None = Field(
        default=None, description="A second bucket that gets what is written. Both must have versioning."
    )
    logs: AccessLogs | None = Field(default=None, description="A record of every request.")
    tls_only: bool | None = Field(
        default=None,
        description="Whether requests without TLS are refused; they are, unless there's a website, which has no TLS.",
    )
    policy: Document | None = Field(
        default=None,
        description="More statements for its policy, with principals; {bucket} is its ARN.",
    )
    notify: tuple[QueueNotice, ...] = Field(
        default=(), description="Queues that are told when objects come and go; functions say it by their `on`."
    )
    on_removal: OnRemoval = Field(
        default="keep",
        description="What becomes of it when it leaves the document: it stays as it is, or goes with all in it.",
    )

    @property
    def public(self) -> bool:
        """Whether everybody may read it."""
        return self.website is not None and self.website.public

    def problems(self, name: str, environment: str, others: Mapping[str, "Storage"]) -> Iterator[Problem]:
        """What doesn't fit together."""
        where = f"buckets.{name}"
        if self.name and RESERVED.search(self.name):
            yield Problem(f"{where}.name", f"{self.name!r} is of a form that AWS reserves", "Choose another one")
        if not self.name and RESERVED.search(f"{environment}--"):
            why = f"names of buckets that begin with {environment}-- are reserved by AWS"
            yield Problem(f"{where}.name", why, "Give it a name of its own, or rename the environment")
        if self.acl != "private" and self.ownership == "owner-enforced":
            way_out = "Set ownership: owner-preferred, or better, leave the acl out and write a policy"
            yield Problem(f"{where}.acl", "ACLs don't count where the owner is enforced", way_out)
        if self.website and self.website.spa and (self.website.error or self.website.redirect_all):
            why = "spa shows the index with errors, and error or redirect_all something else"
            yield Problem(f"{where}.website.spa", why, "Choose one of them")
        if self.website and self.tls_only:
            why = "S3's web server speaks plain HTTP only, so that nobody could reach it"
            yield Problem(f"{where}.tls_only", why, "Leave it out, or the website")
        if self.kms_key and self.public:
            why = "everybody may read it, but not use the KMS key"
            yield Problem(f"{where}.kms_key", why, "Leave it out: S3's own keys encrypt then")
        yield from self._log_problems(where, name, others)
        if self.replicate is not None:
            yield from self.replicate.problems(name, self, others)
        yield from self._policy_problems(f"{where}.policy")

    def queue_problems(self, name: str, queues: Mapping[str, Any]) -> Iterator[Problem]:
        """Queues that aren't there, or to which S3 can't send."""
        for index, one in enumerate(self.notify):
            where = f"buckets.{name}.notify.{index}.queue"
            if one.queue not in queues:
                way_out = f"Name one of: {', '.join(queues)}" if queues else "Describe it there"
                yield Problem(where, f"there is no queue {one.queue} in the section queues", way_out)
            elif queues[one.queue].encryption_key:
                why = f"S3 can't send to {one.queue}, whose KMS key it may not use"
                yield Problem(where, why, f"Leave out queues.{one.queue}.encryption_key: SQS's own key encrypts then")

    def _log_problems(self, where: str, name: str, others: Mapping[str, "Storage"]) -> Iterator[Problem]:
        if self.logs is None:
            return
        if self.logs.to == name:
            yield Problem(f"{where}.logs.to", "each log would be logged again", "Name another bucket")
        elif self.logs.to not in others:
            known = ", ".join(one for one in others if one != name)
            way_out = f"Name one of: {known}" if known else "Describe it in the section buckets"
            yield Problem(f"{where}.logs.to", f"there's no bucket {self.logs.to}", way_out)
        elif others[self.logs.to].kms_key:
            why = f"S3 can't write logs to {self.logs.to}, which a KMS key encrypts"
            yield Problem(f"{where}.logs.to", why, "Name one without kms_key")

    def _policy_problems(self, where: str) -> Iterator[Problem]:
        for number, statement in enumerate(_statements(self.policy)):
            everybody = statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]})
            if everybody and statement.get("Effect") == "Allow" and not statement.get("Condition") and not self.public:
                why = "it lets everybody in, which the public access block forbids"
                way_out = "Name who may, add a Condition, or set website.public"
                yield Problem(f"{where}.Statement[{number}]", why, way_out)

    def parts(self, name: str, logging: bool) -> Iterator[Part]:
        """The bucket, and its policy. `logging`: whether S3 writes access logs of others to it."""
        where = f"buckets.{name}"
        yield Bucket(
            name=name,
            where=where,
            called=self.name,
            versioning=self.versioning,
            kms_key=self.kms_key,
            bucket_key=self.bucket_key,
            ownership=self.ownership,
            acl=self.acl,
            public_policy=self.public,
            lifecycle=self.lifecycle,
            cors=self.cors,
            website=self.website.asked if self.website else None,
            logs_to=Id(f"bucket-policy/{self.logs.to}") if self.logs else None,
            logs_prefix=self.logs.prefix if self.logs else "",
            on_removal=self.on_removal,
        )
        if self.replicate is not None:
            yield from self.replicate.parts(name)
        if statements := list(self._policy(logging)):
            names = {"account": Lookup("account:")} if logging else {}
            document = {"Version": VERSION, "Statement": statements}
            where = f"{where}.policy"
            yield BucketPolicy(name=name, where=where, bucket=f"bucket/{name}", document=document, names=names)

    def _policy(self, logging: bool) -> Iterator[dict[str, Any]]:
        """The document's own statements, so that their numbers stay, then those that follow from the settings."""
        yield from _statements(self.policy)
        if self.website is None if self.tls_only is None else self.tls_only:
            yield tls_only()
        if self.public:
            yield everybody_reads()
        if logging:
            yield logs_come_in()


def logged_to(buckets: Mapping[str, Storage]) -> frozenset[str]:
    """Names of the buckets to which S3 writes access logs."""
    return frozenset(bucket.logs.to for bucket in buckets.values() if bucket.logs)


def _statements(policy: Document | None) -> list[dict[str, Any]]:
    found = (policy or {}).get("Statement", [])
    return [one for one in (found if isinstance(found, list) else [found]) if isinstance(one, dict)]


# ---------------------------------------------------------------------- statements


def tls_only() -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html"""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": ["{bucket}", "{bucket}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def everybody_reads() -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteAccessPermissionsReqd.html"""
    return {
        "Sid": "EverybodyReads",
        "Effect": "Allow",
        "Principal": "*",
        "Action": "s3:GetObject",
        "Resource": "{bucket}/*",
    }


def logs_come_in() -> dict[str, Any]:
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/enable-server-access-logging.html"""
    return {
        "Sid": "LogsComeIn",
        "Effect": "Allow",
        "Principal": {"Service": "logging.s3.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": "{bucket}/*",
        "Condition": {"StringEquals": {"aws:SourceAccount": "{account}"}},
    }
