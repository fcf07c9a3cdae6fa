"""What is particular to functions: what AWS stores, versions behind the alias, and what has to be waited for."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest
from moto.backends import get_backend

from blueprints.part import Part
from blueprints.reading import build
from tasks.decide import Plan
from tasks.errors import CastraError, NeedsReplacing
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.serverless.archive import files_in, pack
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.conftest import Weather
from tests.tasks.rows.functions import DEAD, FILES, FUNCTION, HELLO_LOGS, IMAGE, ROLE, change_function
from tests.tasks.rows.network import but

KIND = KINDS["function"]
NEEDS = (DEAD, ROLE, HELLO_LOGS)
APP = "def handler(event, context):\n    return {0!r}\n"


def document(**sections: Any) -> dict[str, Any]:
    return {"name": "e", "region": "eu-west-1", **sections}


def hello(tmp_path: Path, word: str = "hello", **more: Any) -> dict[str, Any]:
    (tmp_path / "app.py").write_text(APP.format(word))
    return {"code": str(tmp_path), "handler": "app.handler", **more}


def told(scope: Scope, name: str = "hello", **qualifier: str) -> dict[str, Any]:
    (found,) = look(scope, KIND, name)
    return dict(scope.client("lambda").get_function_configuration(FunctionName=found.id, **qualifier))


def policy(scope: Scope, role: str) -> list[dict[str, Any]]:
    (found,) = look(scope, KINDS["role"], role)
    statements: list[dict[str, Any]] = json.loads(found.state.policies["function"])["Statement"]
    return statements


def up(scope: Scope, parts: Iterable[Part], replace: Iterable[str] = ()) -> Plan:
    """Only their kinds are listed: a survey of all takes seconds."""
    parts = tuple(parts)
    return raise_all(scope, parts, replace, {part.kind for part in parts})


def planned(scope: Scope, parts: Iterable[Part]) -> Plan:
    parts = tuple(parts)
    return look_and_plan(scope, parts, among={part.kind for part in parts})


def test_the_section_stands_as_written_may_do_what_it_is_granted_and_nothing_else(
    strict: Scope, tmp_path: Path
) -> None:
    secret = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:mail-AbCdEf"
    sections = document(
        queues={"jobs": {"dead_letters": 3}},
        buckets={"uploads": {"on_removal": "wipe"}},
        functions={
            "hello": hello(
                tmp_path,
                memory=256,
                environment={"SIZE": "200"},
                secrets={"MAIL": secret, "KEY": "ssm:/web/key"},
                names={"JOBS": "queue/jobs", "OTHER": "function/other", "UPLOADS": "bucket/uploads"},
                can=[
                    {"send": "queue/jobs"},
                    {"read": "arn:aws:s3:::things"},
                    {"write": "bucket/uploads"},
                    {"invoke": "function/other"},
                ],
                dead_letters="jobs-dead",
            ),
            "other": hello(tmp_path),
        },
    )
    parts = build(sections).parts()
    up(strict, parts)
    assert look_and_plan(strict, parts).settled
    jobs, dead = (look(strict, KINDS["queue"], name)[0].id for name in ("jobs", "jobs-dead"))
    other, logs = look(strict, KIND, "other")[0].id, look(strict, KINDS["log-group"], "function-hello")[0].id
    (uploads,) = (one.id for one in look(strict, KINDS["bucket"], "uploads"))
    key = f"arn:aws:ssm:eu-west-1:{strict.account}:parameter/web/key"
    allowed = [(one["Action"], one["Resource"]) for one in policy(strict, "function-hello")]
    assert allowed == [
        (["logs:CreateLogStream", "logs:PutLogEvents"], [f"{logs}:*"]),
        (["sqs:GetQueueUrl", "sqs:SendMessage"], [jobs]),
        (["s3:GetObject"], ["arn:aws:s3:::things/*"]),
        (["s3:ListBucket"], ["arn:aws:s3:::things"]),
        (["s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject"], [f"{uploads}/*"]),
        (["lambda:InvokeFunction"], [other, f"{other}:*"]),
        (["secretsmanager:GetSecretValue"], [secret]),
        (["ssm:GetParameter", "ssm:GetParameters"], [key]),
        (["sqs:SendMessage"], [dead]),
    ]
    live = told(strict, Qualifier="live")
    assert live["Environment"]["Variables"] == {
        "SIZE": "200",
        "MAIL": secret,
        "KEY": key,
        "JOBS": "strict--jobs",
        "OTHER": "strict--other:live",
        "UPLOADS": uploads.rpartition(":")[2],
    }
    assert (live["MemorySize"], live["Timeout"], live["DeadLetterConfig"]) == (256, 10, {"TargetArn": dead})
    assert live["LoggingConfig"]["LogGroup"] == f"/castra/{strict.environment}/function-hello"
    assert live["Version"] == "1"


def test_what_is_sent_is_the_same_zip_whoever_packs_it_and_unchanged_code_is_not_sent_again(
    strict: Scope, physics: Physics, tmp_path: Path
) -> None:
    up(strict, (*NEEDS, FUNCTION))
    for name in ("app.py",):
        (tmp_path / name).write_bytes((FILES / "hello" / name).read_bytes())
    assert told(strict)["CodeSha256"] == pack(files_in(tmp_path, "there")).sha256
    up(strict, (*NEEDS, but(FUNCTION, folder=str(tmp_path), memory=1024)))
    assert [call.operation for call in physics.writes() if "Function" in call.operation] == [
        *("CreateFunction", "PutFunctionConcurrency", "UpdateFunctionConfiguration"),
    ]


def test_the_alias_leads_to_a_version_of_code_and_configuration_together_and_older_ones_go(
    strict: Scope, tmp_path: Path
) -> None:
    for number in range(1, 6):
        hello(tmp_path, str(number))
        up(strict, (*NEEDS, but(FUNCTION, folder=str(tmp_path), timeout=number)))
        live, latest = told(strict, Qualifier="live"), told(strict)
        assert (live["Version"], live["Timeout"], live["CodeSha256"]) == (str(number), number, latest["CodeSha256"])
    versions = strict.client("lambda").list_versions_by_function(FunctionName=live["FunctionName"])["Versions"]
    assert [one["Version"] for one in versions] == ["$LATEST", "3", "4", "5"]


@pytest.mark.parametrize("call", ["UpdateAlias", "TagResource"])
def test_cut_off_while_it_is_updated_the_next_run_finishes_it(
    strict: Scope, physics: Physics, tmp_path: Path, call: str
) -> None:
    up(strict, (*NEEDS, FUNCTION))
    hello(tmp_path, "again")
    later = but(FUNCTION, folder=str(tmp_path), timeout=20)
    physics.rule(f"lambda:{call}", "error:AccessDeniedException:403", nth=1)
    with pytest.raises(Exception, match="AccessDenied"):
        up(strict, (*NEEDS, later))
    up(strict, (*NEEDS, later))
    assert planned(strict, (*NEEDS, later)).settled
    live = told(strict, Qualifier="live")
    assert (live["CodeSha256"], live["Timeout"]) == (pack(files_in(tmp_path, "there")).sha256, 20)


def test_cut_off_while_it_is_made_the_next_run_gives_it_its_alias(strict: Scope, physics: Physics) -> None:
    physics.rule("lambda:UpdateAlias", "error:AccessDeniedException:403", nth=1)
    with pytest.raises(Exception, match="AccessDenied"):
        up(strict, (*NEEDS, FUNCTION))
    up(strict, (*NEEDS, FUNCTION))
    assert planned(strict, (*NEEDS, FUNCTION)).settled
    assert told(strict, Qualifier="live")["Version"] == "1"


def test_a_lost_answer_makes_no_second_one_and_the_first_is_finished(strict: Scope, physics: Physics) -> None:
    physics.rule("CreateFunction", "lose-answer", nth=1)
    up(strict, (*NEEDS, FUNCTION))
    assert planned(strict, (*NEEDS, FUNCTION)).settled


def test_a_foreign_function_of_its_name_is_named_and_left_alone(strict: Scope) -> None:
    up(strict, NEEDS)
    role = look(strict, KINDS["role"], ROLE.name)[0].id
    code = {"ZipFile": pack(files_in(FILES / "hallo", "there")).content}
    foreign = {"FunctionName": strict.name("hello", 64), "Role": role, "Runtime": "python3.12", "Handler": "a.b"}
    strict.client("lambda").create_function(**foreign, Code=code)
    with pytest.raises(CastraError, match="there is a function strict--hello that doesn't carry its tags"):
        up(strict, (*NEEDS, FUNCTION))


def test_a_role_too_new_and_updates_under_way_are_waited_for(weather: Weather, tmp_path: Path) -> None:
    physics = weather(scale=60, hidden={"role": [60, 60]}, times={"function_active": 5, "function_updated": 4})
    scope = Scope("slow", "eu-west-1", poll_seconds=0.02)
    up(scope, (*NEEDS, FUNCTION))
    hello(tmp_path, "later")
    up(scope, (*NEEDS, but(FUNCTION, folder=str(tmp_path), memory=512)))
    outcomes = [(call.operation, call.outcome) for call in physics.writes() if call.service == "lambda"]
    assert outcomes[0] == ("CreateFunction", "InvalidParameterValueException")
    told_off = {
        outcome for operation, outcome in outcomes if operation in ("UpdateFunctionConfiguration", "PublishVersion")
    }
    assert told_off == {"ok"}, "each was awaited"
    assert planned(scope, (*NEEDS, but(FUNCTION, folder=str(tmp_path), memory=512))).settled


def test_one_that_sleeps_is_ready_and_one_that_failed_says_why_and_is_made_anew(strict: Scope) -> None:
    up(strict, (*NEEDS, FUNCTION))
    (found,) = look(strict, KIND, "hello")
    (function,) = get_backend("lambda")[strict.account]["eu-west-1"].list_functions()
    function.state = "Inactive"
    up(strict, (*NEEDS, but(FUNCTION, memory=512)))
    function.state = "Failed"
    with pytest.raises(CastraError, match="function strict--hello: it has failed"):
        KIND.ready(strict, found.id)
    (step,) = up(strict, (*NEEDS, FUNCTION)).changes
    assert (step.action, step.because) == ("replace", "has failed and will never be ready")
    assert planned(strict, (*NEEDS, FUNCTION)).settled


def test_in_a_vpc_a_strike_takes_along_what_lambda_leaves_behind(weather: Weather, tmp_path: Path) -> None:
    weather(scale=2000, times={"function_interface_free": 240, "function_interface_gone": 100_000})
    scope = Scope("placed", "eu-west-1", poll_seconds=0.05)
    network = {"cidr": "10.0.0.0/16", "zones": 2}
    parts = build(document(network=network, functions={"hello": hello(tmp_path, vpc=True)})).parts()
    up(scope, parts)
    assert len(told(scope)["VpcConfig"]["SubnetIds"]) == 2
    assert any("ec2:CreateNetworkInterface" in one["Action"] for one in policy(scope, "function-hello"))
    assert look_and_plan(scope, parts).settled
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()
    assert scope.ec2.describe_network_interfaces()["NetworkInterfaces"] == []


def test_code_changed_by_hand_is_told_and_sent_again(strict: Scope) -> None:
    up(strict, (*NEEDS, FUNCTION))
    (found,) = look(strict, KIND, "hello")
    change_function(strict, found.id)
    plan = up(strict, (*NEEDS, FUNCTION))
    (step,) = plan.changes
    assert {change.field for change in step.changes} == {"code", "environment", "memory", "concurrency", "live"}
    assert told(strict, Qualifier="live")["CodeSha256"] == pack(files_in(FILES / "hello", "there")).sha256


def test_from_a_zip_to_an_image_it_is_replaced_when_that_is_allowed(strict: Scope) -> None:
    up(strict, (*NEEDS, FUNCTION))
    image = but(FUNCTION, folder=None, content=None, handler=None, runtime=None, image=IMAGE)
    with pytest.raises(NeedsReplacing, match="--replace function/hello"):
        planned(strict, (*NEEDS, image))
    up(strict, (*NEEDS, image), replace=["function/hello"])
    assert planned(strict, (*NEEDS, image)).settled
    assert strict.client("lambda").get_function(FunctionName="strict--hello")["Code"]["ImageUri"] == IMAGE
    newer = but(image, image=IMAGE.replace(":1", ":2"))
    up(strict, (*NEEDS, newer))
    assert planned(strict, (*NEEDS, newer)).settled
