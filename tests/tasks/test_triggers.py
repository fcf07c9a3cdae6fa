"""What is particular to what calls functions: the least is admitted, and the alias is called."""

import json
from pathlib import Path
from typing import Any

import pytest

from blueprints.reading import build, parse
from blueprints.triggers import Permission
from tasks.errors import CastraError, Invalid
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.physics import Physics
from tests.tasks.rows.functions import CALLED, FUNCTION, IMAGE, PERMISSION, QUEUE, READER, RULE, URL
from tests.tasks.rows.network import but
from tests.tasks.test_function import planned, up

HANDLER = "def handler(event, context):\n    return 1\n"


def document(tmp_path: Path, **function: Any) -> dict[str, Any]:
    (tmp_path / "app.py").write_text(HANDLER)
    hello = {"code": str(tmp_path), "handler": "app.handler"} | function
    queues = {"jobs": {"dead_letters": 3}, "quick": {"visibility": 5}}
    return {"name": "e", "region": "eu-west-1", "queues": queues, "functions": {"hello": hello}}


def function(scope: Scope) -> str:
    return look(scope, KINDS["function"], "hello")[0].id


def statements(scope: Scope) -> dict[str, dict[str, Any]]:
    """Those of the alias by their ids."""
    policy = scope.client("lambda").get_policy(FunctionName=function(scope), Qualifier="live")["Policy"]
    return {one["Sid"]: one for one in json.loads(policy)["Statement"]}


def test_queue_and_schedule_call_the_alias_and_each_is_let_do_so_and_no_more(strict: Scope, tmp_path: Path) -> None:
    parts = build(document(tmp_path, on=[{"queue": "jobs", "concurrency": 5}, {"schedule": "rate(5 minutes)"}])).parts()
    up(strict, parts)
    assert planned(strict, parts).settled
    live, (rule,) = f"{function(strict)}:live", look(strict, KINDS["event-rule"], "hello-2")
    assert statements(strict) == {
        "castra--hello-schedule-2": {
            "Sid": "castra--hello-schedule-2",
            "Effect": "Allow",
            "Principal": {"Service": "events.amazonaws.com"},
            "Action": "lambda:InvokeFunction",
            "Resource": live,
            "Condition": {
                "ArnLike": {"AWS:SourceArn": rule.id},
                "StringEquals": {"AWS:SourceAccount": strict.account},
            },
        }
    }
    (target,) = strict.client("events").list_targets_by_rule(Rule=rule.id.rpartition("/")[2])["Targets"]
    (mapping,) = strict.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    assert (target["Arn"], mapping["FunctionArn"], mapping["ScalingConfig"]) == (live, live, {"MaximumConcurrency": 5})
    (role,) = look(strict, KINDS["role"], "function-hello")
    granted = json.loads(role.state.policies["function"])["Statement"]
    reads = ["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"]
    assert [one["Resource"] for one in granted if one["Action"] == reads] == [[mapping["EventSourceArn"]]]


def test_an_address_is_for_those_whom_iam_lets_unless_it_says_otherwise(strict: Scope, tmp_path: Path) -> None:
    up(strict, build(document(tmp_path, url="iam")).parts())
    url = {"FunctionName": function(strict), "Qualifier": "live"}
    before = strict.client("lambda").get_function_url_config(**url)
    assert before["AuthType"] == "AWS_IAM"
    parts = build(document(tmp_path, url={"auth": "none", "cors": {"origins": ["https://a.example"]}})).parts()
    up(strict, parts)
    now = strict.client("lambda").get_function_url_config(**url)
    assert (now["AuthType"], now["FunctionUrl"]) == ("NONE", before["FunctionUrl"])
    said = {(one["Action"], json.dumps(one["Condition"]), one["Principal"]) for one in statements(strict).values()}
    assert said == {
        ("lambda:InvokeFunctionUrl", '{"StringEquals": {"lambda:FunctionUrlAuthType": "NONE"}}', "*"),
        ("lambda:InvokeFunction", '{"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}', "*"),
    }
    assert planned(strict, parts).settled
    assert planned(strict, parts).outputs["function-url/hello.url"] == before["FunctionUrl"]


def test_lost_answers_make_nothing_twice(strict: Scope, physics: Physics) -> None:
    for call in ("AddPermission", "CreateEventSourceMapping", "PutTargets"):
        physics.rule(call, "lose-answer", nth=1)
    parts = (*CALLED, QUEUE, READER, RULE, PERMISSION)
    up(strict, parts)
    assert planned(strict, parts).settled
    assert len(strict.client("lambda").list_event_source_mappings()["EventSourceMappings"]) == 1


def test_a_rule_and_a_mapping_that_others_made_are_named_and_left_alone(strict: Scope) -> None:
    up(strict, (*CALLED, QUEUE))
    queue = look(strict, KINDS["queue"], "jobs")[0].id
    strict.client("events").put_rule(Name=strict.name("hello-1", 64), ScheduleExpression="rate(1 day)")
    strict.client("lambda").create_event_source_mapping(FunctionName=f"{function(strict)}:live", EventSourceArn=queue)
    for part, told in ((RULE, "there is a rule strict--hello-1"), (READER, "there is an event source of")):
        with pytest.raises(CastraError, match=f"{told}.* that doesn't carry its tags"):
            up(strict, (*CALLED, QUEUE, part))


def test_no_permission_can_be_made_that_is_wider_than_one_source() -> None:
    for wide in ({"principal": "s3.amazonaws.com"}, {"principal": "*", "source": "arn:aws:s3:::things"}):
        with pytest.raises(ValueError, match=r"should name the source|would let anybody call"):
            Permission(name="wide", function="function/hello", **wide)


def test_on_is_a_word_in_yaml_and_yes_is_true_where_truth_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(HANDLER)
    text = """
    name: e
    region: eu-west-1
    queues: {jobs: {}}
    functions:
      hello:
        code: .
        handler: app.handler
        environment: {MODE: on}
        on:
          - {queue: jobs, partial_failures: yes}
    """
    parts = {part.key: part for part in parse(text, folder=tmp_path).parts()}
    assert parts["event-source/hello-jobs"].partial_failures is True  # type: ignore[attr-defined]
    assert parts["function/hello"].environment == {"MODE": "on"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("on", "told"),
    [
        ([{"topic": "news"}], "functions.hello.on.0: there's no event source in it (topic). There are: "),
        ([{}], "functions.hello.on.0: there's no event source in it (nothing). There are: "),
        ([{"queue": "jobs", "schedule": "rate(1 day)"}], "functions.hello.on.0: should name exactly one of"),
        ([{"queue": "job"}], "functions.hello.on.0.queue: there is no queue job in the section queues. Name one of: "),
        ([{"queue": "jobs-dead"}], "functions.hello.on.0.queue: jobs-dead is for dead letters."),
        (
            [{"queue": "quick"}],
            "functions.hello.on.0.queue: its messages come again after 5 s, and the function has 10 s.",
        ),
        ([{"queue": "jobs"}, {"queue": "jobs"}], "functions.hello.on.1.queue: jobs stands twice. Name it once."),
        ([{"queue": "jobs", "batch": 11}], "functions.hello.on.0: a batch of more than 10 needs a window"),
        (
            [{"schedule": "rate(1 minutes)"}],
            "functions.hello.on.0.schedule: 'rate(1 minutes)' should be rate(1 minute).",
        ),
        ([{"schedule": "5 minutes"}], "functions.hello.on.0.schedule: '5 minutes' should be rate(5 minutes), say, or"),
        ([{"schedule": "cron(0 8 * * * *)"}], "functions.hello.on.0.schedule: 'cron(0 8 * * * *)' should have a ?"),
        ([{"schedule": "rate(5 minutes)", "batch": 3}], "functions.hello.on.0: a schedule has no batch."),
    ],
)
def test_what_cant_call_a_function_is_told_with_its_place(tmp_path: Path, on: list[Any], told: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(document(tmp_path, on=on))
    (problem,) = raised.value.problems
    assert str(problem).startswith(told)


def test_when_a_function_is_replaced_all_that_calls_it_follows_in_the_same_run(strict: Scope) -> None:
    parts = (*CALLED, QUEUE, READER, RULE, PERMISSION, URL)
    up(strict, parts)
    image = but(FUNCTION, folder=None, content=None, handler=None, runtime=None, image=IMAGE)
    later = tuple(image if part is FUNCTION else part for part in parts)
    plan = up(strict, later, replace=["function/hello"])
    assert {step.part: step.because for step in plan.changes} == {
        "function/hello": "the blueprint changed",
        **dict.fromkeys(
            ("event-source/hello-jobs", "event-rule/hello-1", "permission/hello-schedule-1", "function-url/hello"),
            "follows function/hello",
        ),
    }
    assert planned(strict, later).settled
    assert list(statements(strict)) == ["castra--hello-schedule-1"]
