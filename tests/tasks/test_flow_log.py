"""What is particular to flow logs."""

from typing import Any

import pytest

from blueprints.flow_logs import FlowLog
from blueprints.reading import build
from tasks.errors import CastraError, Invalid
from tasks.network.flow_log import USUAL, FlowLogKind
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.network import FLOW_LOG, VPC, WRITER, but

KIND = KINDS["flow-log"]
BUCKET = "arn:aws:s3:::our-logs"
GROUP = "arn:aws:logs:eu-west-1:123456789012:log-group:/vpc/web:*"
IDS = {"vpc/main": "vpc-1", "role/writer": "arn:aws:iam::123456789012:role/castra/e/r/writer/w"}


def network(**flow_logs: Any) -> dict[str, Any]:
    return {"name": "e", "region": "eu-west-1", "network": {"cidr": "10.0.0.0/16", "flow_logs": flow_logs}}


def raw(scope: Scope) -> dict[str, Any]:
    (log,) = scope.ec2.describe_flow_logs(Filter=scope.filters)["FlowLogs"]
    return dict(log)


def test_into_a_bucket_it_needs_no_role_and_reads_back_as_wanted(strict: Scope) -> None:
    strict.client("s3").create_bucket(Bucket="our-logs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    parts = build(network(to=f"{BUCKET}/", traffic="reject", interval=60)).parts()
    assert not [part.key for part in parts if part.kind == "role"]
    raise_all(strict, parts)
    log = raw(strict)
    told = {key: log.get(key) for key in ("LogDestinationType", "LogDestination", "TrafficType", "LogFormat")}
    assert told == {
        "LogDestinationType": "s3",
        "LogDestination": BUCKET,
        "TrafficType": "REJECT",
        "LogFormat": USUAL,
    }
    assert look_and_plan(strict, parts).settled


def test_into_a_log_group_without_a_role_one_is_made_that_the_service_may_assume(strict: Scope) -> None:
    parts = build(network(to=GROUP)).parts()
    raise_all(strict, parts)
    (role,) = look(strict, KINDS["role"], "vpc-flow-logs")
    log = raw(strict)
    assert (log["LogGroupName"], log["DeliverLogsPermissionArn"]) == ("/vpc/web", role.id)
    assert "vpc-flow-logs.amazonaws.com" in role.state.trust
    assert look_and_plan(strict, parts).settled
    raise_all(strict, ())
    assert look_and_plan(strict, ()).steps == ()


def test_a_role_that_is_named_is_used_and_none_is_made() -> None:
    parts = {part.key: part for part in build(network(to="/vpc/web", role="arn:aws:iam::123456789012:role/w")).parts()}
    assert "role/vpc-flow-logs" not in parts
    assert parts["flow-log/main"].role == "arn:aws:iam::123456789012:role/w"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("to", "same"),
    [
        ("/vpc/web", GROUP),
        (GROUP, GROUP.removesuffix(":*")),
        (f"{BUCKET}/web", f"{BUCKET}/web/"),
    ],
)
def test_ways_to_write_one_destination_are_one_state(to: str, same: str) -> None:
    role = None if to.startswith(BUCKET) else "role/writer"
    one, other = (FlowLog(name="main", vpc="vpc/main", to=each, role=role) for each in (to, same))
    assert KIND.wanted(one, IDS) == KIND.wanted(other, IDS)


def test_any_change_replaces_it_and_the_old_one_goes_first(physics: Physics, strict: Scope) -> None:
    """AWS refuses a second one from one VPC to one place."""
    raise_all(strict, (VPC, WRITER, FLOW_LOG))
    physics.log.clear()
    plan = raise_all(strict, (VPC, WRITER, but(FLOW_LOG, interval=600)))
    assert [(step.part, step.action) for step in plan.changes] == [("flow-log/main", "replace")]
    logs = [call.name for call in physics.writes() if "FlowLogs" in call.name]
    assert logs == ["ec2:DeleteFlowLogs", "ec2:CreateFlowLogs"]


def test_a_lost_answer_makes_no_second_one(physics: Physics, strict: Scope) -> None:
    physics.rule("CreateFlowLogs", "lose-answer", nth=1)
    raise_all(strict, (VPC, WRITER, FLOW_LOG))
    assert raw(strict)["LogGroupName"] == "/vpc/web"


def test_a_refusal_told_in_the_answer_is_an_error_with_its_reason(strict: Scope) -> None:
    parts = (VPC, FlowLog(name="main", vpc="vpc/main", to="arn:aws:s3:::nobodys-bucket"))
    with pytest.raises(CastraError, match="flow-log/main: LogDestination: nobodys-bucket does not exist"):
        raise_all(strict, parts)
    assert look(strict, KIND, "main") == []


def test_what_cannot_be_delivered_is_told_as_an_output(strict: Scope) -> None:
    """The log group doesn't exist in this AWS, and nothing makes it."""
    raise_all(strict, (VPC, WRITER, FLOW_LOG))
    (found,) = look(strict, KIND, "main")
    assert (found.phase, found.outputs) == ("standing", {"trouble": "Access error"})
    strict.client("logs").create_log_group(logGroupName="/vpc/well")
    raise_all(strict, (VPC, WRITER, but(FLOW_LOG, to="/vpc/well")))
    (found,) = look(strict, KIND, "main")
    assert found.outputs == {}


def test_deleting_what_somebody_else_deleted_is_fine(strict: Scope) -> None:
    raise_all(strict, (VPC, WRITER, FLOW_LOG))
    (found,) = look(strict, KIND, "main")
    strict.ec2.delete_flow_logs(FlowLogIds=[found.id])
    FlowLogKind().delete(strict, found.id)
    assert look(strict, KIND, "main") == []


@pytest.mark.parametrize(
    ("flow_logs", "told"),
    [
        (
            {"to": BUCKET, "role": "arn:aws:iam::123456789012:role/w"},
            "network.flow_logs.role: a bucket needs none: AWS writes by the bucket's own policy. Leave it out.",
        ),
        (
            {"to": GROUP.replace("eu-west-1", "us-east-1")},
            "network.flow_logs.to: the log group is in us-east-1. Name one in eu-west-1, or a bucket.",
        ),
        ({"to": "arn:aws:sqs:eu-west-1:123456789012:queue"}, "network.flow_logs.to: "),
        ({"to": BUCKET, "interval": 30}, "network.flow_logs.interval: "),
        ({"to": BUCKET, "format": "srcaddr dstaddr"}, "network.flow_logs.format: "),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(flow_logs: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(network(**flow_logs))
    (problem,) = raised.value.problems
    assert str(problem).startswith(told)


@pytest.mark.parametrize("fields", [{"to": BUCKET, "role": "role/writer"}, {"to": "/vpc/web"}])
def test_a_part_says_whether_a_role_is_needed(fields: dict[str, str]) -> None:
    with pytest.raises(ValueError, match="role"):
        FlowLog(name="main", vpc="vpc/main", **fields)
