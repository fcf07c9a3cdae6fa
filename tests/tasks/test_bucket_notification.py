"""Whom buckets tell of their objects: functions and queues, and what admits S3 to both."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from blueprints.part import Part
from blueprints.reading import build
from tasks.errors import Invalid
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.storage.listing import bucket_of
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics

FILES = Path(__file__).parent / "rows" / "files"
HELLO = {"code": "hello", "handler": "app.handler"}
DOCUMENT: dict[str, Any] = {
    "name": "strict",
    "region": "eu-west-1",
    "buckets": {"uploads": {"on_removal": "wipe", "notify": [{"queue": "gone", "events": ["removed"]}]}},
    "queues": {"gone": {}},
    "functions": {"resize": HELLO | {"on": [{"bucket": "uploads", "prefix": "in/", "suffix": ".jpg"}]}},
}
AMONG = ("bucket", "bucket-policy", "bucket-notification", "function", "permission", "queue", "role", "log-group")


def document(*triggers: Any, notify: Any = (), **more: Any) -> dict[str, Any]:
    changed = deepcopy(DOCUMENT) | more
    changed["functions"]["resize"]["on"] = list(triggers)
    changed["buckets"]["uploads"]["notify"] = list(notify)
    return changed


def parts(data: dict[str, Any]) -> tuple[Part, ...]:
    return build(data, folder=FILES).parts()


def told(scope: Scope) -> dict[str, Any]:
    answer = scope.client("s3").get_bucket_notification_configuration(Bucket=scope.bucket_name("uploads"))
    return {key: value for key, value in answer.items() if key != "ResponseMetadata"}


def test_an_upload_calls_a_function_by_its_alias_and_a_removal_tells_a_queue(physics: Physics, strict: Scope) -> None:
    whole = parts(DOCUMENT)
    raise_all(strict, whole, among=AMONG)
    (function,) = look(strict, KINDS["function"], "resize")
    (called,) = told(strict)["LambdaFunctionConfigurations"]
    (sent,) = told(strict)["QueueConfigurations"]
    assert called["LambdaFunctionArn"] == f"{function.id}:live"
    rules = {rule["Name"]: rule["Value"] for rule in called["Filter"]["Key"]["FilterRules"]}
    assert (called["Events"], rules) == (["s3:ObjectCreated:*"], {"prefix": "in/", "suffix": ".jpg"})
    assert sent["Events"] == ["s3:ObjectRemoved:*"]
    assert look_and_plan(strict, whole, among=AMONG).settled
    strict.client("s3").put_object(Bucket=strict.bucket_name("uploads"), Key="x", Body=b"")
    strict.client("s3").delete_object(Bucket=strict.bucket_name("uploads"), Key="x")
    raise_all(strict, (), among=AMONG)
    assert look_and_plan(strict, (), among=AMONG).steps == ()


def test_what_admits_s3_names_the_bucket_and_the_account(strict: Scope) -> None:
    raise_all(strict, parts(DOCUMENT), among=AMONG)
    (permission,) = look(strict, KINDS["permission"], "resize-bucket-uploads")
    (bucket,) = look(strict, KINDS["bucket"], "uploads")
    state = permission.state
    assert (state.principal, state.source, state.account) == ("s3.amazonaws.com", bucket.id, "123456789012")
    (queue,) = look(strict, KINDS["queue"], "gone")
    (statement,) = json.loads(queue.state.policy)["Statement"]
    assert statement["Condition"] == {
        "ArnEquals": {"aws:SourceArn": [bucket.id]},
        "StringEquals": {"aws:SourceAccount": ["123456789012"]},
    }


def test_a_bucket_that_stays_tells_nobody_once_its_functions_are_gone(physics: Physics, strict: Scope) -> None:
    kept = document({"bucket": "uploads"})
    kept["buckets"]["uploads"]["on_removal"] = "keep"
    raise_all(strict, parts(kept), among=AMONG)
    physics.log.clear()
    raise_all(strict, (), among=AMONG)
    assert told(strict) == {}
    order = [call.operation for call in physics.writes()]
    assert order.index("PutBucketNotification") < order.index("DeleteFunction")


def test_one_that_is_no_longer_asked_for_goes_and_one_made_by_hand_is_drift(strict: Scope) -> None:
    raise_all(strict, parts(DOCUMENT), among=AMONG)
    plan = raise_all(strict, parts(document()), among=AMONG)
    gone = {step.part for step in plan.steps if step.action == "delete"}
    assert gone >= {"bucket-notification/uploads", "permission/resize-bucket-uploads"}
    assert told(strict) == {}
    (bucket,) = look(strict, KINDS["bucket"], "uploads")
    by_hand = {"EventBridgeConfiguration": {}}
    strict.client("s3").put_bucket_notification_configuration(
        Bucket=bucket_of(bucket.id), NotificationConfiguration=by_hand
    )
    (step,) = look_and_plan(strict, parts(document()), among=AMONG).changes
    assert (step.part, step.action) == ("bucket-notification/uploads", "delete")


@pytest.mark.parametrize(
    ("one", "other", "refused"),
    [
        ({}, {}, True),
        ({"prefix": "in/"}, {"prefix": "in/raw/"}, True),
        ({"prefix": "in/"}, {"prefix": "out/"}, False),
        ({"suffix": ".jpg"}, {"suffix": ".png"}, False),
        ({"prefix": "in/"}, {"suffix": ".png"}, True),
        ({"prefix": "in/", "suffix": ".jpg"}, {"prefix": "in/", "suffix": ".png"}, False),
        ({"events": ["created"]}, {"events": ["removed"]}, False),
        ({"events": ["created"]}, {"events": ["s3:ObjectCreated:Put"]}, True),
    ],
)
def test_filters_that_one_object_could_fit_at_once_are_an_error_in_the_document(
    one: dict[str, Any], other: dict[str, Any], refused: bool
) -> None:
    data = document({"bucket": "uploads"} | one, notify=[{"queue": "gone"} | other])
    if not refused:
        assert parts(data)
        return
    with pytest.raises(Invalid) as raised:
        build(data, folder=FILES)
    (problem,) = raised.value.problems
    assert str(problem).startswith("buckets.uploads.notify.0: an object could fit functions.resize.on.0 too")


@pytest.mark.parametrize(
    ("data", "wrong"),
    [
        (document({"bucket": "other"}), "functions.resize.on.0.bucket: there is no bucket other in the section"),
        (document({"bucket": "uploads", "batch": 5}), "functions.resize.on.0: a bucket has no batch"),
        (document({"queue": "gone", "prefix": "x"}), "functions.resize.on.0: a queue has no prefix"),
        (document({"bucket": "uploads", "events": ["made"]}), "functions.resize.on.0.events.0: "),
        (document(notify=[{"queue": "none"}]), "buckets.uploads.notify.0.queue: there is no queue none"),
        (
            document(
                notify=[{"queue": "gone"}],
                queues={"gone": {"encryption_key": "arn:aws:kms:eu-west-1:123456789012:key/one"}},
            ),
            "buckets.uploads.notify.0.queue: S3 can't send to gone, whose KMS key it may not use",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(data: dict[str, Any], wrong: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(data, folder=FILES)
    assert str(raised.value.problems[0]).startswith(wrong)
