"""What is particular to internet gateways."""

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError

from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.network import ADDRESS, GATEWAY, NAT, SUBNET, VPC


def gateways(scope: Scope) -> list[dict]:
    return scope.ec2.describe_internet_gateways(Filters=scope.filters)["InternetGateways"]


def test_one_that_was_made_but_not_attached_is_attached_by_the_next_run(physics: Physics, strict: Scope) -> None:
    physics.rule("AttachInternetGateway", "error:InvalidParameterValue", nth=1)
    with pytest.raises(ClientError):
        raise_all(strict, (VPC, GATEWAY))
    assert [gateway["Attachments"] for gateway in gateways(strict)] == [[]]
    plan = raise_all(strict, (VPC, GATEWAY))
    assert [(step.part, step.action) for step in plan.changes] == [(GATEWAY.key, "update")]
    assert [len(gateway["Attachments"]) for gateway in gateways(strict)] == [1]
    assert look_and_plan(strict, (VPC, GATEWAY)).settled


@pytest.mark.parametrize("call", ["CreateInternetGateway", "AttachInternetGateway"])
def test_a_lost_answer_makes_no_second_one(physics: Physics, strict: Scope, call: str) -> None:
    physics.rule(call, "lose-answer", nth=1)
    with pytest.raises(ConnectionClosedError):
        raise_all(strict, (VPC, GATEWAY))
    raise_all(strict, (VPC, GATEWAY))
    assert len(gateways(strict)) == 1
    assert look_and_plan(strict, (VPC, GATEWAY)).settled


def test_detaching_waits_until_public_addresses_are_gone(physics: Physics, strict: Scope) -> None:
    raise_all(strict, (VPC, GATEWAY))
    physics.rule("DetachInternetGateway", "error:DependencyViolation", nth=1)
    raise_all(strict, (VPC,))
    assert physics.counts()["ec2:DetachInternetGateway"] == 2
    assert gateways(strict) == []


def test_striking_removes_nat_gateways_first(strict: Scope) -> None:
    raise_all(strict, (VPC, SUBNET, GATEWAY, ADDRESS, NAT))
    removals = {removal.part: removal for removal in look_and_plan(strict, ()).removals}
    assert removals[NAT.key].label in removals[GATEWAY.key].after
    raise_all(strict, ())
    assert look_and_plan(strict, ()).steps == ()
