"""Rows of the kinds that functions need, in tasks/serverless."""

from typing import Any

from blueprints.log_groups import LogGroup
from blueprints.part import Id
from blueprints.queues import Queue
from tasks.scope import Scope
from tests.tasks.rows.row import Row

KEYS = [f"arn:aws:kms:eu-west-1:123456789012:key/{number}" for number in ("one", "two")]
LOGS = LogGroup(name="jobs", on_removal="wipe")
DEAD = Queue(name="jobs-dead", retention=1_209_600)
QUEUE = Queue(name="jobs", visibility=180, dead_letters=Id("queue/jobs-dead"))


def log_group(arn: str) -> str:
    return arn.partition(":log-group:")[2]


def keep_logs_for_ever(scope: Scope, id: str) -> None:
    scope.client("logs").delete_retention_policy(logGroupName=log_group(id))


def delete_logs(scope: Scope, id: str) -> None:
    scope.client("logs").delete_log_group(logGroupName=log_group(id))


def of_queue(scope: Scope, id: str) -> dict[str, Any]:
    return {"QueueUrl": scope.client("sqs").get_queue_url(QueueName=id.rpartition(":")[2])["QueueUrl"]}


def open_queue(scope: Scope, id: str) -> None:
    anybody = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sqs:*"}}'
    changes = {"Policy": anybody, "RedrivePolicy": "", "VisibilityTimeout": "5", "SqsManagedSseEnabled": "false"}
    scope.client("sqs").set_queue_attributes(**of_queue(scope, id), Attributes=changes)


def delete_queue(scope: Scope, id: str) -> None:
    scope.client("sqs").delete_queue(**of_queue(scope, id))


ROWS = (
    Row(
        part=LOGS,
        changed=LogGroup(name="jobs", retention=None, encryption_key=KEYS[0], on_removal="wipe"),
        by_hand=keep_logs_for_ever,
        vanish=delete_logs,
    ),
    Row(
        part=QUEUE,
        needs=(DEAD,),
        changed=Queue(name="jobs", visibility=0, retention=60, delay=900, wait=0, encryption_key=KEYS[0]),
        by_hand=open_queue,
        vanish=delete_queue,
    ),
)
