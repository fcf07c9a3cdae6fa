"""Members of scaling groups as AWS has them: the version each runs, how they end, what becomes of bad ones."""

from typing import Any

import pytest

from tests.physics.builds import Builds, code_of


def group_of(make: Builds) -> dict[str, Any]:
    (group,) = make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    return dict(group)


def members(make: Builds) -> list[tuple[str, str]]:
    """Version and state of each."""
    told = group_of(make)["Instances"]
    return sorted((one["LaunchTemplate"]["Version"], one["LifecycleState"]) for one in told)


def second_version(make: Builds, template: str, **data: Any) -> None:
    make.ec2.create_launch_template_version(LaunchTemplateId=template, SourceVersion="1", LaunchTemplateData=data)


def launch(make: Builds, template: str, version: str, desired: int) -> None:
    make.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="web",
        DesiredCapacity=desired,
        LaunchTemplate={"LaunchTemplateId": template, "Version": version},
    )


def image(make: Builds, name: str) -> str:
    made = make.ec2.register_image(Name=name, Architecture="x86_64", RootDeviceName="/dev/xvda")
    return str(made["ImageId"])


def health(make: Builds, arn: str) -> list[tuple[str, str | None]]:
    told = make.elbv2.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    return sorted((one["TargetHealth"]["State"], one["TargetHealth"].get("Reason")) for one in told)


def balanced(make: Builds) -> tuple[str, str]:
    """A scaling group of one, whose members a balancer reaches: its target group and its template."""
    vpc = make.vpc()
    here, there, members = make.subnet(vpc, 0), make.subnet(vpc, 1), make.group(vpc)
    port = {"IpProtocol": "tcp", "FromPort": 80, "ToPort": 80, "IpRanges": [{"CidrIp": "10.0.0.0/16"}]}
    make.ec2.authorize_security_group_ingress(GroupId=members, IpPermissions=[port])
    arn, template = make.target_group(vpc), make.template(SecurityGroupIds=[members])
    make.listener(make.balancer(here, there), arn)
    make.scaling_group(template, here, size=1, TargetGroupARNs=[arn])
    return arn, template


@pytest.fixture
def template(make: Builds) -> str:
    template = make.template()
    make.scaling_group(template, make.subnet(make.vpc()), size=1)
    return template


def test_members_keep_telling_the_version_that_they_were_launched_from(make: Builds, template: str) -> None:
    second_version(make, template, InstanceType="t3.small")
    launch(make, template, "2", 2)
    make.ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="2")
    assert members(make) == [("1", "InService"), ("2", "InService")]


def test_one_that_is_terminated_with_the_group_shrinking_is_not_replaced(make: Builds, template: str) -> None:
    launch(make, template, "1", 2)
    id = group_of(make)["Instances"][0]["InstanceId"]
    make.autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=id, ShouldDecrementDesiredCapacity=True)
    assert (group_of(make)["DesiredCapacity"], len(members(make))) == (1, 1)
    again = {"InstanceId": id, "ShouldDecrementDesiredCapacity": True}
    assert code_of(make.autoscaling.terminate_instance_in_auto_scaling_group, **again) == "ValidationError"


def test_a_group_does_not_shrink_below_its_minimum(make: Builds, template: str) -> None:
    make.autoscaling.update_auto_scaling_group(
        AutoScalingGroupName="web", MinSize=1, LaunchTemplate={"LaunchTemplateId": template, "Version": "1"}
    )
    id = group_of(make)["Instances"][0]["InstanceId"]
    shrink = {"InstanceId": id, "ShouldDecrementDesiredCapacity": True}
    assert code_of(make.autoscaling.terminate_instance_in_auto_scaling_group, **shrink) == "ValidationError"
    shrink["ShouldDecrementDesiredCapacity"] = False
    make.autoscaling.terminate_instance_in_auto_scaling_group(**shrink)
    assert group_of(make)["Instances"][0]["InstanceId"] != id


def test_nothing_is_launched_while_launching_is_suspended(make: Builds, template: str) -> None:
    make.autoscaling.suspend_processes(AutoScalingGroupName="web", ScalingProcesses=["Launch"])
    launch(make, template, "1", 3)
    assert (group_of(make)["DesiredCapacity"], len(members(make))) == (3, 1)


def test_one_that_ends_by_itself_is_replaced_from_what_the_group_launches_now(make: Builds, template: str) -> None:
    second_version(make, template, ImageId=image(make, "ending-90-x"))
    launch(make, template, "2", 2)
    launch(make, template, "1", 2)
    assert members(make) == [("1", "InService"), ("2", "InService")]
    make.aws.advance(91)
    assert members(make) == [("1", "InService"), ("1", "InService")]


def test_targets_are_as_their_images_have_them(make: Builds) -> None:
    arn, template = balanced(make)
    for number, name in enumerate(("bad-x", "failing-60-x"), 2):
        second_version(make, template, ImageId=image(make, name))
        launch(make, template, str(number), number)
    ill = ("unhealthy", "Target.FailedHealthChecks")
    assert health(make, arn) == [("healthy", None), ("healthy", None), ill]
    make.aws.advance(61)
    assert health(make, arn) == [("healthy", None), ill, ill]


def test_targets_of_a_group_that_no_balancer_sends_to_are_unused_however_well_they_are(make: Builds) -> None:
    vpc = make.vpc()
    arn = make.target_group(vpc)
    make.scaling_group(make.template(), make.subnet(vpc), size=1, TargetGroupARNs=[arn])
    assert health(make, arn) == [("unused", "Target.NotInUse")]
