"""Snapshots' limits, and commands on instances."""

from collections.abc import Iterator

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds, code_of


@pytest.fixture(scope="module")
def stage() -> Iterator[Builds]:
    """Snapshots take ten minutes, and rates count. The clock stands still unless it's moved."""
    with Physics("calm", scale=0.0001, throttle=True, times={"snapshot_completed": 600}) as aws:
        yield Builds(aws)


def volume(make: Builds, kind: str = "gp3") -> str:
    return str(make.ec2.create_volume(AvailabilityZone="us-east-1a", Size=500, VolumeType=kind)["VolumeId"])


def test_of_one_volume_a_snapshot_each_15_seconds(make: Builds, aws: Physics) -> None:
    one, other = volume(make), volume(make)
    make.ec2.create_snapshot(VolumeId=one)
    aws.advance(14)
    assert code_of(make.ec2.create_snapshot, VolumeId=one) == "SnapshotCreationPerVolumeRateExceeded"
    make.ec2.create_snapshot(VolumeId=other)
    aws.advance(1.5)
    assert make.ec2.create_snapshot(VolumeId=one)["State"] == "pending"


def test_of_one_volume_five_snapshots_at_once_and_of_a_cold_one_one(make: Builds, aws: Physics) -> None:
    for kind, most in (("gp3", 5), ("sc1", 1)):
        one = volume(make, kind)
        for _ in range(most):
            make.ec2.create_snapshot(VolumeId=one)
            aws.advance(15.1)
        assert code_of(make.ec2.create_snapshot, VolumeId=one) == "ConcurrentSnapshotLimitExceeded"
        aws.advance(601)
        assert make.ec2.create_snapshot(VolumeId=one)["State"] == "pending"


def test_an_instances_volumes_count_for_a_set_of_theirs(make: Builds, aws: Physics) -> None:
    asked = {"InstanceSpecification": {"InstanceId": make.instance(make.subnet(make.vpc()))}}
    [made] = make.ec2.create_snapshots(**asked)["Snapshots"]
    assert code_of(make.ec2.create_snapshots, **asked) == "SnapshotCreationPerVolumeRateExceeded"
    assert code_of(make.ec2.create_snapshot, VolumeId=made["VolumeId"]) == "SnapshotCreationPerVolumeRateExceeded"


def test_a_command_fails_with_its_exit_and_is_not_known_at_once(make: Builds) -> None:
    instance = make.instance(make.subnet(make.vpc()))
    cases = {
        ("fsfreeze -f /data",): "Success",
        ("sync", "exit 3"): "Failed",
        ("sync", "false"): "Failed",
        ("false", "sync"): "Success",
        ("set -e", "false", "sync"): "Failed",
    }
    for commands, status in cases.items():
        asked = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": list(commands)}}
        sent = make.ssm.send_command(InstanceIds=[instance], **asked)["Command"]["CommandId"]
        look = {"CommandId": sent, "InstanceId": instance}
        assert code_of(make.ssm.get_command_invocation, **look) == "InvocationDoesNotExist"
        assert make.ssm.get_command_invocation(**look)["Status"] == status


def test_a_stopped_instance_takes_no_command(make: Builds) -> None:
    instance = make.instance(make.subnet(make.vpc()))
    make.ec2.stop_instances(InstanceIds=[instance])
    asked = {"DocumentName": "AWS-RunShellScript", "Parameters": {"commands": ["true"]}, "InstanceIds": [instance]}
    assert code_of(make.ssm.send_command, **asked) == "InvalidInstanceId"


def test_tags_of_one_thing_are_found_among_very_many(make: Builds, aws: Physics) -> None:
    """Moto alone looks through all tags for each snapshot, which takes minutes for some hundreds."""
    one = volume(make)
    for number in range(40):
        aws.advance(20)
        tags = [{"Key": f"key-{number}", "Value": str(number)}, {"Key": "of", "Value": "mine"}]
        asked = [{"ResourceType": "snapshot", "Tags": tags}]
        make.ec2.create_snapshot(VolumeId=one, TagSpecifications=asked)
        aws.advance(600)
    filters = [{"Name": "tag:of", "Values": ["mine"]}, {"Name": "tag:key-7", "Values": ["*"]}]
    [found] = make.ec2.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"]
    assert found["Tags"] == [{"Key": "key-7", "Value": "7"}, {"Key": "of", "Value": "mine"}]
    make.ec2.delete_tags(Resources=[found["SnapshotId"]], Tags=[{"Key": "of"}])
    assert make.ec2.describe_snapshots(OwnerIds=["self"], Filters=filters)["Snapshots"] == []
