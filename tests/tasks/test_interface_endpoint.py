"""What is particular to interface endpoints, and to the policies of endpoints of both sorts."""

from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto.backends import get_backend

from blueprints.reading import build
from tasks.errors import CastraError, Invalid
from tasks.network.endpoint import policy_text
from tasks.network.interface_endpoint import InterfaceEndpointKind
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.conftest import Weather
from tests.tasks.rows.network import GROUP, INTERFACES, NOBODY_ELSES, OTHER_GROUP, OTHER_SUBNET, SUBNET, VPC, but

NEEDS = (VPC, SUBNET, OTHER_SUBNET, GROUP, OTHER_GROUP)
ALL = {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}


def network(*endpoints: Any, **more: Any) -> dict[str, Any]:
    inner = {"cidr": "10.0.0.0/16", "endpoints": list(endpoints), **more}
    return {"name": "e", "region": "eu-west-1", "network": inner}


def problems(document: dict[str, Any]) -> list[str]:
    with pytest.raises(Invalid) as raised:
        build(document)
    return [f"{problem.path}: {problem.why}" for problem in raised.value.problems]


def test_it_stands_in_every_subnet_and_group_under_the_services_own_name(strict: Scope) -> None:
    part = but(INTERFACES, service="ecr.dkr", subnets=(SUBNET.key, OTHER_SUBNET.key))
    raise_all(strict, (*NEEDS, part))
    (endpoint,) = strict.ec2.describe_vpc_endpoints(Filters=strict.filters)["VpcEndpoints"]
    assert (endpoint["ServiceName"], endpoint["VpcEndpointType"]) == ("com.amazonaws.eu-west-1.ecr.dkr", "Interface")
    (found,) = look(strict, KINDS["interface-endpoint"], "ssm")
    assert found.state.service == "ecr.dkr"
    assert found.outputs["dns_name"].startswith("vpce-")
    interfaces = strict.ec2.describe_network_interfaces(NetworkInterfaceIds=endpoint["NetworkInterfaceIds"])
    assert len(interfaces["NetworkInterfaces"]) == 2


def test_all_that_changes_goes_in_one_call(physics: Physics, strict: Scope) -> None:
    raise_all(strict, (*NEEDS, INTERFACES))
    physics.log.clear()
    moved = but(INTERFACES, subnets=(OTHER_SUBNET.key,), groups=(OTHER_GROUP.key,), private_dns=False, policy=None)
    raise_all(strict, (*NEEDS, moved))
    assert physics.counts()["ec2:ModifyVpcEndpoint"] == 1
    assert look_and_plan(strict, (*NEEDS, moved)).settled


def test_raised_and_struck_in_slow_weather_it_is_awaited_and_leaves_subnets_and_groups_free(weather: Weather) -> None:
    weather(scale=200, times={"endpoint_available": 90, "endpoint_deleted": 60})
    scope = Scope("slow", "eu-west-1", poll_seconds=0.05)
    raise_all(scope, (*NEEDS, INTERFACES))
    assert look(scope, KINDS["interface-endpoint"], "ssm")[0].phase == "standing"
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()


def test_until_it_is_gone_its_interfaces_hold_its_group_and_its_subnet(weather: Weather) -> None:
    physics = weather(times={"endpoint_deleted": 60})
    scope = Scope("held", "eu-west-1", poll_seconds=0.05)
    raise_all(scope, (*NEEDS, INTERFACES))
    (found,) = look(scope, KINDS["interface-endpoint"], "ssm")
    scope.ec2.delete_vpc_endpoints(VpcEndpointIds=[found.id])
    (found,) = look(scope, KINDS["interface-endpoint"], "ssm")
    assert found.phase == "leaving"
    for delete, argument, id in (
        ("delete_security_group", "GroupId", found.state.groups[0]),
        ("delete_subnet", "SubnetId", found.state.subnets[0]),
    ):
        with pytest.raises(ClientError, match="DependencyViolation"):
            getattr(scope.ec2, delete)(**{argument: id})
    physics.advance(60)
    InterfaceEndpointKind().delete(scope, found.id)
    assert look(scope, KINDS["interface-endpoint"], "ssm") == []


def test_one_that_failed_is_replaced_only_after_it_is_gone(physics: Physics, strict: Scope) -> None:
    """Its private name would be in the way of the new one's."""
    raise_all(strict, (*NEEDS, INTERFACES))
    (old,) = look(strict, KINDS["interface-endpoint"], "ssm")
    (backend,) = [account["eu-west-1"] for account in get_backend("ec2").values()]
    backend.vpc_end_points[old.id].state = "failed"
    plan = raise_all(strict, (*NEEDS, INTERFACES))
    assert [(step.part, step.action) for step in plan.changes] == [("interface-endpoint/ssm", "replace")]
    assert [one.id for one in look(strict, KINDS["interface-endpoint"], "ssm")] != [old.id]


def test_a_lost_answer_makes_no_second_one(physics: Physics, strict: Scope) -> None:
    physics.rule("CreateVpcEndpoint", "lose-answer", nth=1)
    raise_all(strict, (*NEEDS, INTERFACES))
    assert len(look(strict, KINDS["interface-endpoint"], "ssm")) == 1


@pytest.mark.parametrize("version", [{}, {"Version": "2008-10-17"}, {"Version": "2012-10-17"}])
def test_whatever_allows_everything_to_everybody_is_awss_default(version: dict[str, str]) -> None:
    assert policy_text(version | {"Statement": [ALL]}) is None
    assert policy_text(version | {"Statement": ALL | {"Principal": {"AWS": "*"}}}) is None
    assert policy_text(version | {"Statement": [ALL | {"Effect": "Deny"}]}) is not None


def test_a_policy_taken_back_is_awss_default_again_for_both_sorts(strict: Scope) -> None:
    limited = [{"service": "s3", "policy": NOBODY_ELSES}, {"service": "logs", "policy": NOBODY_ELSES}]
    raise_all(strict, build(network(*limited)).parts())
    plan = raise_all(strict, build(network("s3", "logs")).parts())
    changed = {step.part: [change.field for change in step.changes] for step in plan.changes}
    assert changed == {"gateway-endpoint/s3": ["policy"], "interface-endpoint/logs": ["policy"]}
    assert look_and_plan(strict, build(network("s3", "logs")).parts()).settled
    for endpoint in strict.ec2.describe_vpc_endpoints(Filters=strict.filters)["VpcEndpoints"]:
        assert policy_text(endpoint["PolicyDocument"]) is None


def test_a_policy_that_aws_would_refuse_is_told_with_its_place_and_nothing_is_written(strict: Scope) -> None:
    nobody = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    for service in ("s3", "ssm"):
        parts = build(network("dynamodb", {"service": service, "policy": nobody})).parts()
        with pytest.raises(Invalid, match=r"network\.endpoints\.1\.policy\.Statement\[0\].*Principal"):
            look_and_plan(strict, parts)
    assert strict.calls.summary()["write"] == 0


def test_a_section_with_interfaces_brings_a_group_that_admits_the_vpc_by_tls_and_nobody_else() -> None:
    parts = {part.key: part for part in build(network("s3", "ssm", "ecr.dkr")).parts()}
    assert {key for key in parts if "endpoint" in key} == {
        *("gateway-endpoint/s3", "interface-endpoint/ssm", "interface-endpoint/ecr-dkr"),
        *("security-group/endpoints", "firewall/endpoints"),
    }
    (rule,) = parts["firewall/endpoints"].inbound  # type: ignore[attr-defined]
    assert (rule.ports, str(rule.peer), rule.protocol) == ((443, 443), "10.0.0.0/16", "tcp")
    assert parts["firewall/endpoints"].outbound == ()  # type: ignore[attr-defined]
    assert parts["interface-endpoint/ssm"].subnets == ("subnet/private-a", "subnet/private-b")  # type: ignore[attr-defined]


def test_a_section_with_gateways_only_brings_no_group() -> None:
    assert not [part.key for part in build(network("s3", "dynamodb")).parts() if part.kind == "security-group"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (
            network("ssm", {"service": "ssm", "private_dns": False}),
            ["network.endpoints.1: ssm is named twice, in two ways"],
        ),
        (
            network({"service": "s3", "private_dns": False}),
            ["network.endpoints.0.private_dns: s3 is reached by routes, under its usual name"],
        ),
        (
            network("ssm", dns_hostnames=False),
            [
                "network.endpoints.0.private_dns: private names need the VPC's own resolver and host names, "
                "and one of them is off"
            ],
        ),
        (
            network("com.amazonaws.eu-west-1.ssm"),
            ["network.endpoints.0.service: com.amazonaws.eu-west-1.ssm is a full name"],
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(document: dict[str, Any], told: list[str]) -> None:
    assert problems(document) == told


def test_without_private_names_the_vpc_needs_no_host_names(strict: Scope) -> None:
    document = network({"service": "ssm", "private_dns": False}, dns_hostnames=False, zones=1)
    raise_all(strict, build(document).parts())
    assert look_and_plan(strict, build(document).parts()).settled


def test_one_that_failed_is_never_called_ready(physics: Physics, strict: Scope) -> None:
    raise_all(strict, (*NEEDS, INTERFACES))
    (found,) = look(strict, KINDS["interface-endpoint"], "ssm")
    (backend,) = [account["eu-west-1"] for account in get_backend("ec2").values()]
    backend.vpc_end_points[found.id].state = "failed"
    with pytest.raises(CastraError, match="it is failed"):
        InterfaceEndpointKind().ready(strict, found.id)
