"""What the layer's own tests stand on: networks and machines by bare boto3 calls, and an error's code."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.physics.physics import Physics


def code_of(call: Callable[..., Any], **arguments: Any) -> str:
    """The error code that a call ends in."""
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return str(caught.value.response["Error"]["Code"])


@dataclass
class Builds:
    """Makes things in one emulator; clients are made once."""

    aws: Physics
    clients: dict[str, Any] = field(default_factory=dict)

    def __getattr__(self, service: str) -> Any:
        if service not in self.clients:
            self.clients[service] = self.aws.client(service)
        return self.clients[service]

    def vpc(self, gateway: bool = True) -> str:
        """A VPC, with an internet gateway unless told otherwise."""
        vpc_id: str = self.ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
        if gateway:
            self.gateway(vpc_id)
        return vpc_id

    def gateway(self, vpc_id: str) -> str:
        gateway_id: str = self.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        self.ec2.attach_internet_gateway(InternetGatewayId=gateway_id, VpcId=vpc_id)
        return gateway_id

    def subnet(self, vpc_id: str, number: int = 0, public: bool = False) -> str:
        """The VPC's subnet of that number, in a zone of its own."""
        made = self.ec2.create_subnet(
            VpcId=vpc_id, CidrBlock=f"10.0.{number}.0/24", AvailabilityZone=f"us-east-1{'abc'[number]}"
        )
        subnet_id: str = made["Subnet"]["SubnetId"]
        self.ec2.modify_subnet_attribute(SubnetId=subnet_id, MapPublicIpOnLaunch={"Value": public})
        return subnet_id

    def group(self, vpc_id: str, name: str = "web") -> str:
        made = self.ec2.create_security_group(GroupName=name, Description=name, VpcId=vpc_id)
        group_id: str = made["GroupId"]
        return group_id

    def image(self) -> str:
        """Some image of Amazon's."""
        image = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
        value: str = self.ssm.get_parameter(Name=image)["Parameter"]["Value"]
        return value

    def instance(self, subnet_id: str, *groups: str, **more: Any) -> str:
        asked = {"ImageId": self.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1, **more}
        made = self.ec2.run_instances(SubnetId=subnet_id, SecurityGroupIds=list(groups), **asked)
        instance_id: str = made["Instances"][0]["InstanceId"]
        return instance_id

    def nat(self, subnet_id: str) -> tuple[str, str]:
        """A public NAT gateway and its address's allocation."""
        allocation = self.ec2.allocate_address(Domain="vpc")["AllocationId"]
        made = self.ec2.create_nat_gateway(SubnetId=subnet_id, AllocationId=allocation)
        return made["NatGateway"]["NatGatewayId"], allocation

    def balancer(self, *subnets: str, groups: tuple[str, ...] = (), **more: Any) -> str:
        made = self.elbv2.create_load_balancer(Name="web", Subnets=list(subnets), SecurityGroups=list(groups), **more)
        arn: str = made["LoadBalancers"][0]["LoadBalancerArn"]
        return arn

    def target_group(self, vpc_id: str, **more: Any) -> str:
        asked = {"Name": "web", "Protocol": "HTTP", "Port": 80, "VpcId": vpc_id, **more}
        arn: str = self.elbv2.create_target_group(**asked)["TargetGroups"][0]["TargetGroupArn"]
        return arn

    def listener(self, balancer: str, group: str) -> str:
        """One on port 80, which sends everything to a target group."""
        to = [{"Type": "forward", "TargetGroupArn": group}]
        made = self.elbv2.create_listener(LoadBalancerArn=balancer, Protocol="HTTP", Port=80, DefaultActions=to)
        arn: str = made["Listeners"][0]["ListenerArn"]
        return arn

    def template(self, name: str = "web", **data: Any) -> str:
        asked = {"ImageId": self.image(), "InstanceType": "t3.micro", **data}
        made = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=asked)
        template_id: str = made["LaunchTemplate"]["LaunchTemplateId"]
        return template_id

    def scaling_group(self, template_id: str, *subnets: str, size: int = 1, **more: Any) -> str:
        template = {"LaunchTemplateId": template_id, "Version": "$Latest"}
        asked = {"MinSize": 0, "MaxSize": 4, "DesiredCapacity": size, "LaunchTemplate": template, **more}
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName="web", VPCZoneIdentifier=",".join(subnets), **asked
        )
        return "web"

    def role(self, name: str = "app", service: str = "ec2.amazonaws.com") -> str:
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        arn: str = self.iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        return arn
