"""Copies of snapshots and images from one region to another, at AWS's pace and under AWS's keys."""

from collections.abc import Iterator

import pytest

from tests.physics import Physics
from tests.physics.builds import Builds, code_of

OTHER = "eu-central-1"
TAGS = [{"Key": "a", "Value": "b"}]


@pytest.fixture(scope="module")
def stage() -> Iterator[Builds]:
    with Physics("calm", times={"snapshot_copied": 120, "image_copied": 600}) as aws:
        yield Builds(aws)


def snapshot(make: Builds, encrypted: bool = False) -> str:
    volume = make.ec2.create_volume(AvailabilityZone="us-east-1a", Size=8, Encrypted=encrypted)["VolumeId"]
    made: str = make.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    return made


def copied(aws: Physics, source: str, **more: object) -> dict[str, object]:
    """The copy of a snapshot, as it's told right after."""
    there = aws.client("ec2", OTHER)
    asked = {"SourceRegion": "us-east-1", "SourceSnapshotId": source, **more}
    [copy] = there.describe_snapshots(SnapshotIds=[there.copy_snapshot(**asked)["SnapshotId"]])["Snapshots"]
    return dict(copy)


def test_a_copy_is_pending_for_long_carries_its_tags_and_tells_nobodys_volume(make: Builds, aws: Physics) -> None:
    specification = [{"ResourceType": "snapshot", "Tags": TAGS}]
    copy = copied(aws, snapshot(make), TagSpecifications=specification)
    assert (copy["State"], copy["Tags"], copy["VolumeId"]) == ("pending", TAGS, "vol-ffffffff")
    aws.advance(121)
    [now] = aws.client("ec2", OTHER).describe_snapshots(SnapshotIds=[copy["SnapshotId"]])["Snapshots"]
    assert (now["State"], now["VolumeSize"]) == ("completed", 8)


def test_of_twenty_one_copies_at_once_to_a_region_the_last_is_refused_until_another_is_done(
    make: Builds, aws: Physics
) -> None:
    source, there = snapshot(make), aws.client("ec2", OTHER)
    asked = {"SourceRegion": "us-east-1", "SourceSnapshotId": source}
    for _ in range(20):
        there.copy_snapshot(**asked)
    assert code_of(there.copy_snapshot, **asked) == "ResourceLimitExceeded"
    assert aws.client("ec2", "eu-west-3").copy_snapshot(**asked)["SnapshotId"]
    aws.advance(121)
    assert there.copy_snapshot(**asked)["SnapshotId"]


def test_what_is_not_complete_cannot_be_copied(make: Builds, aws: Physics) -> None:
    copy = copied(aws, snapshot(make))
    again = {"SourceRegion": OTHER, "SourceSnapshotId": copy["SnapshotId"]}
    assert code_of(make.ec2.copy_snapshot, **again) == "IncorrectState"


def test_what_is_under_the_default_key_cannot_be_shared_and_under_ones_own_it_can(make: Builds, aws: Physics) -> None:
    there, source = aws.client("ec2", OTHER), snapshot(make, encrypted=True)
    sharing = {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": ["123456789012"]}
    by_default = copied(aws, source)
    assert by_default["Encrypted"] is True
    refused = code_of(there.modify_snapshot_attribute, SnapshotId=by_default["SnapshotId"], **sharing)
    assert refused == "OperationNotPermitted"
    unknown = {"SourceRegion": "us-east-1", "SourceSnapshotId": source, "KmsKeyId": "alias/backups"}
    assert code_of(there.copy_snapshot, **unknown) == "InvalidParameterValue"
    key = aws.client("kms", OTHER).create_key()["KeyMetadata"]["Arn"]
    own = copied(aws, source, Encrypted=True, KmsKeyId=key)
    there.modify_snapshot_attribute(SnapshotId=own["SnapshotId"], **sharing)
    told = there.describe_snapshot_attribute(SnapshotId=own["SnapshotId"], Attribute="createVolumePermission")
    assert told["CreateVolumePermissions"] == [{"UserId": "123456789012"}]


def test_a_plain_snapshot_can_be_encrypted_as_it_is_copied(make: Builds, aws: Physics) -> None:
    source = snapshot(make)
    assert (copied(aws, source)["Encrypted"], copied(aws, source, Encrypted=True)["Encrypted"]) == (False, True)


def test_an_images_copy_is_pending_and_shared_by_its_launch_permission(make: Builds, aws: Physics) -> None:
    there = aws.client("ec2", OTHER)
    image = make.ec2.create_image(InstanceId=make.instance(make.subnet(make.vpc())), Name="golden")["ImageId"]
    asked = {"SourceRegion": "us-east-1", "SourceImageId": image, "Name": "golden", "ClientToken": "t"}
    copy = there.copy_image(**asked)["ImageId"]
    assert there.copy_image(**asked)["ImageId"] == copy
    [told] = there.describe_images(ImageIds=[copy])["Images"]
    assert told["State"] == "pending"
    aws.advance(601)
    there.modify_image_attribute(ImageId=copy, LaunchPermission={"Add": [{"UserId": "123456789012"}]})
    shared = there.describe_image_attribute(ImageId=copy, Attribute="launchPermission")["LaunchPermissions"]
    assert shared == [{"UserId": "123456789012"}]
    hidden = there.copy_image(**asked | {"Name": "secret", "ClientToken": "u", "Encrypted": True})["ImageId"]
    sharing = {"ImageId": hidden, "LaunchPermission": {"Add": [{"UserId": "123456789012"}]}}
    assert code_of(there.modify_image_attribute, **sharing) == "InvalidParameter"
