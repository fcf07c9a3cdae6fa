"""Events of buckets: what is called, or told, when objects come and go."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import Field

from blueprints.part import Id, Lookup, Name, Part, Piece, Ready, of, text
from blueprints.problem import Problem
from blueprints.storage import BucketId

SHORT = {"created": "s3:ObjectCreated:*", "removed": "s3:ObjectRemoved:*"}
LONG = r"^s3:[A-Za-z]+(:(\*|[A-Za-z]+))?$"
EventName = Literal["created", "removed"] | Annotated[str, Field(pattern=LONG)]
Affix = Annotated[str, Field(max_length=1024)]


class Notice(Piece):
    """What is told of which events: a function's alias `live`, or a queue."""

    to: Annotated[Ready, of("function", "queue")]
    events: tuple[EventName, ...] = Field(default=("created",), min_length=1)
    prefix: Affix = ""
    suffix: Affix = ""

    @property
    def full_events(self) -> tuple[str, ...]:
        """As S3 names them."""
        return tuple(SHORT.get(event, event) for event in self.events)


class BucketNotification(Part):
    """Whom a bucket tells of its objects. A bucket has one list of these."""

    kind: ClassVar[str] = "bucket-notification"
    bucket: BucketId
    notices: tuple[Notice, ...] = Field(min_length=1)
    admitted: tuple[Annotated[Id, of("permission")], ...] = Field(
        default=(), description="What lets S3 call the functions: it looks whether it may."
    )


# ---------------------------------------------------------------------- the section


class QueueNotice(Piece):
    """A queue that is told when objects come and go."""

    queue: Name = Field(description="A queue of the section `queues`.")
    events: tuple[EventName, ...] = Field(
        default=("created",), min_length=1, description="created, removed, or what S3 has: s3:ObjectRestore:Completed."
    )
    prefix: Affix = Field(default="", description="For keys that begin so.")
    suffix: Affix = Field(default="", description="For keys that end so.")


class Asked(NamedTuple):
    """A notice with its place in the document, and the permission that it needs."""

    where: str
    notice: Notice
    permission: Id | None = None


def asked_of(bucket: str, functions: Any, notify: Iterable[QueueNotice]) -> list[Asked]:
    """All that a document asks of a bucket's events: by its functions' triggers, and by itself for queues."""
    found = []
    for name, function in functions.items():
        for index, trigger in enumerate(function.on):
            if trigger.bucket == bucket:
                notice = Notice(to=f"function/{name}", **_what(trigger))
                permission = Id(f"permission/{permission_name(name, bucket)}")
                found.append(Asked(f"functions.{name}.on.{index}", notice, permission))
    for index, one in enumerate(notify):
        found.append(Asked(f"buckets.{bucket}.notify.{index}", Notice(to=f"queue/{one.queue}", **_what(one))))
    return found


def permission_name(function: str, bucket: str) -> str:
    """One admits a bucket to a function, however many of its events it's told."""
    return f"{function}-bucket-{bucket}"


def overlaps(asked: list[Asked]) -> Iterator[Problem]:
    """S3 takes no two for one event whose prefixes and suffixes both overlap.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-how-to-filtering.html
    """
    for index, one in enumerate(asked):
        for other in asked[:index]:
            if _overlap(one.notice, other.notice):
                why = f"an object could fit {other.where} too, and S3 tells of an event once"
                yield Problem(one.where, why, "Give both a prefix, or a suffix, that no key can fit at once")


def part_of(bucket: str, asked: list[Asked]) -> BucketNotification:
    """The bucket's list."""
    admitted = tuple(dict.fromkeys(one.permission for one in asked if one.permission))
    return BucketNotification(
        name=bucket,
        where=asked[0].where,
        bucket=f"bucket/{bucket}",
        notices=tuple(one.notice for one in asked),
        admitted=admitted,
    )


def letting_in(buckets: Iterable[str]) -> dict[str, Any]:
    """The policy by which S3 may send to a queue, of these buckets' events only.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/grant-destinations-permissions-to-s3.html
    """
    statements = [
        {
            "Effect": "Allow",
            "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sqs:SendMessage",
            "Resource": "*",
            "Condition": {
                "ArnEquals": {"aws:SourceArn": text(Id(f"bucket/{bucket}"))},
                "StringEquals": {"aws:SourceAccount": Lookup("account:")},
            },
        }
        for bucket in buckets
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def _what(one: Any) -> dict[str, Any]:
    return {"events": one.events, "prefix": one.prefix, "suffix": one.suffix}


def _overlap(one: Notice, other: Notice) -> bool:
    events = any(
        _fits(event, another) or _fits(another, event) for event in one.full_events for another in other.full_events
    )
    prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    suffixes = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
    return events and prefixes and suffixes


def _fits(event: str, pattern: str) -> bool:
    return event == pattern or (pattern.endswith("*") and event.startswith(pattern[:-1]))
