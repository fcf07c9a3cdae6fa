"""What is particular to NAT gateways."""

from types import SimpleNamespace

import pytest

from tasks.errors import CastraError
from tasks.network.nat_gateway import NatGatewayKind
from tasks.registry import KINDS
from tasks.scope import Scope, as_list
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.conftest import Weather
from tests.tasks.rows.network import ADDRESS, GATEWAY, NAT, SUBNET, VPC

NEEDS = (VPC, SUBNET, GATEWAY, ADDRESS)
PARTS = (*NEEDS, NAT)


def gateways(scope: Scope) -> dict[str, str]:
    told = scope.ec2.describe_nat_gateways(Filter=scope.filters)["NatGateways"]
    return {gateway["NatGatewayId"]: gateway["State"] for gateway in told}


def made(scope: Scope) -> str:
    """The id of one that isn't waited for; what it needs must stand."""
    ids = {part.key: look(scope, KINDS[part.kind], part.name)[0].id for part in NEEDS}
    return NatGatewayKind().create(scope, NAT.name, NatGatewayKind().wanted(NAT, ids))


def test_creating_returns_at_once_and_ready_waits_until_it_is_available(weather: Weather) -> None:
    physics = weather(times={"nat_available": 90})
    scope = Scope("strict", "eu-west-1", poll_seconds=0.01)
    raise_all(scope, NEEDS)
    id = made(scope)
    step = next(step for step in look_and_plan(scope, PARTS).steps if step.part == NAT.key)
    assert (gateways(scope)[id], step.action, step.pending) == ("pending", "keep", True)
    physics.advance(91)
    NatGatewayKind().ready(scope, id)
    assert gateways(scope)[id] == "available"
    assert look_and_plan(scope, PARTS).settled


def test_deleting_returns_once_its_address_and_subnet_are_free(weather: Weather) -> None:
    weather(scale=200, times={"nat_deleted": 60})
    scope = Scope("strict", "eu-west-1", poll_seconds=0.01)
    raise_all(scope, NEEDS)
    id = made(scope)
    address = look(scope, KINDS["address"], ADDRESS.name)[0].id
    NatGatewayKind().delete(scope, id)
    assert gateways(scope)[id] == "deleted"
    scope.ec2.release_address(AllocationId=address)
    assert look(scope, KINDS["address"], ADDRESS.name) == []


def test_one_that_failed_tells_why_and_is_replaced_by_the_next_run(weather: Weather) -> None:
    weather(scale=200, times={"nat_available": 10})
    scope = Scope("strict", "eu-west-1", poll_seconds=0.01)
    raise_all(scope, NEEDS)
    internet = look(scope, KINDS["internet-gateway"], "main")[0]
    scope.ec2.detach_internet_gateway(InternetGatewayId=internet.id, VpcId=internet.state.vpc)
    id = made(scope)
    with pytest.raises(CastraError, match=r"no Internet gateway attached.*a failed one is replaced"):
        NatGatewayKind().ready(scope, id)
    plan = raise_all(scope, PARTS)
    actions = {step.part: (step.action, step.because) for step in plan.changes}
    assert actions[NAT.key] == ("replace", "has failed and will never be ready")
    assert look_and_plan(scope, PARTS).settled
    assert list(gateways(scope).values()).count("available") == 1


def test_a_lost_answer_makes_no_second_one(physics: Physics, strict: Scope) -> None:
    physics.rule("CreateNatGateway", "lose-answer", nth=1)
    raise_all(strict, PARTS)
    assert physics.counts()["ec2:CreateNatGateway"] == 2
    assert len(gateways(strict)) == 1


def test_one_that_vanished_is_made_again_with_the_same_address(strict: Scope) -> None:
    raise_all(strict, PARTS)
    old = look(strict, KINDS[NAT.kind], NAT.name)[0]
    strict.ec2.delete_nat_gateway(NatGatewayId=old.id)
    raise_all(strict, PARTS)
    new = look(strict, KINDS[NAT.kind], NAT.name)[0]
    assert new.id != old.id
    assert (new.state, new.outputs) == (old.state, old.outputs)


@pytest.mark.parametrize("state", ["deleting", "failed"])
def test_addresses_that_aws_tells_no_more_are_no_obstacle(state: str) -> None:
    tags = as_list({"castra:environment": "e", "castra:part": NAT.key})
    told = {"NatGatewayId": "nat-1", "State": state, "SubnetId": "subnet-1", "Tags": tags}
    scope = SimpleNamespace(filters=[], owns=lambda tags: True, pages=lambda *what, **how: [told])
    (found,) = NatGatewayKind().owned(scope)  # type: ignore[arg-type]
    assert (found.state.address, found.phase) == (None, {"deleting": "leaving", "failed": "failed"}[state])
