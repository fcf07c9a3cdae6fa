"""What EC2 refuses to launch for a scaling group is told by an activity; and who is ill behind a classic balancer."""

from typing import Any

import pytest

from tests.physics.builds import Builds

CHECK = {"Target": "HTTP:80/", "Interval": 30, "Timeout": 5, "UnhealthyThreshold": 2, "HealthyThreshold": 2}


def launched(make: Builds, subnet: str, **data: Any) -> tuple[int, str]:
    """How many members there are, and what the newest activity says, after a launch of this."""
    name = make.scaling_group(make.template(**data), subnet)
    (group,) = make.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    (activity,) = make.autoscaling.describe_scaling_activities(AutoScalingGroupName=name)["Activities"]
    return len(group["Instances"]), activity.get("StatusMessage") or activity["StatusCode"]


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"KeyName": "gone"}, "The key pair 'gone' does not exist."),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "The security group 'sg-0123456789abcdef0' does not exist."),
        ({"InstanceType": "t4g.micro"}, "does not match the architecture 'x86_64' of the specified AMI."),
        ({"InstanceType": "vt1.3xlarge"}, "not supported in your requested Availability Zone (us-east-1c)."),
    ],
)
def test_what_ec2_refuses_is_told_and_launches_nothing(make: Builds, data: dict[str, Any], words: str) -> None:
    members, told = launched(make, make.subnet(make.vpc(), 2), **data)
    assert members == 0
    assert words in told


def test_what_is_all_there_is_launched(make: Builds) -> None:
    assert launched(make, make.subnet(make.vpc())) == (1, "Successful")


def behind(make: Builds) -> tuple[str, str]:
    """A classic balancer and an instance behind it."""
    vpc = make.vpc()
    subnet, group = make.subnet(vpc), make.group(vpc)
    rule = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    make.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[rule])
    listener = {"LoadBalancerPort": 80, "Protocol": "HTTP", "InstancePort": 80, "InstanceProtocol": "HTTP"}
    make.elb.create_load_balancer(
        LoadBalancerName="old", Listeners=[listener], Subnets=[subnet], SecurityGroups=[group]
    )
    make.elb.configure_health_check(LoadBalancerName="old", HealthCheck=CHECK)
    instance = make.instance(subnet, group)
    make.elb.register_instances_with_load_balancer(LoadBalancerName="old", Instances=[{"InstanceId": instance}])
    return instance, group


def health(make: Builds) -> tuple[str, str]:
    (told,) = make.elb.describe_instance_health(LoadBalancerName="old")["InstanceStates"]
    return told["State"], told["Description"]


def test_behind_a_classic_balancer_is_in_service_what_answers_its_check(make: Builds) -> None:
    instance, group = behind(make)
    assert health(make) == ("InService", "N/A")
    make.ec2.create_tags(Resources=[instance], Tags=[{"Key": "physics:paths", "Value": "/other"}])
    assert health(make)[0] == "OutOfService"
    assert "failed at least the UnhealthyThreshold" in health(make)[1]
    make.ec2.create_tags(Resources=[instance], Tags=[{"Key": "physics:paths", "Value": "/"}])
    (told,) = make.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    make.ec2.revoke_security_group_ingress(GroupId=group, IpPermissions=told["IpPermissions"])
    assert health(make)[0] == "OutOfService"
    make.ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=told["IpPermissions"])
    make.ec2.stop_instances(InstanceIds=[instance])
    assert health(make) == ("OutOfService", "Instance is in stopped state.")


def test_a_target_group_that_no_rule_sends_to_is_not_in_use(make: Builds) -> None:
    vpc = make.vpc()
    here, there = make.subnet(vpc, 0), make.subnet(vpc, 1)
    balancer, group = make.balancer(here, there), make.target_group(vpc)
    make.elbv2.register_targets(TargetGroupArn=group, Targets=[{"Id": make.instance(here)}])
    made = make.listener(balancer, group)
    assert reason(make, group) is None or reason(make, group) == "Target.Timeout"  # its default group lets nobody in
    make.elbv2.delete_listener(ListenerArn=made)
    assert reason(make, group) == "Target.NotInUse"


def reason(make: Builds, group: str) -> str | None:
    (told,) = make.elbv2.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    found: str | None = told["TargetHealth"].get("Reason")
    return found
