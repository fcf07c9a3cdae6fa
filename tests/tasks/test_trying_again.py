"""A step that is tried again looks for what the try before made, patiently where it may not be seen yet."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tasks.converge import bring_about
from tasks.registry import KINDS
from tasks.retry import made_nothing
from tasks.scope import Scope
from tests.conductor import look_and_plan
from tests.physics import Physics
from tests.tasks.conftest import Weather
from tests.tasks.rows.network import VPC


def test_what_a_lost_call_made_is_found_though_it_isnt_seen_at_once(weather: Weather) -> None:
    aws = weather(hidden={"ec2": [1.5, 1.5]})
    scope = Scope("veiled", "eu-west-1", poll_seconds=0.05)
    (step,) = look_and_plan(scope, (VPC,)).steps
    aws.rule("CreateVpc", "lose-answer", nth=1)
    with pytest.raises(ConnectionClosedError) as lost:
        bring_about(KINDS["vpc"], step, scope, {})
    assert not made_nothing(lost.value)
    assert scope.ec2.describe_vpcs(Filters=scope.filters)["Vpcs"] == []
    outcome = bring_about(KINDS["vpc"], step, scope, {}, again=True)
    (vpc,) = scope.ec2.describe_vpcs(Filters=scope.filters)["Vpcs"]
    assert (vpc["VpcId"], aws.counts()["ec2:CreateVpc"]) == (outcome.id, 1)


def test_where_nothing_was_made_it_is_made_after_a_look(physics: Physics, strict: Scope) -> None:
    (step,) = look_and_plan(strict, (VPC,)).steps
    rule = physics.rule("CreateVpc", "throttle", nth=1)
    with pytest.raises(ClientError) as throttled:
        bring_about(KINDS["vpc"], step, strict, {})
    assert (rule.hits, made_nothing(throttled.value)) == (1, True)
    assert bring_about(KINDS["vpc"], step, strict, {}, again=True, seen_within=0.0).action == "create"
    assert len(strict.ec2.describe_vpcs(Filters=strict.filters)["Vpcs"]) == 1


def test_a_later_call_of_a_step_that_was_throttled_may_have_left_something() -> None:
    answer = {"Error": {"Code": "Throttling"}, "ResponseMetadata": {"RetryAttempts": 9}}
    assert not made_nothing(ClientError(answer, "ModifyVpcAttribute"))  # type: ignore[arg-type]
