"""What is particular to route tables."""

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from blueprints.gateways import Route, RouteTable
from tasks.network.route import RouteState
from tasks.network.route_table import RouteTableKind, RouteTableState
from tasks.registry import KINDS
from tasks.scope import Scope, as_list
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.network import ADDRESS, GATEWAY, NAT, OTHER_SUBNET, SUBNET, TABLE, VPC, but

NEEDS = (VPC, SUBNET, OTHER_SUBNET, GATEWAY)
PARTS = (*NEEDS, TABLE)
LOCAL = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "Origin": "CreateRouteTable", "State": "active"}


def state_of(*routes: dict[str, Any]) -> RouteTableState:
    tags = as_list({"castra:environment": "e", "castra:part": TABLE.key})
    told = {"RouteTableId": "rtb-1", "VpcId": "vpc-1", "Routes": [LOCAL, *routes], "Associations": [], "Tags": tags}
    scope = SimpleNamespace(filters=[], pages=lambda *what, **how: [told])
    (found,) = RouteTableKind().owned(scope)  # type: ignore[arg-type]
    return found.state


def route(target: dict[str, str], destination: str = "0.0.0.0/0", **more: str) -> dict[str, str]:
    return {"DestinationCidrBlock": destination, "Origin": "CreateRoute", "State": "active", **target, **more}


def calls(physics: Physics) -> list[str]:
    return [call.operation for call in physics.writes()]


def test_a_route_whose_target_is_gone_is_a_difference() -> None:
    state = state_of(route({"NatGatewayId": "nat-1"}, State="blackhole"))
    assert state.routes == (RouteState(destination="0.0.0.0/0", target="nat-1", active=False),)


@pytest.mark.parametrize(
    "by_aws",
    [
        {"DestinationPrefixListId": "pl-1", "GatewayId": "vpce-1", "Origin": "CreateRoute", "State": "active"},
        route({"GatewayId": "vgw-1"}, "172.16.0.0/12", Origin="EnableVgwRoutePropagation"),
    ],
    ids=["of a gateway endpoint", "propagated"],
)
def test_routes_that_aws_makes_are_not_ours(by_aws: dict[str, str]) -> None:
    assert state_of(by_aws).routes == ()


@pytest.mark.parametrize(
    ("by_hand", "destination", "target"),
    [
        (
            route({"InstanceId": "i-1", "InstanceOwnerId": "1", "NetworkInterfaceId": "eni-1"}),
            "0.0.0.0/0",
            ("i-1", "eni-1"),
        ),
        (route({"VpcPeeringConnectionId": "pcx-1"}, "172.16.0.0/12"), "172.16.0.0/12", ("pcx-1",)),
        (
            {"DestinationPrefixListId": "pl-1", "GatewayId": "igw-1", "Origin": "CreateRoute", "State": "active"},
            "pl-1",
            ("igw-1",),
        ),
        (
            {"DestinationIpv6CidrBlock": "2001:DB8::/32", "GatewayId": "igw-1", "Origin": "CreateRoute", "State": "x"},
            "2001:db8::/32",
            ("igw-1",),
        ),
    ],
)
def test_routes_made_by_hand_are_seen_whatever_they_lead_to(
    by_hand: dict[str, str], destination: str, target: tuple[str, ...]
) -> None:
    (seen,) = state_of(by_hand).routes
    assert seen.destination == destination
    assert seen.target in target


def test_a_subnet_of_another_table_is_moved_over_in_one_call(physics: Physics, strict: Scope) -> None:
    other = RouteTable(name="other", vpc="vpc/main")
    raise_all(strict, (*PARTS, other))
    physics.log.clear()
    moved = (but(TABLE, subnets=()), but(other, subnets=TABLE.subnets))
    raise_all(strict, (*NEEDS, *reversed(moved)))
    assert "ReplaceRouteTableAssociation" in calls(physics)
    assert "DisassociateRouteTable" not in calls(physics)
    assert look_and_plan(strict, (*NEEDS, *moved)).settled


def test_a_changed_target_is_replaced_without_a_gap(physics: Physics, strict: Scope) -> None:
    raise_all(strict, (*PARTS, ADDRESS, NAT))
    physics.log.clear()
    through_nat = (Route(destination="0.0.0.0/0", target="nat-gateway/a"), TABLE.routes[1])
    raise_all(strict, (*NEEDS, ADDRESS, NAT, but(TABLE, routes=through_nat)))
    assert [call for call in calls(physics) if "Route" in call] == ["ReplaceRoute"]


def test_what_a_crash_left_half_done_is_finished_by_the_next_run(physics: Physics, strict: Scope) -> None:
    physics.rule("CreateRoute", "error:InvalidParameterValue", nth=2)
    with pytest.raises(ClientError):
        raise_all(strict, PARTS)
    (half,) = look(strict, KINDS[TABLE.kind], TABLE.name)
    assert (len(half.state.routes), half.state.subnets, half.fingerprint) == (1, (), None)
    raise_all(strict, PARTS)
    (whole,) = look(strict, KINDS[TABLE.kind], TABLE.name)
    assert (whole.id, whole.fingerprint) == (half.id, whole.state.fingerprint)
    assert look_and_plan(strict, PARTS).settled


@pytest.mark.parametrize("call", ["CreateRouteTable", "CreateRoute"])
def test_a_lost_answer_makes_no_second_one_and_no_error(physics: Physics, strict: Scope, call: str) -> None:
    physics.rule(call, "lose-answer", nth=1)
    raise_all(strict, PARTS)
    assert len(look(strict, KINDS[TABLE.kind], TABLE.name)) == 1
    assert look_and_plan(strict, PARTS).settled


def test_a_table_still_in_use_by_its_subnets_is_deleted_all_the_same(strict: Scope) -> None:
    raise_all(strict, PARTS)
    raise_all(strict, NEEDS)
    assert look(strict, KINDS[TABLE.kind], TABLE.name) == []
    assert look_and_plan(strict, NEEDS).settled
