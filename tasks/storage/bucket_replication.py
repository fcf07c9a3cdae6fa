"""Replication of buckets: a second one that gets what is written to a first one."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.part import Id
from blueprints.storage import BucketReplication
from tasks.each import each
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Kind, State
from tasks.retry import when_visible
from tasks.scope import Scope
from tasks.storage.lifecycle import CLASSES, NAMES
from tasks.storage.listing import arn_of, bucket_of, owned_buckets, reading

RULE = "castra"


class ReplicationRule(State):
    """One rule. `storage_class` is empty for that of the originals."""

    to: str
    prefix: str
    storage_class: str
    delete_markers: bool
    enabled: bool = True


class BucketReplicationState(State):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication.html"""

    bucket: Fixed[str]
    role: str
    rules: tuple[ReplicationRule, ...]


class BucketReplicationKind(Kind[BucketReplication, BucketReplicationState]):
    """Replication of buckets: a second one that gets what is written to a first one."""

    name = "bucket-replication"
    taggable = False
    goes_first = True  # a bucket has one configuration
    actions = (
        "iam:PassRole",
        "s3:GetBucketTagging",
        "s3:GetReplicationConfiguration",
        "s3:ListAllMyBuckets",
        "s3:ListBucket",
        "s3:PutReplicationConfiguration",
        "tag:GetResources",
    )

    def owned(self, scope: Scope) -> Iterator[Found[BucketReplicationState]]:
        """A call for each of the environment's own buckets, many at once; its name is the bucket's part's."""
        for one, told in each(lambda one: _configuration(scope, one.bucket), owned_buckets(scope)):
            if told:
                id = arn_of(scope, one.bucket)
                rules = tuple(_told(rule) for rule in told["Rules"])
                yield Found(
                    self.name,
                    one.name,
                    id,
                    BucketReplicationState(bucket=id, role=told["Role"], rules=rules),
                    one.whose,
                )

    def wanted(self, part: BucketReplication, ids: Mapping[str, str]) -> BucketReplicationState:
        """See the base."""
        rule = ReplicationRule(
            to=ids[part.to] if isinstance(part.to, Id) else part.to,
            prefix=part.prefix,
            storage_class=part.storage_class or "",
            delete_markers=part.delete_markers,
        )
        return BucketReplicationState(bucket=ids[part.bucket], role=ids[part.role], rules=(rule,))

    def create(self, scope: Scope, name: str, wanted: BucketReplicationState) -> str:
        """Of what is written from now on. What is there already isn't copied."""
        configuration = {"Role": wanted.role, "Rules": [_sent(rule) for rule in wanted.rules]}
        when_visible(
            "the role that replicates",
            scope.client("s3").put_bucket_replication,
            Bucket=bucket_of(wanted.bucket),
            ReplicationConfiguration=configuration,
        )
        return wanted.bucket

    def update(self, scope: Scope, id: str, wanted: BucketReplicationState, changed: frozenset[str]) -> None:
        """All of it at once."""
        self.create(scope, "", wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """What was copied stays. Gone already is fine for S3 too."""
        with gone_is_fine("NoSuchBucket"):
            scope.client("s3").delete_bucket_replication(Bucket=bucket_of(id))


def _configuration(scope: Scope, bucket: str) -> dict[str, Any]:
    with gone_is_fine("NoSuchBucket"):
        answer: dict[str, Any] = reading(scope.client("s3").get_bucket_replication, Bucket=bucket) or {}
        return dict(answer.get("ReplicationConfiguration", {}))
    return {}


def _sent(rule: ReplicationRule) -> dict[str, Any]:
    tier = {"StorageClass": CLASSES[rule.storage_class]} if rule.storage_class else {}
    return {
        "ID": RULE,
        "Priority": 1,
        "Status": "Enabled",
        "Filter": {"Prefix": rule.prefix},
        "Destination": {"Bucket": rule.to, **tier},
        "DeleteMarkerReplication": {"Status": "Enabled" if rule.delete_markers else "Disabled"},
    }


def _told(rule: Mapping[str, Any]) -> ReplicationRule:
    given, tier = rule.get("Filter", {}), rule["Destination"].get("StorageClass", "")
    return ReplicationRule(
        to=rule["Destination"]["Bucket"],
        prefix=given.get("Prefix", given.get("And", {}).get("Prefix", rule.get("Prefix", ""))),
        storage_class=NAMES.get(tier, tier),
        delete_markers=rule.get("DeleteMarkerReplication", {}).get("Status") == "Enabled",
        enabled=rule["Status"] == "Enabled",
    )
