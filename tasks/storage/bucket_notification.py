"""Bucket notifications: whom a bucket tells when objects come and go."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.notifications import BucketNotification
from tasks.each import each
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Kind, State, Unordered
from tasks.retry import when_visible
from tasks.scope import Scope
from tasks.serverless.function_state import LIVE
from tasks.storage.listing import arn_of, bucket_of, owned_buckets

LISTS = {
    "LambdaFunctionConfigurations": "LambdaFunctionArn",
    "QueueConfigurations": "QueueArn",
    "TopicConfigurations": "TopicArn",
}
BUS = "the account's event bus"


class NoticeState(State):
    """Who is told, by ARN, of which events. A function stands for its alias `live`; another version is told so."""

    to: str
    events: Unordered[str]
    prefix: str
    suffix: str


class BucketNotificationState(State):
    """https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html"""

    bucket: Fixed[str]
    notices: Unordered[NoticeState]


class BucketNotificationKind(Kind[BucketNotification, BucketNotificationState]):
    """Bucket notifications: whom a bucket tells when objects come and go."""

    name = "bucket-notification"
    taggable = False
    goes_first = True  # a bucket has one list
    actions = (
        "s3:GetBucketNotification",
        "s3:GetBucketTagging",
        "s3:ListAllMyBuckets",
        "s3:ListBucket",
        "s3:PutBucketNotification",
        "tag:GetResources",
    )

    def owned(self, scope: Scope) -> Iterator[Found[BucketNotificationState]]:
        """A call for each of the environment's own buckets, many at once; its name is the bucket's part's."""
        for one, notices in each(lambda one: _notices(scope, one.bucket), owned_buckets(scope)):
            if notices:
                id = arn_of(scope, one.bucket)
                yield Found(self.name, one.name, id, BucketNotificationState(bucket=id, notices=notices), one.whose)

    def wanted(self, part: BucketNotification, ids: Mapping[str, str]) -> BucketNotificationState:
        """See the base. A function is called by its alias."""
        notices = [
            NoticeState(to=ids[one.to], events=one.full_events, prefix=one.prefix, suffix=one.suffix)
            for one in part.notices
        ]
        return BucketNotificationState(bucket=ids[part.bucket], notices=tuple(notices))

    def create(self, scope: Scope, name: str, wanted: BucketNotificationState) -> str:
        """All at once. S3 looks whether it may call and send: what admits it may be seconds old."""
        when_visible(
            "what lets S3 call functions and send to queues",
            scope.client("s3").put_bucket_notification_configuration,
            Bucket=bucket_of(wanted.bucket),
            NotificationConfiguration=_sent(wanted.notices),
        )
        return wanted.bucket

    def update(self, scope: Scope, id: str, wanted: BucketNotificationState, changed: frozenset[str]) -> None:
        """All at once."""
        self.create(scope, "", wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """An empty list. Gone already is fine for S3 too."""
        with gone_is_fine("NoSuchBucket"):
            scope.client("s3").put_bucket_notification_configuration(Bucket=bucket_of(id), NotificationConfiguration={})


def _sent(notices: tuple[NoticeState, ...]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for notice in notices:
        kind = "Lambda" if ":lambda:" in notice.to else "Queue"
        listed, field = next(item for item in LISTS.items() if item[0].startswith(kind))
        to = f"{notice.to}:{LIVE}" if kind == "Lambda" else notice.to
        entry: dict[str, Any] = {"Id": _name(notice), field: to, "Events": list(notice.events)}
        affixes = {"prefix": notice.prefix, "suffix": notice.suffix}
        if rules := [{"Name": name, "Value": value} for name, value in affixes.items() if value]:
            entry["Filter"] = {"Key": {"FilterRules": rules}}
        told.setdefault(listed, []).append(entry)
    return told


def _notices(scope: Scope, bucket: str) -> tuple[NoticeState, ...]:
    answer: dict[str, Any] = {}
    with gone_is_fine("NoSuchBucket"):
        answer = scope.client("s3").get_bucket_notification_configuration(Bucket=bucket)
    notices = [_told(one, one[field]) for listed, field in LISTS.items() for one in answer.get(listed, [])]
    if "EventBridgeConfiguration" in answer:  # made by hand
        notices.append(NoticeState(to=BUS, events=(), prefix="", suffix=""))
    return tuple(notices)


def _told(one: Mapping[str, Any], to: str) -> NoticeState:
    if ":lambda:" in to:
        to = to.removesuffix(f":{LIVE}") if to.endswith(f":{LIVE}") else f"{to}, not {LIVE}"
    rules = one.get("Filter", {}).get("Key", {}).get("FilterRules", [])
    affixes = {rule["Name"].lower(): rule["Value"] for rule in rules}
    return NoticeState(
        to=to, events=tuple(one["Events"]), prefix=affixes.get("prefix", ""), suffix=affixes.get("suffix", "")
    )


def _name(notice: NoticeState) -> str:
    """S3 makes one up by chance, if none is given."""
    return f"castra-{hashlib.sha256(notice.model_dump_json().encode()).hexdigest()[:12]}"
