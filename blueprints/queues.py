"""Queues of SQS: the section that people write, and the parts it unfolds into."""

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, ClassVar

from pydantic import BeforeValidator, Field

from blueprints.identity import Document
from blueprints.log_groups import KeyArn
from blueprints.notifications import letting_in
from blueprints.part import Id, Part, Piece, of
from blueprints.problem import Problem

DEAD = "dead"
DAY = 86_400
LONGEST_KEPT = 14 * DAY


class Queue(Part):
    """A queue; times are in seconds.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    """

    kind: ClassVar[str] = "queue"
    visibility: int = Field(default=30, ge=0, le=43_200)
    retention: int = Field(default=4 * DAY, ge=60, le=LONGEST_KEPT)
    delay: int = Field(default=0, ge=0, le=900)
    wait: int = Field(default=20, ge=0, le=20)
    dead_letters: Annotated[Id, of("queue")] | None = None
    tries: int = Field(default=5, ge=1, le=1000, description="After so many, a message goes to `dead_letters`.")
    encryption_key: KeyArn | None = Field(default=None, description="None: encrypted by a key of SQS's own.")
    policy: Document | None = Field(default=None, description="Who else may use it; may have ids in it.")


# ---------------------------------------------------------------------- the section


class DeadLetters(Piece):
    """Where messages go that nobody could work off: a queue of its own, named after this one. A number is `after`."""

    after: int = Field(default=5, ge=1, le=1000, description="Times that a message is tried before.")
    retention: int = Field(
        default=LONGEST_KEPT,
        ge=60,
        le=LONGEST_KEPT,
        description="Seconds that it's kept there, counted from when it was first sent.",
    )


def _after(value: object) -> object:
    return {"after": value} if isinstance(value, int) and not isinstance(value, bool) else value


class MessageQueue(Piece):
    """A queue of SQS, encrypted. What sends to it and what works it off is said by the functions that do."""

    visibility: int = Field(
        default=180,
        ge=0,
        le=43_200,
        description="Seconds that a message is hidden while somebody works on it; six times the function's timeout.",
    )
    retention: int = Field(
        default=4 * DAY, ge=60, le=LONGEST_KEPT, description="Seconds that a message is kept, 14 days at most."
    )
    delay: int = Field(default=0, ge=0, le=900, description="Seconds until a new message can be seen.")
    wait: int = Field(default=20, ge=0, le=20, description="Seconds that a reader is kept waiting for a message.")
    dead_letters: Annotated[
        DeadLetters | None, BeforeValidator(_after, json_schema_input_type=int | DeadLetters | None)
    ] = Field(default=None, description="A queue for messages that nobody could work off, or after how many tries.")
    encryption_key: KeyArn | None = Field(
        default=None, description="ARN of a KMS key, at a price; a key of SQS's own, free of charge, if not given."
    )

    def problems(self, name: str, names: Collection[str]) -> Iterator[Problem]:
        """What doesn't fit together with the other queues."""
        if self.dead_letters is None:
            return
        if (dead := f"{name}-{DEAD}") in names:
            why = f"queues.{name}.dead_letters makes a queue of this name"
            yield Problem(f"queues.{dead}", why, "Rename one of them")
        if (kept := self.dead_letters.retention) < self.retention:
            why = f"its {kept} s count from when a message was first sent; the queue keeps it {self.retention} s"
            yield Problem(f"queues.{name}.dead_letters.retention", why, "Make it longer than the queue's own")

    def parts(self, name: str, buckets: Collection[str] = ()) -> Iterator[Part]:
        """The queue, which these buckets send to, and the one for what nobody could work off."""
        where = f"queues.{name}"
        dead: Id | None = None
        if self.dead_letters is not None:
            dead = Id(f"queue/{name}-{DEAD}")
            yield Queue(
                name=f"{name}-{DEAD}",
                where=f"{where}.dead_letters",
                retention=self.dead_letters.retention,
                encryption_key=self.encryption_key,
            )
        yield Queue(
            name=name,
            where=where,
            visibility=self.visibility,
            retention=self.retention,
            delay=self.delay,
            wait=self.wait,
            dead_letters=dead,
            tries=self.dead_letters.after if self.dead_letters else 5,
            encryption_key=self.encryption_key,
            policy=letting_in(buckets) if buckets else None,
        )


def all_queues(queues: Mapping[str, MessageQueue]) -> tuple[str, ...]:
    """Names of all queues that the section makes, those for dead letters too."""
    dead = (f"{name}-{DEAD}" for name, queue in queues.items() if queue.dead_letters)
    return (*queues, *dead)
