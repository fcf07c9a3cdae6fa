"""Queues of SQS."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from blueprints.part import filled
from blueprints.queues import Queue
from tasks.each import each
from tasks.errors import CastraError, gone_is_fine
from tasks.identity import policy
from tasks.kind import Found, Kind, State
from tasks.retry import when_released
from tasks.scope import ENVIRONMENT, PART, Scope

GONE = ("AWS.SimpleQueueService.NonExistentQueue", "QueueDoesNotExist")
BY_SQS, BY_NOBODY = "sqs", "nobody"


class QueueState(State):
    """Seconds, ARNs; `encryption` is a KMS key, `sqs` for a key of SQS's own, or `nobody`."""

    visibility: int
    retention: int
    delay: int
    wait: int
    dead_letters: str | None
    tries: int | None
    encryption: str
    policy: str | None = None


class QueueKind(Kind[Queue, QueueState]):
    """Queues of SQS. The ARN is the id, which policies and triggers name; the URL is an output."""

    name = "queue"
    holds = "the messages in it"
    goes_first = True  # AWS keeps one of a name
    actions = (
        "sqs:CreateQueue",
        "sqs:DeleteQueue",
        "sqs:GetQueueAttributes",
        "sqs:GetQueueUrl",
        "sqs:ListQueueTags",
        "sqs:ListQueues",
        "sqs:SetQueueAttributes",
        "sqs:TagQueue",
        "sqs:UntagQueue",
    )

    def owned(self, scope: Scope) -> Iterator[Found[QueueState]]:
        """ListQueues by the beginning of the name, and two calls a queue: AWS has no other way."""
        prefix = f"{scope.environment}--" if scope.environment else ""
        pages: dict[str, Any] = {"QueueNamePrefix": prefix, "PaginationConfig": {"PageSize": 1000}}
        urls = [url for url in scope.pages("sqs", "list_queues", "QueueUrls", **pages) if "--" in url]
        for url, queue in each(lambda url: _read(scope, url), urls):
            if queue and (name := self.named_in(queue.tags)) and scope.owns(queue.tags):
                arn = queue.attributes["QueueArn"]
                yield Found(self.name, name, arn, _state(queue.attributes), queue.tags, outputs={"url": url})

    def wanted(self, part: Queue, ids: Mapping[str, str]) -> QueueState:
        """See the base."""
        return QueueState(
            visibility=part.visibility,
            retention=part.retention,
            delay=part.delay,
            wait=part.wait,
            dead_letters=ids[part.dead_letters] if part.dead_letters else None,
            tries=part.tries if part.dead_letters else None,
            encryption=part.encryption_key or BY_SQS,
            policy=policy.canonical(filled(part.policy, ids)) if part.policy else None,
        )

    def create(self, scope: Scope, name: str, wanted: QueueState) -> str:
        """CreateQueue gives the queue of this name that there is, whoever's it is, without its tags: look first.

        For 60 seconds after a queue was deleted, AWS makes none of its name; that is waited for.
        """
        called = scope.name(name, 80)
        if there := _url(scope, called):
            return self._taken_on(scope, name, there, wanted)
        attributes = _attributes(wanted, frozenset(QueueState.model_fields))
        made = when_released(
            f"the name {called}, which SQS keeps for a minute",
            scope.client("sqs").create_queue,
            QueueName=called,
            Attributes={key: value for key, value in attributes.items() if value},
            tags=self.birth_tags(scope, name, wanted),
        )
        return _arn(scope, str(made["QueueUrl"]))

    def update(self, scope: Scope, id: str, wanted: QueueState, changed: frozenset[str]) -> None:
        """In one call; AWS takes up to a minute to follow everywhere, and up to 15 for retention."""
        url = _url(scope, id.rpartition(":")[2])
        scope.client("sqs").set_queue_attributes(QueueUrl=url, Attributes=_attributes(wanted, changed))

    def delete(self, scope: Scope, id: str) -> None:
        """With all messages in it."""
        if url := _url(scope, id.rpartition(":")[2]):
            with gone_is_fine(*GONE):
                scope.client("sqs").delete_queue(QueueUrl=url)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """SQS's way."""
        url = _url(scope, id.rpartition(":")[2])
        scope.client("sqs").tag_queue(QueueUrl=url, Tags=dict(tags))
        if dropped:
            scope.client("sqs").untag_queue(QueueUrl=url, TagKeys=sorted(dropped))

    def _taken_on(self, scope: Scope, name: str, url: str, wanted: QueueState) -> str:
        """The ARN of the queue at this address, as it's wanted. Raises CastraError if it isn't ours."""
        queue = _read(scope, url)
        if queue is None or not (scope.owns(queue.tags) and self.named_in(queue.tags) == name):
            why = f"there is a queue {url} that doesn't carry its tags"
            ours = f"{ENVIRONMENT}={scope.environment} and {PART}={self.key(name)}"
            raise CastraError(self.key(name), why, f"Delete it, or tag it with {ours}")
        arn = queue.attributes["QueueArn"]
        self.update(scope, arn, wanted, frozenset(QueueState.model_fields))
        return arn


class _Read(NamedTuple):
    attributes: dict[str, str]
    tags: dict[str, str]


def _read(scope: Scope, url: str) -> _Read | None:
    """None, if it has gone since it was listed."""
    sqs = scope.client("sqs")
    with gone_is_fine(*GONE):
        attributes = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return _Read(attributes, sqs.list_queue_tags(QueueUrl=url).get("Tags", {}))
    return None


def _url(scope: Scope, called: str) -> str | None:
    """The address of the queue of this name, or None."""
    with gone_is_fine(*GONE):
        return str(scope.client("sqs").get_queue_url(QueueName=called)["QueueUrl"])
    return None


def _arn(scope: Scope, url: str) -> str:
    account, name = url.split("/")[-2:]
    return f"arn:{scope.client('sqs').meta.partition}:sqs:{scope.region}:{account}:{name}"


def _attributes(wanted: QueueState, fields: frozenset[str]) -> dict[str, str]:
    """These fields, as SQS takes them. Empty takes away."""
    redrive = {"deadLetterTargetArn": wanted.dead_letters, "maxReceiveCount": wanted.tries}
    by_field = {
        "visibility": {"VisibilityTimeout": str(wanted.visibility)},
        "retention": {"MessageRetentionPeriod": str(wanted.retention)},
        "delay": {"DelaySeconds": str(wanted.delay)},
        "wait": {"ReceiveMessageWaitTimeSeconds": str(wanted.wait)},
        "dead_letters": {"RedrivePolicy": json.dumps(redrive) if wanted.dead_letters else ""},
        "tries": {"RedrivePolicy": json.dumps(redrive) if wanted.dead_letters else ""},
        "encryption": _encrypted(wanted.encryption),
        "policy": {"Policy": wanted.policy or ""},
    }
    return {key: value for field in sorted(fields) for key, value in by_field[field].items()}


def _encrypted(by: str) -> dict[str, str]:
    """AWS takes one way at a time: a key of KMS ends the encryption by SQS's own."""
    if by == BY_SQS:
        return {"KmsMasterKeyId": "", "SqsManagedSseEnabled": "true"}
    return {"KmsMasterKeyId": by}


def _state(attributes: Mapping[str, str]) -> QueueState:
    redrive = json.loads(attributes.get("RedrivePolicy") or "{}")
    by_sqs = BY_SQS if attributes.get("SqsManagedSseEnabled", "").lower() == "true" else BY_NOBODY
    return QueueState(
        visibility=int(attributes["VisibilityTimeout"]),
        retention=int(attributes["MessageRetentionPeriod"]),
        delay=int(attributes["DelaySeconds"]),
        wait=int(attributes["ReceiveMessageWaitTimeSeconds"]),
        dead_letters=redrive.get("deadLetterTargetArn"),
        tries=int(redrive["maxReceiveCount"]) if redrive else None,
        encryption=attributes.get("KmsMasterKeyId") or by_sqs,
        policy=policy.canonical(attributes["Policy"]) if attributes.get("Policy") else None,
    )
