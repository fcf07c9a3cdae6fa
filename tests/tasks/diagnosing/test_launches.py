"""Servers that can't be launched: what EC2 refuses is told by its cause, with the field of the blueprint."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.pausing import pause, plan_pause, plan_resume, resume
from tests.tasks.diagnosing.conftest import Standing

Version = Callable[[Standing], dict[str, Any]]
GROUP = "scaling-group/app"


def want(camp: Standing, servers: int) -> None:
    camp.client("autoscaling").set_desired_capacity(AutoScalingGroupName=camp.ids()[GROUP], DesiredCapacity=servers)


def launch(camp: Standing, **data: Any) -> None:
    """Let its template's newest version, the default, have this instead; and ask for one more server."""
    ec2, id = camp.client("ec2"), camp.ids()["launch-template/app"]
    made = ec2.create_launch_template_version(LaunchTemplateId=id, SourceVersion="$Latest", LaunchTemplateData=data)
    ec2.modify_launch_template(LaunchTemplateId=id, DefaultVersion=str(made["LaunchTemplateVersion"]["VersionNumber"]))
    want(camp, 3)


def mended(camp: Standing) -> bool:
    want(camp, 2)
    camp.mend()
    return camp.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("key-pair-gone")
def test_a_key_pair_that_is_gone_is_named_before_a_launch_fails_for_it(camp: Standing) -> None:
    assert camp.told() == []
    ec2 = camp.client("ec2")
    (pair,) = ec2.describe_key_pairs()["KeyPairs"]
    ec2.delete_key_pair(KeyName=pair["KeyName"])
    found = camp.only("key-pair-gone", GROUP, "servers.app.key_pair")
    assert pair["KeyName"] in found.why
    want(camp, 3)
    assert camp.told() == [("key-pair-gone", GROUP, "servers.app.key_pair")]  # told once, and not as a failed launch
    assert mended(camp)


def volume_of_a_disabled_key(camp: Standing) -> dict[str, Any]:
    kms = camp.client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.disable_key(KeyId=key["KeyId"])
    disk = {"VolumeSize": 8, "VolumeType": "gp3", "Encrypted": True, "KmsKeyId": key["Arn"]}
    return {"InstanceType": "t3.small", "BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": disk}]}


def group_that_was_deleted(camp: Standing) -> dict[str, Any]:
    ec2 = camp.client("ec2")
    vpc = camp.ids()["vpc/main"]
    group = ec2.create_security_group(GroupName="short", Description="by hand", VpcId=vpc)["GroupId"]
    ec2.delete_security_group(GroupId=group)
    own = camp.ids()["security-group/servers-app"]
    return {"InstanceType": "t3.small", "SecurityGroupIds": [own, group]}


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("version", "cause", "field", "words"),
    [
        pytest.param(
            lambda camp: {"InstanceType": "x8aedz.large"},  # which AWS offers in its zone c only
            *("type-not-offered", ".instance_type", "is not supported in your requested Availability Zone (eu-west-1"),
            marks=pytest.mark.breaks("type-not-offered"),
        ),
        pytest.param(
            lambda camp: {"InstanceType": "t4g.small"},  # of another architecture than the image
            *("launch-failed", "", "does not match the architecture 'x86_64' of the specified AMI"),
            marks=pytest.mark.breaks("launch-failed"),
        ),
        pytest.param(
            volume_of_a_disabled_key,
            *("volume-key-refused", ".volumes", "Client.InternalError: Client error on launch"),
            marks=pytest.mark.breaks("volume-key-refused"),
        ),
        pytest.param(
            group_that_was_deleted,
            *("group-gone", ".admits", "does not exist"),
            marks=pytest.mark.breaks("group-gone"),
        ),
    ],
)
def test_a_launch_that_ec2_refuses_is_told_by_its_cause(
    camp: Standing, version: Version, cause: str, field: str, words: str
) -> None:
    launch(camp, **version(camp))
    found = camp.only(cause, GROUP, f"servers.app{field}")
    assert "2 of 3 servers are in service, and launching fails" in found.why
    assert words in found.why
    assert mended(camp)


@pytest.mark.thorough
@pytest.mark.breaks("profile-gone")
def test_an_instance_profile_that_is_gone_fails_launches(camp: Standing) -> None:
    iam = camp.client("iam")
    (profile,) = [one for one in iam.list_instance_profiles()["InstanceProfiles"] if "camp" in one["Path"]]
    named = {"InstanceProfileName": profile["InstanceProfileName"]}
    iam.remove_role_from_instance_profile(**named, RoleName=profile["Roles"][0]["RoleName"])
    iam.delete_instance_profile(**named)
    want(camp, 3)
    found = camp.only("profile-gone", GROUP, "servers.app.policies")
    assert "Invalid IAM Instance Profile" in found.why
    assert mended(camp)


@pytest.mark.thorough
@pytest.mark.parametrize(
    ("words", "cause", "field", "fix"),
    [
        pytest.param(
            "You have requested more vCPU capacity than your current vCPU limit of 8 allows for the instance bucket.",
            *("quota-reached", "instance_type", "Service Quotas"),
            marks=pytest.mark.breaks("quota-reached"),
        ),
        pytest.param(
            "We currently do not have sufficient t3.small capacity in the Availability Zone you requested.",
            *("no-capacity", "instance_types", "several instance_types"),
            marks=pytest.mark.breaks("no-capacity"),
        ),
    ],
)
def test_what_aws_has_not_or_gives_not_is_told_until_it_does(
    camp: Standing, words: str, cause: str, field: str, fix: str
) -> None:
    ec2 = camp.client("ec2")
    (reservation, *_) = ec2.describe_instances(InstanceIds=camp.machines("app"))["Reservations"]
    image = reservation["Instances"][0]["ImageId"]
    ec2.create_tags(Resources=[image], Tags=[{"Key": "physics:refuses", "Value": words}])
    want(camp, 3)
    ec2.delete_tags(Resources=[image], Tags=[{"Key": "physics:refuses"}])
    found = camp.only(cause, GROUP, f"servers.app.{field}")
    assert words in found.why
    assert fix in found.fix
    assert mended(camp)


@pytest.mark.thorough
@pytest.mark.breaks("paused", "stopped")
def test_what_is_paused_is_told_so_and_what_somebody_stopped_is_told_otherwise(camp: Standing) -> None:
    for deed in plan_pause(camp.scope).changes:
        pause(camp.scope, deed)
    assert sorted(camp.told()) == [
        ("paused", "database/main", "databases.main"),
        ("paused", "instance/lone", "instances.lone"),
        ("paused", GROUP, "servers.app"),
    ]
    assert {one.fix for one in camp.diagnosis().findings} == {"castra resume camp --region eu-west-1"}
    for deed in plan_resume(camp.scope).changes:
        resume(camp.scope, deed)
    assert camp.told() == []
    lone = camp.ids()["instance/lone"]
    camp.client("ec2").stop_instances(InstanceIds=[lone])
    found = camp.only("stopped", "instance/lone", "instances.lone")
    assert f"aws ec2 start-instances --instance-ids {lone}" in found.fix
    camp.client("ec2").start_instances(InstanceIds=[lone])
    assert camp.told() == []
