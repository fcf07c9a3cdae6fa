"""What is particular to gateway endpoints."""

from types import SimpleNamespace

import pytest

from tasks.errors import CastraError
from tasks.network.gateway_endpoint import GatewayEndpointKind
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.network import ENDPOINT, GATEWAY, OTHER_TABLE, SUBNET, TABLE, VPC, but

NEEDS = (VPC, SUBNET, GATEWAY, TABLE, OTHER_TABLE)


def test_it_is_made_for_the_service_of_its_region_in_every_table(strict: Scope) -> None:
    raise_all(strict, (*NEEDS, ENDPOINT))
    (endpoint,) = strict.ec2.describe_vpc_endpoints(Filters=strict.filters)["VpcEndpoints"]
    assert (endpoint["ServiceName"], endpoint["VpcEndpointType"]) == ("com.amazonaws.eu-west-1.s3", "Gateway")
    tables = strict.ec2.describe_route_tables(Filters=strict.filters)["RouteTables"]
    through = [route for table in tables for route in table["Routes"] if route.get("GatewayId", "").startswith("vpce-")]
    assert len(through) == len(endpoint["RouteTableIds"]) == 2


def test_tables_are_added_and_removed_in_one_call(physics: Physics, strict: Scope) -> None:
    one, other = (but(ENDPOINT, route_tables=(table.key,)) for table in (TABLE, OTHER_TABLE))
    raise_all(strict, (*NEEDS, one))
    physics.log.clear()
    raise_all(strict, (*NEEDS, other))
    assert physics.counts()["ec2:ModifyVpcEndpoint"] == 1
    assert look_and_plan(strict, (*NEEDS, other)).settled


def test_a_lost_answer_makes_no_second_one(physics: Physics, strict: Scope) -> None:
    physics.rule("CreateVpcEndpoint", "lose-answer", nth=1)
    raise_all(strict, (*NEEDS, ENDPOINT))
    assert len(look(strict, KINDS[ENDPOINT.kind], ENDPOINT.name)) == 1


def test_a_refusal_told_in_the_answer_of_a_delete_is_an_error() -> None:
    refusal = {"ResourceId": "vpce-1", "Error": {"Code": "OperationNotPermitted", "Message": "it's somebody's"}}
    ec2 = SimpleNamespace(
        describe_vpc_endpoints=lambda **_: {"VpcEndpoints": [{"State": "available"}]},
        delete_vpc_endpoints=lambda **_: {"Unsuccessful": [refusal]},
    )
    with pytest.raises(CastraError, match="can't be deleted: it's somebody's"):
        GatewayEndpointKind().delete(SimpleNamespace(ec2=ec2), "vpce-1")  # type: ignore[arg-type]


def test_deleting_returns_only_once_it_is_gone() -> None:
    states = iter(["Available", "Deleting", "Deleting", "deleted"])
    ec2 = SimpleNamespace(
        describe_vpc_endpoints=lambda **_: {"VpcEndpoints": [{"State": next(states)}]},
        delete_vpc_endpoints=lambda **_: {"Unsuccessful": []},
    )
    GatewayEndpointKind().delete(SimpleNamespace(ec2=ec2, poll_seconds=0), "vpce-1")  # type: ignore[arg-type]
    assert list(states) == []


def test_one_that_failed_is_never_called_ready() -> None:
    states = iter(["pending", "failed", "failed"])
    ec2 = SimpleNamespace(describe_vpc_endpoints=lambda **_: {"VpcEndpoints": [{"State": next(states)}]})
    with pytest.raises(CastraError, match="it is failed"):
        GatewayEndpointKind().ready(SimpleNamespace(ec2=ec2, poll_seconds=0), "vpce-1")  # type: ignore[arg-type]
