"""What was made, read back by AWS's own command line: a client that nobody here has written."""

import base64
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tests.flows.shell import LIMIT
from tests.flows.world import REGION, WEB, ids, web
from tests.physics import Physics

AWS = Path(sys.executable).parent / "aws"
NAME = "read-back"


def read(*words: str) -> Any:
    """Run `aws` to its end; what it answered. `--query` is JMESPath."""
    command = [str(AWS), *words, "--region", REGION, "--output", "json"]
    env = {**os.environ, "AWS_PAGER": ""}
    run = subprocess.run(command, env=env, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module")
def made(aws: Physics, prefect: str) -> Iterator[dict[str, str]]:
    """The example, raised: each part's id."""
    spin_up(web(NAME))
    yield ids(NAME)
    tear_down(NAME, REGION)


def tags_of(resource: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource["Tags"]}


def test_the_vpc_has_the_blueprints_addresses_and_the_tags_that_identify_it(made: dict[str, str]) -> None:
    mine = f"Name=tag:castra:environment,Values={NAME}"
    (vpc,) = read("ec2", "describe-vpcs", "--filters", mine, "--query", "Vpcs[]")
    assert (vpc["VpcId"], vpc["CidrBlock"]) == (made["vpc/main"], "10.20.0.0/16")
    tags = tags_of(vpc)
    assert (tags["castra:part"], tags["owner"]) == ("vpc/main", "web-team")
    asked = ("--vpc-id", vpc["VpcId"], "--attribute", "enableDnsHostnames", "--query", "EnableDnsHostnames.Value")
    assert read("ec2", "describe-vpc-attribute", *asked) is True


def test_each_zone_has_a_public_and_a_private_subnet(made: dict[str, str]) -> None:
    vpc = f"Name=vpc-id,Values={made['vpc/main']}"
    found = read("ec2", "describe-subnets", "--filters", vpc, "--query", "Subnets[]")
    network = web(NAME).network
    assert network is not None
    wanted = {
        (made[f"subnet/{placement}-{letter}"], f"{REGION}{letter}", str(cidr), placement == "public")
        for placement in ("public", "private")
        for letter, cidr in network.cidrs(placement, REGION).items()
    }
    assert len(wanted) == 6
    told = {(one["SubnetId"], one["AvailabilityZone"], one["CidrBlock"], one["MapPublicIpOnLaunch"]) for one in found}
    assert told == wanted


def test_public_subnets_go_out_by_the_internet_gateway_and_private_ones_by_nat(made: dict[str, str]) -> None:
    vpc = f"Name=vpc-id,Values={made['vpc/main']}"
    tables = read("ec2", "describe-route-tables", "--filters", vpc, "--query", "RouteTables[]")
    way_out = {
        link["SubnetId"]: next(
            route.get("GatewayId") or route.get("NatGatewayId")
            for route in table["Routes"]
            if route.get("DestinationCidrBlock") == "0.0.0.0/0"
        )
        for table in tables
        for link in table["Associations"]
        if "SubnetId" in link
    }
    ways = {"public": made["internet-gateway/main"], "private": made["nat-gateway/a"]}
    wanted = {made[f"subnet/{kind}-{zone}"]: way for kind, way in ways.items() for zone in "abc"}
    assert way_out == wanted
    (endpoint,) = read("ec2", "describe-vpc-endpoints", "--filters", vpc, "--query", "VpcEndpoints[]")
    assert endpoint["ServiceName"] == f"com.amazonaws.{REGION}.s3"
    assert set(endpoint["RouteTableIds"]) == {id for part, id in made.items() if part.startswith("route-table/")}
    (nat,) = read("ec2", "describe-nat-gateways", "--filter", vpc, "--query", "NatGateways[]")
    assert (nat["SubnetId"], nat["State"]) == (made["subnet/public-a"], "available")
    assert nat["NatGatewayAddresses"][0]["AllocationId"] == made["address/nat-a"]


def test_the_balancers_group_is_admitted_to_the_servers_and_the_world_only_to_the_balancer(
    made: dict[str, str],
) -> None:
    asked = ("--filters", f"Name=vpc-id,Values={made['vpc/main']}", "--query", "SecurityGroups[?GroupName!='default']")
    groups = {one["GroupId"]: one for one in read("ec2", "describe-security-groups", *asked)}
    front, app, api = (made[f"security-group/{name}"] for name in ("balancer-front", "servers-app", "servers-api"))
    assert set(groups) == {front, app, api}
    assert admitted(groups[app]) == {(8080, front)}
    assert admitted(groups[api]) == {(9000, front), (9000, app)}
    assert admitted(groups[front]) == {(80, "0.0.0.0/0"), (80, "::/0")}
    out = {(rule["FromPort"], pair["GroupId"]) for rule in leaving(groups[front]) for pair in rule["UserIdGroupPairs"]}
    assert out == {(8080, app), (9000, api)}


def admitted(group: Any) -> set[tuple[int, str]]:
    """Each port that is open and for whom."""
    return {
        (rule["FromPort"], peer)
        for rule in group["IpPermissions"]
        for peer in (
            *(one["CidrIp"] for one in rule["IpRanges"]),
            *(one["CidrIpv6"] for one in rule["Ipv6Ranges"]),
            *(one["GroupId"] for one in rule["UserIdGroupPairs"]),
        )
    }


def leaving(group: Any) -> Any:
    return group["IpPermissionsEgress"]


def test_the_template_is_as_safe_as_it_should_be_and_boots_what_the_blueprint_says(made: dict[str, str]) -> None:
    asked = ("--launch-template-id", made["launch-template/app"], "--versions", "$Default")
    (data,) = read(
        "ec2",
        "describe-launch-template-versions",
        *asked,
        "--query",
        "LaunchTemplateVersions[].LaunchTemplateData",
    )
    assert data["MetadataOptions"]["HttpTokens"] == "required"
    parameter = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
    image = read("ssm", "get-parameter", "--name", parameter, "--query", "Parameter.Value")
    assert (data["ImageId"], data["InstanceType"]) == (image, "t3.small")
    assert base64.b64decode(data["UserData"]).decode() == (WEB.parent / "bootstrap.sh").read_text()
    groups = data.get("SecurityGroupIds") or data["NetworkInterfaces"][0]["Groups"]
    assert groups == [made["security-group/servers-app"]]
    assert data["IamInstanceProfile"] == {"Arn": made["instance-profile/app"]}


def test_the_groups_have_their_sizes_zones_and_policy(made: dict[str, str]) -> None:
    names = (made["scaling-group/app"], made["scaling-group/api"])
    asked = ("--auto-scaling-group-names", *names, "--query", "AutoScalingGroups[]")
    found = {one["AutoScalingGroupName"]: one for one in read("autoscaling", "describe-auto-scaling-groups", *asked)}
    assert {name: (one["MinSize"], one["MaxSize"]) for name, one in found.items()} == {
        names[0]: (2, 6),
        names[1]: (2, 2),
    }
    app = found[names[0]]
    assert set(app["VPCZoneIdentifier"].split(",")) == {made[f"subnet/private-{zone}"] for zone in "abc"}
    assert (app["HealthCheckType"], app["TargetGroupARNs"]) == ("ELB", [made["target-group/front-app"]])
    assert len(app["Instances"]) == 2
    (policy,) = read("autoscaling", "describe-policies", "--query", "ScalingPolicies[]")
    assert (policy["AutoScalingGroupName"], policy["PolicyType"]) == (names[0], "TargetTrackingScaling")
    tracking = policy["TargetTrackingConfiguration"]
    assert tracking["TargetValue"] == 50.0
    assert tracking["PredefinedMetricSpecification"]["PredefinedMetricType"] == "ASGAverageCPUUtilization"


def test_the_balancer_listens_and_sends_paths_where_the_blueprint_says(made: dict[str, str]) -> None:
    (front,) = read("elbv2", "describe-load-balancers", "--query", "LoadBalancers[]")
    assert (front["LoadBalancerArn"], front["Scheme"]) == (made["load-balancer/front"], "internet-facing")
    assert {zone["SubnetId"] for zone in front["AvailabilityZones"]} == {made[f"subnet/public-{z}"] for z in "abc"}
    asked = ("--load-balancer-arn", front["LoadBalancerArn"], "--query", "Listeners[]")
    (listener,) = read("elbv2", "describe-listeners", *asked)
    assert (listener["Port"], listener["Protocol"]) == (80, "HTTP")
    assert target(listener["DefaultActions"]) == made["target-group/front-app"]
    asked = ("--listener-arn", listener["ListenerArn"], "--query", "Rules[?!IsDefault]")
    (rule,) = read("elbv2", "describe-rules", *asked)
    (condition,) = rule["Conditions"]
    values = condition.get("Values") or condition["PathPatternConfig"]["Values"]
    assert (condition["Field"], values, rule["Priority"]) == ("path-pattern", ["/api/*"], "1")
    assert target(rule["Actions"]) == made["target-group/front-api"]
    groups = read("elbv2", "describe-target-groups", "--query", "TargetGroups[].[TargetGroupArn,Port,HealthCheckPath]")
    wanted = [
        [made["target-group/front-api"], 9000, "/api/healthz"],
        [made["target-group/front-app"], 8080, "/healthz"],
    ]
    assert sorted(groups) == sorted(wanted)


def target(actions: Any) -> str:
    (action,) = actions
    return str(action.get("TargetGroupArn") or action["ForwardConfig"]["TargetGroups"][0]["TargetGroupArn"])


def test_the_servers_role_has_the_blueprints_policies_and_only_ec2_may_take_it(made: dict[str, str]) -> None:
    role = made["role/app"].rpartition("/")[2]
    found = read("iam", "get-role", "--role-name", role, "--query", "Role")
    assert found["Arn"] == made["role/app"]
    assert found["Path"].startswith(f"/castra/{NAME}/")
    (statement,) = found["AssumeRolePolicyDocument"]["Statement"]
    principals = statement["Principal"]["Service"]
    assert (statement["Effect"], principals) in (("Allow", "ec2.amazonaws.com"), ("Allow", ["ec2.amazonaws.com"]))
    attached = read(
        "iam", "list-attached-role-policies", "--role-name", role, "--query", "AttachedPolicies[].PolicyArn"
    )
    assert attached == ["arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"]
    assert read("iam", "list-role-policies", "--role-name", role, "--query", "PolicyNames") == []
    profile = made["instance-profile/app"].rpartition("/")[2]
    asked = ("--instance-profile-name", profile, "--query", "InstanceProfile.Roles[].RoleName")
    assert read("iam", "get-instance-profile", *asked) == [role]
