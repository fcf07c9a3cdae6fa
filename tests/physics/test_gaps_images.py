"""Images and what they stand on, where moto invents it."""

from typing import Any

from tests.physics.builds import Builds, code_of

DISKS = [
    {"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 9, "VolumeType": "gp3", "DeleteOnTermination": True}},
    {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 20, "Encrypted": True}},
]


def snapshot(make: Builds, **volume: Any) -> str:
    asked = {"AvailabilityZone": "us-east-1a", "Size": 8, **volume}
    id: str = make.ec2.create_snapshot(VolumeId=make.ec2.create_volume(**asked)["VolumeId"])["SnapshotId"]
    return id


def image(make: Builds, id: str, region: str = "us-east-1") -> dict[str, Any]:
    [found] = make.aws.client("ec2", region=region).describe_images(ImageIds=[id])["Images"]
    return dict(found)


def test_an_image_of_an_instance_has_a_snapshot_of_each_of_its_volumes(make: Builds) -> None:
    instance = make.instance(make.subnet(make.vpc()), BlockDeviceMappings=DISKS)
    tags = [{"Key": "a", "Value": "b"}]
    asked = {"TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")]}
    made = make.ec2.create_image(InstanceId=instance, Name="golden", **asked)["ImageId"]
    disks = {one["DeviceName"]: one["Ebs"] for one in image(make, made)["BlockDeviceMappings"]}
    assert {name: (one["VolumeSize"], one["Encrypted"]) for name, one in disks.items()} == {
        "/dev/xvda": (9, False),
        "/dev/sdf": (20, True),
    }
    told = make.ec2.describe_snapshots(SnapshotIds=[one["SnapshotId"] for one in disks.values()])["Snapshots"]
    assert [one["Tags"] for one in told] == [tags, tags]
    left_out = [{"DeviceName": "/dev/sdf", "NoDevice": ""}]
    other = make.ec2.create_image(InstanceId=instance, Name="root", BlockDeviceMappings=left_out)["ImageId"]
    assert [one["DeviceName"] for one in image(make, other)["BlockDeviceMappings"]] == ["/dev/xvda"]


def test_a_copied_image_has_copies_of_all_its_snapshots_encrypted_where_asked(make: Builds) -> None:
    instance = make.instance(make.subnet(make.vpc()), BlockDeviceMappings=DISKS)
    made = make.ec2.create_image(InstanceId=instance, Name="golden")["ImageId"]
    far = make.aws.client("ec2", region="eu-west-1")
    copy = far.copy_image(SourceImageId=made, SourceRegion="us-east-1", Name="copy", Encrypted=True)["ImageId"]
    disks = [one["Ebs"] for one in image(make, copy, "eu-west-1")["BlockDeviceMappings"]]
    told = far.describe_snapshots(SnapshotIds=[one["SnapshotId"] for one in disks])["Snapshots"]
    assert [one["Encrypted"] for one in (*disks, *told)] == [True] * 4


def test_a_registered_image_is_what_it_is_said_to_be(make: Builds) -> None:
    named = [snapshot(make), snapshot(make, Size=30)]
    rows = [
        {"DeviceName": device, "Ebs": {"SnapshotId": id, "VolumeType": "gp3"}}
        for device, id in zip(("/dev/sda1", "/dev/sdf"), named, strict=True)
    ]
    asked = {"Architecture": "arm64", "BootMode": "uefi", "EnaSupport": True, "ImdsSupport": "v2.0"}
    root = {"RootDeviceName": "/dev/sda1", "VirtualizationType": "hvm"}
    made = make.ec2.register_image(Name="golden", BlockDeviceMappings=rows, **root, **asked)["ImageId"]
    told = image(make, made)
    assert {key: told[key] for key in (*asked, *root)} == asked | root
    assert [one["Ebs"]["SnapshotId"] for one in told["BlockDeviceMappings"]] == named
    assert [code_of(make.ec2.delete_snapshot, SnapshotId=id) for id in named] == ["InvalidSnapshot.InUse"] * 2
    make.ec2.deregister_image(ImageId=made)
    for id in named:
        make.ec2.delete_snapshot(SnapshotId=id)


def test_an_image_takes_no_snapshot_along_that_another_one_stands_on(make: Builds) -> None:
    id = snapshot(make)
    row = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": id}}]
    asked = {"RootDeviceName": "/dev/xvda", "BlockDeviceMappings": row}
    one, other = (make.ec2.register_image(Name=name, **asked)["ImageId"] for name in ("one", "other"))
    make.ec2.deregister_image(ImageId=one, DeleteAssociatedSnapshots=True)
    assert image(make, other)["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"] == id
    assert len(make.ec2.describe_snapshots(SnapshotIds=[id])["Snapshots"]) == 1


def test_a_copied_snapshot_is_encrypted_when_asked(make: Builds) -> None:
    asked = {"SourceSnapshotId": snapshot(make), "SourceRegion": "us-east-1"}
    copies = [make.ec2.copy_snapshot(**asked, Encrypted=secret)["SnapshotId"] for secret in (True, False)]
    told = make.ec2.describe_snapshots(SnapshotIds=copies)["Snapshots"]
    assert [one["Encrypted"] for one in told] == [True, False]
    assert ["KmsKeyId" in one for one in told] == [True, False]
