"""A whole environment's life by bare calls: in the right order all goes, in the wrong one AWS says no."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds, code_of
from tests.physics.profile import load


@pytest.fixture(params=["calm", "office"])
def stage(request: pytest.FixtureRequest) -> Iterator[Builds]:
    """Calm, and with the office's times on a clock that only the test moves."""
    times: Any = load(request.param).times
    with Physics("calm", times=times, scale=0.0) as aws:
        yield Builds(aws)


def test_an_environment_comes_and_goes_in_order(make: Builds, aws: Physics) -> None:
    vpc = make.vpc(gateway=False)
    gateway, group = make.gateway(vpc), make.group(vpc)
    subnets = [make.subnet(vpc, number, public=True) for number in range(2)]
    nat, allocation = make.nat(subnets[0])
    balancer, target = make.balancer(*subnets, groups=(group,)), make.target_group(vpc)
    forward = [{"Type": "forward", "TargetGroupArn": target}]
    make.elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=forward)
    template = make.template(SecurityGroupIds=[group])
    make.scaling_group(template, *subnets, size=2, TargetGroupARNs=[target])
    aws.advance(400)
    assert make.ec2.describe_nat_gateways(NatGatewayIds=[nat])["NatGateways"][0]["State"] == "available"

    for refused, asked in (
        (make.ec2.delete_security_group, {"GroupId": group}),
        (make.ec2.delete_subnet, {"SubnetId": subnets[0]}),
        (make.ec2.detach_internet_gateway, {"InternetGatewayId": gateway, "VpcId": vpc}),
        (make.ec2.delete_vpc, {"VpcId": vpc}),
    ):
        assert code_of(refused, **asked) == "DependencyViolation"

    make.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    make.elbv2.delete_load_balancer(LoadBalancerArn=balancer)
    make.elbv2.delete_target_group(TargetGroupArn=target)
    make.ec2.delete_nat_gateway(NatGatewayId=nat)
    make.ec2.delete_launch_template(LaunchTemplateId=template)
    aws.advance(400)
    make.ec2.release_address(AllocationId=allocation)
    make.ec2.delete_security_group(GroupId=group)
    for subnet in subnets:
        make.ec2.delete_subnet(SubnetId=subnet)
    make.ec2.detach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    make.ec2.delete_internet_gateway(InternetGatewayId=gateway)
    make.ec2.delete_vpc(VpcId=vpc)

    assert make.ec2.describe_network_interfaces()["NetworkInterfaces"] == []
    assert make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []
    assert code_of(make.ec2.describe_vpcs, VpcIds=[vpc]) == "InvalidVpcID.NotFound"
    assert aws.crashes() == []
