"""Rows of the kinds in tasks/storage."""

import json
from pathlib import Path
from typing import Any

from blueprints.buckets import logs_come_in, tls_only
from blueprints.identity import Role
from blueprints.notifications import BucketNotification, Notice, letting_in
from blueprints.part import Id, Lookup
from blueprints.queues import Queue
from blueprints.replication import replicating
from blueprints.sites import CacheRule, Publishing, Site
from blueprints.storage import (
    Bucket,
    BucketPolicy,
    BucketReplication,
    CorsRule,
    LifecycleRule,
    OldVersions,
    WebRedirect,
    Website,
)
from blueprints.triggers import admitting_bucket
from tasks.scope import ON_REMOVAL, Scope, as_list
from tasks.storage.listing import bucket_of
from tasks.storage.publishing import manifest
from tasks.storage.publishing.publish import unpublish
from tests.tasks.rows.functions import CALLED
from tests.tasks.rows.row import Row

BARE = Bucket(name="uploads", on_removal="wipe")
LOGS = Bucket(name="logs", on_removal="wipe")
LET_LOGS_IN = BucketPolicy(
    name="logs",
    bucket="bucket/logs",
    document={"Version": "2012-10-17", "Statement": [logs_come_in()]},
    names={"account": Lookup("account:")},
)
FULL = Bucket(
    name="uploads",
    versioning=True,
    kms_key="alias/ours",
    ownership="owner-preferred",
    acl="public-read",
    public_policy=True,
    lifecycle={
        "cool down": LifecycleRule(
            prefix="raw/",
            tags={"tier": "cold"},
            larger_than=1024,
            smaller_than=1024**3,
            move={"standard-ia": 30, "glacier": 90, "deep-archive": 180},
            expire=365,
            old_versions=OldVersions(move={"glacier": 30}, expire=90, keep=3),
        ),
        "abort": LifecycleRule(abort_uploads=7, expire_markers=True),
    },
    cors=(
        CorsRule(origins=("https://www.example.com",), methods=("GET", "PUT"), headers=("*",), max_age=600),
        CorsRule(origins=("*",), expose=("ETag",)),
    ),
    website=Website(error="404.html", redirects=(WebRedirect(prefix="old/", to_prefix="new/", code=302),)),
    logs_to="bucket-policy/logs",
    logs_prefix="uploads/",
    on_removal="wipe",
)
POLICY = BucketPolicy(
    name="uploads", bucket="bucket/uploads", document={"Version": "2012-10-17", "Statement": [tls_only()]}
)
READING = {"Effect": "Allow", "Principal": {"AWS": "123456789012"}, "Action": "s3:GetObject", "Resource": "{bucket}/*"}

SITE = Site(
    name="uploads",
    bucket="bucket/uploads",
    folder=str(Path(__file__).parents[3] / "examples" / "site"),
    content=Lookup("built:site/uploads"),
)
FIRST, SECOND, THIRD = (Bucket(name=name, versioning=True, on_removal="wipe") for name in ("first", "second", "third"))
COPIES = Role(
    name="copies",
    trusts=("s3.amazonaws.com",),
    policies={"copy": replicating(Id("bucket/first"), Id("bucket/second"))},
)
OTHER_COPIES = Role(name="other-copies", trusts=("s3.amazonaws.com",))
REPLICATION = BucketReplication(name="first", bucket="bucket/first", to="bucket/second", role="role/copies")
ADMITTED = admitting_bucket("hello", "uploads", "")
TOLD = Queue(name="told", policy=letting_in(["uploads"]))
NOTIFICATION = BucketNotification(
    name="uploads",
    bucket="bucket/uploads",
    notices=(
        Notice(to="function/hello", prefix="in/", suffix=".jpg"),
        Notice(to="queue/told", events=("removed", "s3:ObjectRestore:Completed")),
    ),
    admitted=(Id(ADMITTED.key),),
)
OTHERWISE = Publishing(cache=(CacheRule(match="*", control="no-store"),), compress="gzip")


def loosen(scope: Scope, id: str) -> None:
    scope.client("s3").put_bucket_versioning(Bucket=bucket_of(id), VersioningConfiguration={"Status": "Enabled"})
    scope.client("s3").delete_public_access_block(Bucket=bucket_of(id))


def delete(scope: Scope, id: str) -> None:
    scope.client("s3").delete_bucket(Bucket=bucket_of(id))


def second(scope: Scope, key: str) -> None:
    """One named by hand: the tagging API finds it."""
    scope.client("s3").create_bucket(
        Bucket=f"twin-{scope.environment}",
        CreateBucketConfiguration={
            "LocationConstraint": scope.region,
            "Tags": as_list(scope.birth_tags(key, None) | {ON_REMOVAL: "wipe"}),
        },
    )


def let_everybody_in(scope: Scope, id: str) -> None:
    statement = {"Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "s3:*", "Resource": f"{id}/*"}
    scope.client("s3").put_bucket_policy(
        Bucket=bucket_of(id), Policy=json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    )


def half_publish(scope: Scope, id: str) -> None:
    """What a publish leaves that was killed on its way."""
    standing, etag = manifest.read(scope, bucket_of(id))
    manifest.write(scope, bucket_of(id), standing.model_copy(update={"under_way": ("index.html",)}), etag)


def tell(scope: Scope, id: str, whom: dict[str, Any]) -> None:
    scope.client("s3").put_bucket_notification_configuration(Bucket=bucket_of(id), NotificationConfiguration=whom)


def tell_nobody_but_the_bus(scope: Scope, id: str) -> None:
    tell(scope, id, {"EventBridgeConfiguration": {}})


def pause_replication(scope: Scope, id: str) -> None:
    told = scope.client("s3").get_bucket_replication(Bucket=bucket_of(id))["ReplicationConfiguration"]
    told["Rules"][0]["Status"] = "Disabled"
    scope.client("s3").put_bucket_replication(Bucket=bucket_of(id), ReplicationConfiguration=told)


ROWS = (
    Row(
        part=BARE,
        needs=(LOGS, LET_LOGS_IN),
        changed=FULL,
        moved=Bucket(name="uploads", called="our-uploads-by-hand", on_removal="wipe"),
        by_hand=loosen,
        vanish=delete,
        twin=second,
    ),
    Row(
        part=POLICY,
        needs=(BARE,),
        changed=POLICY.model_copy(update={"document": {"Version": "2012-10-17", "Statement": [tls_only(), READING]}}),
        by_hand=let_everybody_in,
        vanish=lambda scope, id: scope.client("s3").delete_bucket_policy(Bucket=bucket_of(id)),
    ),
    Row(
        part=SITE,
        needs=(BARE,),
        changed=SITE.model_copy(update={"publishing": OTHERWISE}),
        by_hand=half_publish,
        vanish=lambda scope, id: unpublish(scope, bucket_of(id)),
    ),
    Row(
        part=NOTIFICATION,
        needs=(BARE, *CALLED, ADMITTED, TOLD),
        changed=NOTIFICATION.model_copy(update={"notices": (Notice(to="queue/told", prefix="x"),)}),
        by_hand=tell_nobody_but_the_bus,
        vanish=lambda scope, id: tell(scope, id, {}),
    ),
    Row(
        part=REPLICATION,
        needs=(FIRST, SECOND, THIRD, COPIES, OTHER_COPIES),
        changed=BucketReplication(
            name="first",
            bucket="bucket/first",
            to="bucket/third",
            role="role/other-copies",
            prefix="in/",
            storage_class="glacier-instant",
            delete_markers=False,
        ),
        by_hand=pause_replication,
        vanish=lambda scope, id: scope.client("s3").delete_bucket_replication(Bucket=bucket_of(id)),
    ),
)
