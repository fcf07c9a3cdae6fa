"""Servers that don't come up, stand still or are ended too soon: each for its own reason, and no other."""

import pytest

from tests.physics import Physics
from tests.tasks.diagnosing.conftest import Standing


def image_of(web: Standing, servers: str) -> str:
    """What its template boots."""
    asked = {"LaunchTemplateId": web.ids()[f"launch-template/{servers}"], "Versions": ["$Default"]}
    (version,) = web.client("ec2").describe_launch_template_versions(**asked)["LaunchTemplateVersions"]
    return str(version["LaunchTemplateData"]["ImageId"])


def boot(web: Standing, servers: str, image: str) -> None:
    """Let its template's newest version, the default, boot another image."""
    ec2, id = web.client("ec2"), web.ids()[f"launch-template/{servers}"]
    data = {"ImageId": image}
    made = ec2.create_launch_template_version(LaunchTemplateId=id, SourceVersion="$Latest", LaunchTemplateData=data)
    number = str(made["LaunchTemplateVersion"]["VersionNumber"])
    ec2.modify_launch_template(LaunchTemplateId=id, DefaultVersion=number)


def own_image(web: Standing) -> str:
    """An image that may go."""
    return str(web.client("ec2").create_image(InstanceId=web.machines("app")[0], Name="own")["ImageId"])


@pytest.mark.thorough
@pytest.mark.breaks("image-gone")
def test_an_image_that_is_gone_is_named_before_anything_else_that_follows(web: Standing) -> None:
    image = own_image(web)
    boot(web, "app", image)
    assert web.told() == []
    web.client("ec2").deregister_image(ImageId=image)
    web.client("autoscaling").set_desired_capacity(
        AutoScalingGroupName=web.ids()["scaling-group/app"], DesiredCapacity=3
    )
    found = web.only("image-gone", "scaling-group/app", "servers.app.image")
    assert image in found.why
    web.mend()
    web.client("autoscaling").set_desired_capacity(
        AutoScalingGroupName=web.ids()["scaling-group/app"], DesiredCapacity=2
    )
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("image-gone")
def test_a_launch_that_failed_is_told_in_aws_s_words_until_one_succeeds(aws: Physics, web: Standing) -> None:
    image = own_image(web)
    boot(web, "api", image)
    web.client("ec2").deregister_image(ImageId=image)
    web.client("autoscaling").update_auto_scaling_group(
        AutoScalingGroupName=web.ids()["scaling-group/api"], MaxSize=3, DesiredCapacity=3
    )
    web.client("ec2").modify_launch_template(LaunchTemplateId=web.ids()["launch-template/api"], DefaultVersion="1")
    found = web.only("image-gone", "scaling-group/api", "servers.api.image")
    assert "2 of 3 servers are in service, and launching fails: The image id" in found.why
    web.client("autoscaling").set_desired_capacity(
        AutoScalingGroupName=web.ids()["scaling-group/api"], DesiredCapacity=2
    )
    web.mend()
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("launch-template-gone")
def test_a_launch_template_that_is_gone_is_named(web: Standing) -> None:
    web.client("ec2").delete_launch_template(LaunchTemplateId=web.ids()["launch-template/api"])
    assert web.told()[0] == ("launch-template-gone", "scaling-group/api", "servers.api")
    web.mend()
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("launches-suspended")
def test_launches_that_are_suspended_are_named_while_servers_are_missing(web: Standing) -> None:
    scaling, group = web.client("autoscaling"), web.ids()["scaling-group/app"]
    scaling.suspend_processes(AutoScalingGroupName=group, ScalingProcesses=["Launch"])
    assert web.told() == []
    scaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=3)
    assert web.told() == [("launches-suspended", "scaling-group/app", "servers.app")]
    scaling.resume_processes(AutoScalingGroupName=group, ScalingProcesses=["Launch"])
    scaling.set_desired_capacity(AutoScalingGroupName=group, DesiredCapacity=2)
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("fails-status-checks")
def test_a_server_that_fails_its_status_checks_is_named(web: Standing) -> None:
    machine = web.machines("app")[0]
    web.say("app", "physics:impaired", "yes")
    told = web.diagnosis().findings
    assert {(one.cause, one.part, one.place) for one in told} == {
        ("fails-status-checks", "scaling-group/app", "servers.app")
    }
    assert any(machine in one.why for one in told)
    web.client("ec2").stop_instances(InstanceIds=web.machines("app"))


@pytest.mark.thorough
@pytest.mark.breaks("ended-before-it-answers")
def test_a_grace_that_is_shorter_than_the_boot_is_named(aws: Physics, web: Standing) -> None:
    web.mend()
    scaling, ec2 = web.client("autoscaling"), web.client("ec2")
    image = image_of(web, "api")
    ec2.create_tags(Resources=[image], Tags=[{"Key": "physics:boots", "Value": "900"}])
    for machine in web.machines("api"):
        scaling.terminate_instance_in_auto_scaling_group(InstanceId=machine, ShouldDecrementDesiredCapacity=False)
    for _ in range(3):
        aws.advance(340)
    told = web.told()
    assert ("ended-before-it-answers", "scaling-group/api", "servers.api.grace") in told
    assert "health-check" not in repr(told)
