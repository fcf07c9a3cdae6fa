"""What is particular to queues: their section, what AWS stores, and a name that is taken for a minute."""

import json
from typing import Any

import pytest

from blueprints.queues import Queue
from blueprints.reading import build
from tasks.errors import CastraError, Invalid
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.tasks.conftest import Weather
from tests.tasks.rows.functions import KEYS, of_queue

KIND = KINDS["queue"]


def document(**queues: Any) -> dict[str, Any]:
    return {"name": "e", "region": "eu-west-1", "queues": queues}


def stored(scope: Scope, name: str) -> dict[str, str]:
    (found,) = look(scope, KIND, name)
    asked = scope.client("sqs").get_queue_attributes(**of_queue(scope, found.id), AttributeNames=["All"])
    return dict(asked["Attributes"])


def test_the_section_stands_as_written_encrypted_with_its_dead_letters_and_settles(strict: Scope) -> None:
    parts = build(document(jobs={"visibility": 60, "dead_letters": 3})).parts()
    raise_all(strict, parts)
    jobs, dead = stored(strict, "jobs"), stored(strict, "jobs-dead")
    assert json.loads(jobs["RedrivePolicy"]) == {"deadLetterTargetArn": dead["QueueArn"], "maxReceiveCount": 3}
    assert (jobs["VisibilityTimeout"], jobs["SqsManagedSseEnabled"], jobs.get("Policy")) == ("60", "true", None)
    assert dead["MessageRetentionPeriod"] == "1209600"
    assert look_and_plan(strict, parts).settled


def test_a_key_of_kms_comes_and_goes_in_place(strict: Scope) -> None:
    raise_all(strict, [Queue(name="jobs", encryption_key=KEYS[0])])
    assert stored(strict, "jobs")["KmsMasterKeyId"] == KEYS[0]
    raise_all(strict, [Queue(name="jobs")])
    assert "KmsMasterKeyId" not in stored(strict, "jobs")


def test_a_name_that_aws_still_keeps_is_waited_for(weather: Weather) -> None:
    physics = weather(scale=10, times={"queue_name_free": 60})
    scope = Scope("minute", "eu-west-1", poll_seconds=0.05)
    raise_all(scope, [Queue(name="jobs")])
    raise_all(scope, ())
    raise_all(scope, [Queue(name="jobs")])
    assert [call.outcome for call in physics.writes() if call.operation == "CreateQueue"][1] == "QueueDeletedRecently"
    assert look_and_plan(scope, [Queue(name="jobs")]).settled


def test_a_foreign_queue_of_its_name_is_named_and_left_alone(strict: Scope) -> None:
    strict.client("sqs").create_queue(QueueName=strict.name("jobs", 80))
    with pytest.raises(CastraError, match="that doesn't carry its tags"):
        raise_all(strict, [Queue(name="jobs")])
    assert look(strict, KIND, "jobs") == []


@pytest.mark.parametrize(
    ("queues", "told"),
    [
        ({"a": {"dead_letters": 3}, "a-dead": {}}, "queues.a-dead: queues.a.dead_letters makes a queue of this name"),
        ({"a": {"dead_letters": {"retention": 60}}}, "queues.a.dead_letters.retention: its 60 s count from"),
        ({"a": {"visibility": 50_000}}, "queues.a.visibility: "),
        ({"a": {"dead_letters": 0}}, "queues.a.dead_letters: "),
        ({"a": {"encryption_key": "alias/mine"}}, "queues.a.encryption_key: "),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(queues: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(document(**queues))
    (problem,) = raised.value.problems
    assert str(problem).startswith(told)
