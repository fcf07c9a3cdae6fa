"""An environment in the account's default VPC, which stays AWS's: found, never owned, changed or removed."""

from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.firewalls import SecurityGroup
from blueprints.network import Subnet
from blueprints.part import Lookup
from blueprints.reading import build
from tasks.errors import Invalid
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.tasks.rows.compute import NEWEST


def document(network: dict[str, Any] | None = None, **sections: Any) -> dict[str, Any]:
    return {"name": "e", "region": "eu-west-1", "network": {"default": True} | (network or {}), **sections}


def web(placement: str = "public") -> Environment:
    return build(
        document(
            {"endpoints": ["ssm"], "flow_logs": {"to": "/vpc/default"}},
            balancers={
                "front": {"public": True, "listeners": [{"port": 80, "to": "app"}]},
                "inner": {"listeners": [{"port": 80, "to": "app"}]},
            },
            servers={
                "app": {
                    "image": {"ssm": NEWEST.removeprefix("ssm:")},
                    "port": 80,
                    "placement": placement,
                    "scaling": {"target_cpu": 50},
                }
            },
        )
    )


def vpc_of(scope: Scope) -> str:
    (vpc,) = scope.ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"]
    return str(vpc["VpcId"])


def photograph(scope: Scope) -> dict[str, Any]:
    """Everything that AWS itself put into the default VPC, as AWS tells it; free addresses aside, which come and go."""
    id = vpc_of(scope)
    within = [{"Name": "vpc-id", "Values": [id]}]
    attached = [{"Name": "attachment.vpc-id", "Values": [id]}]
    shown = {
        "vpc": scope.ec2.describe_vpcs(VpcIds=[id])["Vpcs"],
        "subnets": scope.ec2.describe_subnets(Filters=within)["Subnets"],
        "tables": scope.ec2.describe_route_tables(Filters=within)["RouteTables"],
        "gateways": scope.ec2.describe_internet_gateways(Filters=attached)["InternetGateways"],
        "groups": scope.ec2.describe_security_groups(Filters=[*within, {"Name": "group-name", "Values": ["default"]}])[
            "SecurityGroups"
        ],
        "lists": scope.ec2.describe_network_acls(Filters=within)["NetworkAcls"],
    }
    for subnet in shown["subnets"]:
        del subnet["AvailableIpAddressCount"]
    return shown


def default_subnets(scope: Scope) -> dict[str, str]:
    subnets = scope.ec2.describe_subnets(Filters=[{"Name": "default-for-az", "Values": ["true"]}])["Subnets"]
    return {subnet["AvailabilityZone"]: subnet["SubnetId"] for subnet in subnets}


def lose_subnet(scope: Scope, zone: str) -> None:
    scope.ec2.delete_subnet(SubnetId=default_subnets(scope)[zone])


def lose_vpc(scope: Scope) -> None:
    for zone in default_subnets(scope):
        lose_subnet(scope, zone)
    scope.ec2.delete_vpc(VpcId=vpc_of(scope))


def test_nothing_of_the_network_is_a_part() -> None:
    kinds = {part.kind for part in web().parts()}
    assert not kinds & {"vpc", "subnet", "internet-gateway", "route-table", "nat-gateway", "address"}


def test_all_stands_in_its_subnets_and_raising_again_writes_nothing(strict: Scope) -> None:
    parts = web().parts()
    raise_all(strict, parts)
    subnets = default_subnets(strict)
    wanted = {subnets["eu-west-1a"], subnets["eu-west-1b"]}
    for balancer in strict.elbv2.describe_load_balancers()["LoadBalancers"]:
        assert balancer["VpcId"] == vpc_of(strict)
        assert {zone["SubnetId"] for zone in balancer["AvailabilityZones"]} == wanted
    (group,) = strict.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert set(group["VPCZoneIdentifier"].split(",")) == wanted
    (endpoint,) = strict.ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert set(endpoint["SubnetIds"]) == wanted
    before = strict.calls.summary()["write"]
    assert raise_all(strict, parts).settled
    assert strict.calls.summary()["write"] == before


def test_neither_raising_nor_striking_changes_it(strict: Scope) -> None:
    before = photograph(strict)
    raise_all(strict, web().parts())
    assert photograph(strict) == before
    raise_all(strict, ())
    assert look_and_plan(strict, ()).steps == ()
    assert photograph(strict) == before
    groups = strict.ec2.describe_security_groups(Filters=[{"Name": "vpc-id", "Values": [vpc_of(strict)]}])
    assert [group["GroupName"] for group in groups["SecurityGroups"]] == ["default"]


def test_no_call_that_writes_names_it_but_to_put_something_of_ours_into_it(physics: Any, strict: Scope) -> None:
    raise_all(strict, web().parts())
    raise_all(strict, ())
    its_own = {"Vpc", "Subnet", "RouteTable", "Route", "InternetGateway", "NetworkAcl"}
    touched = {call.name.partition(":")[2] for call in physics.writes()}
    verbs = ("Create", "Delete", "Modify", "Attach", "Detach", "Associate", "Replace")
    assert not touched & {f"{verb}{noun}" for verb in verbs for noun in its_own}
    assert not touched & {"ModifyVpcAttribute", "ModifySubnetAttribute", "AssociateRouteTable"}


def test_two_environments_stand_in_it_side_by_side_and_one_goes_alone(strict: Scope) -> None:
    other = Scope("other", "eu-west-1", poll_seconds=0.05)
    network = document({"flow_logs": {"to": "/vpc/one"}, "endpoints": [{"service": "logs", "private_dns": False}]})
    raise_all(strict, build(network).parts())
    network["network"]["flow_logs"] = {"to": "/vpc/other"}
    raise_all(other, build(network).parts())
    raise_all(strict, ())
    assert look_and_plan(other, build(network).parts()).settled


def test_an_account_without_one_is_told_so_with_the_way_out_and_nothing_is_written(strict: Scope) -> None:
    lose_vpc(strict)
    before = strict.calls.summary()["write"]
    with pytest.raises(Invalid) as raised:
        look_and_plan(strict, web().parts())
    (problem,) = raised.value.problems
    assert problem.path == "network.default"
    assert "has no default VPC in eu-west-1" in problem.why
    assert "aws ec2 create-default-vpc --region eu-west-1" in problem.way_out
    assert strict.calls.summary()["write"] == before


def test_a_zone_without_a_default_subnet_is_named(strict: Scope) -> None:
    lose_subnet(strict, "eu-west-1b")
    with pytest.raises(Invalid) as raised:
        look_and_plan(strict, web().parts())
    (problem,) = raised.value.problems
    assert (problem.path, problem.why) == ("network.zones", "the default VPC has no default subnet in eu-west-1b")
    assert "create-default-subnet --availability-zone eu-west-1b" in problem.way_out


def test_an_environment_that_loses_it_is_still_struck(strict: Scope) -> None:
    """Tear-down asks for nothing by description."""
    parts = [part for part in web().parts() if part.kind in ("security-group", "firewall")]
    raise_all(strict, parts)
    lose_subnet(strict, "eu-west-1b")
    raise_all(strict, ())
    assert look_and_plan(strict, ()).steps == ()


@pytest.mark.parametrize(
    ("network", "path"),
    [
        ({"cidr": "10.0.0.0/16"}, "network.cidr"),
        ({"nat": "one"}, "network.nat"),
        ({"subnets": {"public": ["172.31.1.0/24"] * 2, "private": []}}, "network.subnets"),
        ({"dns_support": False}, "network.dns_support"),
        ({"dns_hostnames": False}, "network.dns_hostnames"),
        ({"endpoints": ["s3"]}, "network.endpoints.0"),
        ({"default": False}, "network.cidr"),
    ],
)
def test_what_would_change_it_is_refused_with_its_place_and_the_way_out(network: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(document(network))
    (problem,) = raised.value.problems
    assert problem.path == path
    assert problem.way_out


def test_servers_say_that_they_stand_in_public_subnets() -> None:
    with pytest.raises(Invalid) as raised:
        web(placement="private")
    (problem,) = raised.value.problems
    assert (problem.path, problem.why) == ("servers.app.placement", "the default VPC has public subnets only")


def test_another_mistake_in_the_section_is_told_once_and_alone() -> None:
    with pytest.raises(Invalid) as raised:
        build(document({"zones": 0}))
    assert [problem.path for problem in raised.value.problems] == ["network.zones"]


def test_a_part_takes_only_what_may_stand_there() -> None:
    group = SecurityGroup(name="a", vpc="default-vpc:")
    assert (group.lookups, group.needs) == ((Lookup("default-vpc:"),), ())
    assert SecurityGroup(name="a", vpc="vpc/main").needs == ("vpc/main",)
    for wrong in ("ssm:/vpc", "default-subnet:eu-west-1a", "subnet/a", "vpc-123"):
        with pytest.raises(ValueError, match="vpc"):
            Subnet(name="a", vpc=wrong, cidr="10.0.0.0/24", zone="eu-west-1a")
