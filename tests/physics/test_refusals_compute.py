"""Images, instances, scaling groups: names, bounds and references."""

import base64

from tests.physics.builds import Builds, code_of


def test_image_names_are_unique(make: Builds) -> None:
    instance = make.instance(make.subnet(make.vpc()))
    make.ec2.create_image(InstanceId=instance, Name="golden")
    assert code_of(make.ec2.create_image, InstanceId=instance, Name="golden") == "InvalidAMIName.Duplicate"


def test_deregistered_image_cannot_be_launched(make: Builds) -> None:
    subnet = make.subnet(make.vpc())
    image = make.ec2.create_image(InstanceId=make.instance(subnet), Name="golden")["ImageId"]
    make.ec2.deregister_image(ImageId=image)
    asked = {"ImageId": image, "SubnetId": subnet, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    assert code_of(make.ec2.run_instances, **asked) == "InvalidAMIID.NotFound"


def test_user_data_is_limited_to_16_kilobytes(make: Builds) -> None:
    subnet, image = make.subnet(make.vpc()), make.image()
    asked = {"ImageId": image, "SubnetId": subnet, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    assert code_of(make.ec2.run_instances, **asked, UserData="x" * 16385) == "InvalidParameterValue"
    data = {"UserData": base64.b64encode(b"x" * 16385).decode()}
    refused = code_of(make.ec2.create_launch_template, LaunchTemplateName="big", LaunchTemplateData=data)
    assert refused == "InvalidParameterValue"
    assert make.ec2.run_instances(**asked, UserData="x" * 16384)["Instances"]


def test_unknown_instance_profile_cannot_be_launched_with(make: Builds) -> None:
    asked = {"ImageId": make.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    refused = code_of(make.ec2.run_instances, **asked, IamInstanceProfile={"Name": "nobody"})
    assert refused == "InvalidParameterValue"


def test_scaling_group_names_are_unique_and_the_first_keeps_its_instances(make: Builds) -> None:
    subnet, template = make.subnet(make.vpc()), make.template()
    make.scaling_group(template, subnet, size=2)
    named = {"LaunchTemplateId": template, "Version": "1"}
    asked = {"AutoScalingGroupName": "web", "MinSize": 0, "MaxSize": 9, "VPCZoneIdentifier": subnet}
    assert code_of(make.autoscaling.create_auto_scaling_group, **asked, LaunchTemplate=named) == "AlreadyExists"
    [group] = make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (group["MaxSize"], len(group["Instances"])) == (4, 2)


def test_scaling_group_with_instances_is_deleted_by_force_only(make: Builds) -> None:
    make.scaling_group(make.template(), make.subnet(make.vpc()))
    assert code_of(make.autoscaling.delete_auto_scaling_group, AutoScalingGroupName="web") == "ResourceInUse"
    make.autoscaling.delete_auto_scaling_group(AutoScalingGroupName="web", ForceDelete=True)
    assert make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"] == []


def test_desired_capacity_stays_within_bounds(make: Builds) -> None:
    make.scaling_group(make.template(), make.subnet(make.vpc()))
    scale, update = make.autoscaling.set_desired_capacity, make.autoscaling.update_auto_scaling_group
    assert code_of(scale, AutoScalingGroupName="web", DesiredCapacity=5) == "ValidationError"
    assert code_of(update, AutoScalingGroupName="web", DesiredCapacity=5) == "ValidationError"
    assert code_of(update, AutoScalingGroupName="web", MinSize=5) == "ValidationError"
    scale(AutoScalingGroupName="web", DesiredCapacity=4)
    [group] = make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert group["DesiredCapacity"] == 4


def test_scaling_group_needs_a_template_that_launches(make: Builds) -> None:
    subnet = make.subnet(make.vpc())
    gone = make.template("gone", ImageId="ami-0123456789abcdef0")
    nobody = make.template("nobody", IamInstanceProfile={"Name": "nobody"})
    create = make.autoscaling.create_auto_scaling_group
    asked = {"AutoScalingGroupName": "web", "MinSize": 0, "MaxSize": 1, "VPCZoneIdentifier": subnet}
    for template in (gone, nobody, "lt-0123456789abcdef0"):
        assert code_of(create, **asked, LaunchTemplate={"LaunchTemplateId": template}) == "ValidationError"


def test_group_whose_image_went_away_tells_why_it_does_not_launch(make: Builds) -> None:
    subnet = make.subnet(make.vpc())
    image = make.ec2.create_image(InstanceId=make.instance(subnet), Name="golden")["ImageId"]
    make.scaling_group(make.template(ImageId=image), subnet, size=0)
    make.ec2.deregister_image(ImageId=image)
    make.autoscaling.set_desired_capacity(AutoScalingGroupName="web", DesiredCapacity=1)
    [group] = make.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    [activity] = make.autoscaling.describe_scaling_activities(AutoScalingGroupName="web")["Activities"]
    assert (group["DesiredCapacity"], group["Instances"]) == (1, [])
    assert activity["StatusCode"] == "Failed"
    assert image in activity["StatusMessage"]
