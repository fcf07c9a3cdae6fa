"""What calls a function: queues, schedules and buckets, and the statements that admit them."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, Protocol

from pydantic import AfterValidator, Field, model_validator

from blueprints.granting import allowing
from blueprints.notifications import Affix, EventName, permission_name
from blueprints.part import Id, Lookup, Name, Part, Piece, Ready, asking, of
from blueprints.problem import Problem

RATE = re.compile(r"^rate\(([1-9][0-9]*) (minute|hour|day)(s?)\)$")
CRON = re.compile(r"^cron\((\S+ ){5}\S+\)$")
API_GATEWAY = "apigateway.amazonaws.com"
"""It tells no account beside the source, whose ARN has it."""
FunctionId = Annotated[Ready, of("function")]


def _schedule(text: str) -> str:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html"""
    if rate := RATE.match(text):
        if (rate[1] == "1") == bool(rate[3]):
            raise ValueError(f"{text!r} should be rate({rate[1]} {rate[2]}{'' if rate[1] == '1' else 's'})")
    elif not CRON.match(text):
        raise ValueError(
            f"{text!r} should be rate(5 minutes), say, or cron(0 8 ? * MON-FRI *), with six fields, in UTC"
        )
    elif "?" not in (fields := text[5:-1].split())[2] + fields[4]:
        raise ValueError(f"{text!r} should have a ? for the day of the month or of the week")
    return text


Schedule = Annotated[str, AfterValidator(_schedule)]


class Permission(Part):
    """Who may call a function's alias: a service of AWS for one thing of this account, or anybody by its address."""

    kind: ClassVar[str] = "permission"
    name: Annotated[Name, Field(max_length=92)]  # with Castra's beginning, AWS takes 100 characters
    function: FunctionId
    principal: str = Field(description="A service, such as events.amazonaws.com, or * for anybody.")
    source: Any = Field(default=None, description="The ARN of what calls, an id, or a text with ids.")
    account: Annotated[Lookup, asking("account")] | None = Lookup("account:")
    action: Literal["lambda:InvokeFunction", "lambda:InvokeFunctionUrl"] = "lambda:InvokeFunction"
    by_address: bool = Field(default=False, description="Only by the function's own address.")

    @model_validator(mode="after")
    def _not_wider(self) -> "Permission":
        bare = self.account is None and self.principal != API_GATEWAY
        if self.principal != "*" and (self.source is None or bare):
            raise ValueError(f"{self.key} should name the source and the account that {self.principal} calls for")
        if self.principal == "*" and not self.by_address:
            raise ValueError(f"{self.key} would let anybody call the function in any way")
        return self


class EventSource(Part):
    """A queue that Lambda reads for a function. `window` is in seconds."""

    kind: ClassVar[str] = "event-source"
    function: FunctionId
    queue: Annotated[Id, of("queue")]
    batch: int = Field(default=10, ge=1, le=10_000)
    window: int = Field(default=0, ge=0, le=300)
    concurrency: int | None = Field(default=None, ge=2, le=1000)
    partial_failures: bool = False


class EventRule(Part):
    """A rule of EventBridge that calls a function on a schedule."""

    kind: ClassVar[str] = "event-rule"
    schedule: Schedule
    function: FunctionId


# ---------------------------------------------------------------------- the section

READS_QUEUE = ("sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage")


class Waits(Protocol):
    """What a trigger has to know of a queue."""

    visibility: int


FIELDS: dict[str, tuple[str, ...]] = {
    "queue": ("batch", "window", "concurrency", "partial_failures"),
    "schedule": (),
    "bucket": ("events", "prefix", "suffix"),
}
"""What each source may say more."""


class Trigger(Piece):
    """What calls the function: exactly one of queue, schedule and bucket, and how."""

    queue: Name | None = Field(default=None, description="A queue whose messages it works off.")
    schedule: Schedule | None = Field(
        default=None,
        description="When: rate(5 minutes), or cron(0 8 ? * MON-FRI *) with six fields, in UTC.",
        examples=["rate(5 minutes)"],
    )
    bucket: Name | None = Field(default=None, description="A bucket whose objects come and go.")
    events: tuple[EventName, ...] = Field(
        default=("created",),
        min_length=1,
        description="Of a bucket: created, removed, or what S3 has, such as s3:ObjectRestore:Completed.",
    )
    prefix: Affix = Field(default="", description="Of a bucket: for keys that begin so.")
    suffix: Affix = Field(default="", description="Of a bucket: for keys that end so.")
    batch: int = Field(default=10, ge=1, le=10_000, description="Of a queue: messages at once, at most.")
    window: int = Field(default=0, ge=0, le=300, description="Of a queue: seconds to wait until a batch is full.")
    concurrency: int | None = Field(
        default=None, ge=2, le=1000, description="Of a queue: how many calls at once it may lead to."
    )
    partial_failures: bool = Field(
        default=False, description="Of a queue: whether the function's answer names the messages that it failed on."
    )

    @model_validator(mode="before")
    @classmethod
    def _known_source(cls, given: Any) -> Any:
        known = ("queue", "schedule", "bucket")
        if isinstance(given, Mapping) and not any(given.get(source) for source in known):
            said = ", ".join(str(key) for key in given) or "nothing"
            raise ValueError(f"there's no event source in it ({said}). There are: {', '.join(known)}")
        return given

    @model_validator(mode="after")
    def _one_source(self) -> "Trigger":
        sources = [source for source in FIELDS if getattr(self, source)]
        if len(sources) != 1:
            raise ValueError("should name exactly one of queue, schedule and bucket")
        others = type(self).model_fields.keys() - {sources[0], *FIELDS[sources[0]]}
        if given := [name for name in others if getattr(self, name) != type(self).model_fields[name].default]:
            raise ValueError(f"a {sources[0]} has no {', '.join(sorted(given))}")
        if self.batch > 10 and not self.window:
            raise ValueError("a batch of more than 10 needs a window of at least 1 second")
        return self

    def problems(
        self, where: str, timeout: int, queues: Mapping[str, Waits | None], buckets: Collection[str]
    ) -> Iterator[Problem]:
        """A source that the document doesn't have, or a queue whose messages come again before the function has ended.

        `queues` are those that the section makes, and what it says of them; None for dead letters.
        """
        if self.bucket and self.bucket not in buckets:
            way_out = f"Name one of: {', '.join(sorted(buckets))}" if buckets else "Describe it there"
            yield Problem(f"{where}.bucket", f"there is no bucket {self.bucket} in the section buckets", way_out)
        if self.queue is None:
            return
        if self.queue not in queues:
            way_out = f"Name one of: {', '.join(sorted(queues))}" if queues else "Describe it there"
            yield Problem(f"{where}.queue", f"there is no queue {self.queue} in the section queues", way_out)
        elif (queue := queues[self.queue]) is None:
            yield Problem(f"{where}.queue", f"{self.queue} is for dead letters", "Name the queue that they come from")
        elif queue.visibility < timeout:
            why = f"its messages come again after {queue.visibility} s, and the function has {timeout} s"
            yield Problem(f"{where}.queue", why, f"Set queues.{self.queue}.visibility to {6 * timeout}, six times that")

    def statements(self) -> Iterator[dict[str, Any]]:
        """What the function's role must be allowed to do for it."""
        if self.queue:
            yield allowing(READS_QUEUE, Id(f"queue/{self.queue}"))

    def parts(self, function: str, number: int, where: str) -> Iterator[Part]:
        """What calls the function, and what admits that."""
        called = Ready(f"function/{function}")
        if self.queue:
            given = {field: getattr(self, field) for field in FIELDS["queue"]}
            name, queue = f"{function}-{self.queue}", f"queue/{self.queue}"
            yield EventSource(name=name, where=where, function=called, queue=queue, **given)
        if self.schedule:
            rule = EventRule(name=f"{function}-{number}", where=where, schedule=self.schedule, function=called)
            yield rule
            service = "events.amazonaws.com"
            yield Permission(
                name=f"{function}-schedule-{number}",
                where=where,
                function=called,
                principal=service,
                source=Id(rule.key),
            )


def admitting_bucket(function: str, bucket: str, where: str) -> Permission:
    """What lets S3 call the function for this bucket."""
    return Permission(
        name=permission_name(function, bucket),
        where=where,
        function=Ready(f"function/{function}"),
        principal="s3.amazonaws.com",
        source=Id(f"bucket/{bucket}"),
    )


def twice(where: str, triggers: Collection[Trigger]) -> Iterator[Problem]:
    """Queues that stand in a function's triggers more than once."""
    seen: set[str] = set()
    for index, trigger in enumerate(triggers):
        if trigger.queue in seen:
            yield Problem(f"{where}.{index}.queue", f"{trigger.queue} stands twice", "Name it once")
        seen |= {trigger.queue} if trigger.queue else set()
