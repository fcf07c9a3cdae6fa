"""What is wrong in a network is named: ACLs that deny, routes that are gone or lead nowhere, zones left out."""

import pytest

from blueprints.reading import build
from tests.conductor import raise_all
from tests.physics import Physics
from tests.tasks.diagnosing.conftest import REGION, Standing


def deny(web: Standing, subnet: str, port: int, *, egress: bool) -> str:
    """Put a network ACL before a subnet that denies a port and lets all else through; gives the ACL's id."""
    ec2, ids = web.client("ec2"), web.ids()
    acl: str = ec2.create_network_acl(VpcId=ids["vpc/main"])["NetworkAcl"]["NetworkAclId"]
    common = {"NetworkAclId": acl, "CidrBlock": "0.0.0.0/0"}
    for out in (True, False):
        ec2.create_network_acl_entry(**common, RuleNumber=100, Protocol="-1", RuleAction="allow", Egress=out)
    ports = {"From": port, "To": port}
    ec2.create_network_acl_entry(
        **common, RuleNumber=50, Protocol="6", RuleAction="deny", Egress=egress, PortRange=ports
    )
    put(web, subnet, acl)
    return acl


def put(web: Standing, subnet: str, acl: str) -> None:
    """Give a subnet this ACL."""
    ec2, id = web.client("ec2"), web.ids()[subnet]
    (had,) = ec2.describe_network_acls(Filters=[{"Name": "association.subnet-id", "Values": [id]}])["NetworkAcls"]
    (link,) = [one["NetworkAclAssociationId"] for one in had["Associations"] if one["SubnetId"] == id]
    ec2.replace_network_acl_association(AssociationId=link, NetworkAclId=acl)


def usual(web: Standing) -> str:
    """The VPC's own ACL."""
    filters = [{"Name": "vpc-id", "Values": [web.ids()["vpc/main"]]}, {"Name": "default", "Values": ["true"]}]
    return str(web.client("ec2").describe_network_acls(Filters=filters)["NetworkAcls"][0]["NetworkAclId"])


@pytest.mark.breaks("acl-denies")
def test_an_acl_that_denies_is_named_with_its_rule_and_explains_the_targets_that_time_out(web: Standing) -> None:
    acl = deny(web, "subnet/private-a", 8080, egress=False)
    found = web.only("acl-denies", "subnet/private-a", "network")
    assert f"network ACL {acl}" in found.why
    assert "rule 50 denies tcp on port 8080 from 10.20." in found.why
    put(web, "subnet/private-a", usual(web))
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("acl-denies")
def test_an_acl_that_keeps_visitors_out_or_answers_in_is_named(web: Standing) -> None:
    deny(web, "subnet/public-b", 80, egress=False)
    (found,) = web.diagnosis().findings
    assert (found.cause, found.part) == ("acl-denies", "subnet/public-b")
    assert "denies tcp on port 80 from anywhere" in found.why
    ec2, ids = web.client("ec2"), web.ids()
    empty = ec2.create_network_acl(VpcId=ids["vpc/main"])["NetworkAcl"]["NetworkAclId"]
    put(web, "subnet/public-b", empty)
    assert {cause for cause, *_ in web.told()} == {"acl-denies"}
    assert "no rule that allows it" in web.diagnosis().findings[0].why
    put(web, "subnet/public-b", usual(web))
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("no-way-to-the-internet")
def test_a_route_to_the_internet_that_is_gone_is_named(web: Standing) -> None:
    ec2, ids = web.client("ec2"), web.ids()
    ec2.delete_route(RouteTableId=ids["route-table/public"], DestinationCidrBlock="0.0.0.0/0")
    ec2.delete_route(RouteTableId=ids["route-table/private-b"], DestinationCidrBlock="0.0.0.0/0")
    assert sorted(web.told()) == [
        ("no-way-to-the-internet", "route-table/private-b", "network.nat"),
        ("no-way-to-the-internet", "route-table/public", "network"),
    ]
    web.mend()
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("route-leads-nowhere")
def test_a_nat_gateway_that_is_gone_leaves_routes_that_lead_nowhere(web: Standing) -> None:
    web.client("ec2").delete_nat_gateway(NatGatewayId=web.ids()["nat-gateway/a"])
    assert {(cause, place) for cause, _, place in web.told()} == {("route-leads-nowhere", "network.nat")}
    web.mend()
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("subnet-without-routes")
def test_a_subnet_without_routes_is_named(web: Standing) -> None:
    ec2, ids = web.client("ec2"), web.ids()
    tables = ec2.describe_route_tables(RouteTableIds=[ids["route-table/private-c"]])["RouteTables"]
    ec2.disassociate_route_table(AssociationId=tables[0]["Associations"][0]["RouteTableAssociationId"])
    assert web.told() == [("subnet-without-routes", "subnet/private-c", "network")]
    web.mend()
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("zone-without-balancer")
def test_servers_in_a_zone_that_the_balancer_left_are_named(web: Standing) -> None:
    elb, ids = web.client("elbv2"), web.ids()
    machine = web.client("ec2").describe_instances(InstanceIds=web.machines("app")[:1])["Reservations"][0]["Instances"][
        0
    ]
    zone = machine["Placement"]["AvailabilityZone"]
    stay = [ids[f"subnet/public-{letter}"] for letter in "abc" if letter != zone[-1]]
    elb.set_subnets(LoadBalancerArn=ids["load-balancer/front"], Subnets=stay)
    told = web.diagnosis().findings
    assert {(one.cause, one.part, one.place) for one in told} == {
        ("zone-without-balancer", "load-balancer/front", "balancers.front")
    }
    assert all(zone in one.why for one in told)
    web.mend()
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("no-listener")
def test_a_balancer_without_a_listener_is_named(web: Standing) -> None:
    web.client("elbv2").delete_listener(ListenerArn=web.ids()["listener/front-80"])
    assert web.told() == [("no-listener", "load-balancer/front", "balancers.front.listeners")]
    web.mend()
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("no-servers-behind")
def test_a_target_group_that_nobody_serves_is_named(web: Standing) -> None:
    group = web.ids()["target-group/front-api"]
    web.client("autoscaling").detach_load_balancer_target_groups(
        AutoScalingGroupName=web.ids()["scaling-group/api"], TargetGroupARNs=[group]
    )
    assert web.told() == [("no-servers-behind", "target-group/front-api", "servers")]
    web.mend()
    assert web.told() == []


@pytest.mark.breaks("internet-gateway-detached")
def test_an_internet_gateway_that_is_detached_is_named_and_its_routes_arent(aws: Physics) -> None:
    """AWS lets nobody detach it while anything in the VPC has a public address: here, nothing has."""
    network = {"cidr": "10.90.0.0/16", "zones": 2, "nat": "none"}
    bare = Standing(build({"name": "bare", "region": REGION, "network": network}))
    assert bare.told() == []
    ids = bare.ids()
    bare.client("ec2").detach_internet_gateway(InternetGatewayId=ids["internet-gateway/main"], VpcId=ids["vpc/main"])
    found = bare.only("internet-gateway-detached", "internet-gateway/main", "network")
    assert "castra up FILE" in found.fix
    bare.mend()
    assert bare.told() == []
    raise_all(bare.scope, ())


@pytest.mark.thorough
@pytest.mark.breaks("acl-denies")
@pytest.mark.parametrize(
    ("subnet", "port", "egress", "words"),
    [
        ("subnet/public-a", 8080, True, "denies tcp on port 8080 to 10.20."),
        ("subnet/private-a", 32768, True, "denies answers on ports from 32768 on to 10.20."),
        ("subnet/public-a", 32768, False, "denies answers on ports from 32768 on from 10.20."),
        ("subnet/public-a", 443, True, "denies tcp on port 443 to anywhere"),
    ],
    ids=["requests out", "answers out", "answers in", "fetching by the NAT gateway"],
)
def test_an_acl_is_named_whichever_way_it_denies(
    web: Standing, subnet: str, port: int, egress: bool, words: str
) -> None:
    acl = deny(web, subnet, port, egress=egress)
    found = web.diagnosis().findings
    assert {(one.cause, one.part, one.place) for one in found} == {("acl-denies", subnet, "network")}
    assert all(acl in one.why for one in found)
    assert any(words in one.why for one in found), [one.why for one in found]
    put(web, subnet, usual(web))
    assert web.told() == []
