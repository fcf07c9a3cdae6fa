"""The example's functions really run, on an emulator that has an interpreter for them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from blueprints.reading import load
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tasks.waiting import wait_until
from tests.conductor import raise_all
from tests.ministack import ministack

EXAMPLE = Path(__file__).parents[2] / "examples" / "functions.yaml"


@pytest.fixture
def scope() -> Iterator[Scope]:
    with ministack() as url, pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", url)
        yield Scope("office", "eu-west-1", poll_seconds=0.1)


def called(scope: Scope, name: str, event: dict[str, Any]) -> Any:
    """What a function's alias answers."""
    function = {"FunctionName": f"office--{name}", "Qualifier": "live", "Payload": json.dumps(event)}
    answer = scope.client("lambda").invoke(**function)
    told = json.loads(answer["Payload"].read())
    assert "FunctionError" not in answer, told
    return told


def test_what_one_function_puts_into_the_queue_the_other_one_works_off(scope: Scope) -> None:
    parts = load(EXAMPLE).parts()
    among = {part.kind for part in parts}
    raise_all(scope, parts, among=among)
    answer = called(scope, "clerk", {"body": json.dumps({"errand": "buy oats"})})
    assert answer == {"statusCode": 202, "body": "Salve! It will be done: buy oats"}
    (queue,), (dead,) = (look(scope, KINDS["queue"], name) for name in ("errands", "errands-dead"))

    def waiting(url: str) -> int:
        asked = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        told = scope.client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=asked)["Attributes"]
        return sum(map(int, told.values()))

    wait_until(scope, lambda: waiting(queue.outputs["url"]) == 0, "the queue", 30, lambda: "messages wait in it still")
    assert waiting(dead.outputs["url"]) == 0
    raise_all(scope, (), among=among)
    assert look(scope, KINDS["function"], "clerk") == []
