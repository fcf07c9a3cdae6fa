"""Instances and volumes: what moto leaves out of them, or lets pass."""

from typing import Any

from tests.physics.builds import Builds, code_of

ZONE = "us-east-1a"


def told(make: Builds, id: str) -> dict[str, Any]:
    (reservation,) = make.ec2.describe_instances(InstanceIds=[id])["Reservations"]
    return dict(reservation["Instances"][0])


def volume(make: Builds, **more: Any) -> str:
    id: str = make.ec2.create_volume(**{"AvailabilityZone": ZONE, "Size": 8, **more})["VolumeId"]
    return id


def volumes(make: Builds) -> list[dict[str, Any]]:
    return list(make.ec2.describe_volumes()["Volumes"])


def test_a_token_gives_what_it_made_before_be_it_dead(make: Builds) -> None:
    subnet = make.subnet(make.vpc())
    first = make.instance(subnet, ClientToken="once")
    assert make.instance(subnet, ClientToken="once") == first
    make.ec2.terminate_instances(InstanceIds=[first])
    assert make.instance(subnet, ClientToken="once") == first
    assert make.instance(subnet, ClientToken="twice") != first
    asked = {"ImageId": make.image(), "InstanceType": "t3.nano", "MinCount": 1, "MaxCount": 1, "ClientToken": "once"}
    assert code_of(make.ec2.run_instances, **asked) == "IdempotentParameterMismatch"
    assert volume(make, ClientToken="once") == volume(make, ClientToken="once")


def test_a_protected_instance_is_not_terminated(make: Builds) -> None:
    id = make.instance(make.subnet(make.vpc()), DisableApiTermination=True)
    assert code_of(make.ec2.terminate_instances, InstanceIds=[id]) == "OperationNotPermitted"
    make.ec2.modify_instance_attribute(InstanceId=id, DisableApiTermination={"Value": False})
    make.ec2.terminate_instances(InstanceIds=[id])


def test_what_its_shutdown_does_can_be_changed_and_so_can_its_user_data_and_nothing_else_is(make: Builds) -> None:
    vpc = make.vpc()
    id = make.instance(make.subnet(vpc), make.group(vpc))
    change = make.ec2.modify_instance_attribute
    change(InstanceId=id, InstanceInitiatedShutdownBehavior={"Value": "terminate"})
    assert code_of(change, InstanceId=id, UserData={"Value": b"x"}) == "IncorrectInstanceState"
    assert code_of(change, InstanceId=id, InstanceType={"Value": "t3.small"}) == "IncorrectInstanceState"
    make.ec2.stop_instances(InstanceIds=[id])
    change(InstanceId=id, UserData={"Value": b"x"})
    read = make.ec2.describe_instance_attribute
    attribute = "instanceInitiatedShutdownBehavior"
    assert read(InstanceId=id, Attribute=attribute)["InstanceInitiatedShutdownBehavior"]["Value"] == "terminate"
    assert read(InstanceId=id, Attribute="userData")["UserData"]["Value"] == "eA=="
    change(InstanceId=id, UserData={"Value": b""})
    assert not read(InstanceId=id, Attribute="userData")["UserData"].get("Value")
    assert len(told(make, id)["SecurityGroups"]) == 1


def test_its_monitoring_can_be_changed(make: Builds) -> None:
    id = make.instance(make.subnet(make.vpc()))
    make.ec2.monitor_instances(InstanceIds=[id])
    assert told(make, id)["Monitoring"]["State"] == "enabled"
    make.ec2.unmonitor_instances(InstanceIds=[id])
    assert told(make, id)["Monitoring"]["State"] == "disabled"


def test_its_disks_are_as_the_launch_says_and_there_is_one_root(make: Builds) -> None:
    root = make.ec2.describe_images(ImageIds=[make.image()])["Images"][0]["RootDeviceName"]
    disks = [
        {"DeviceName": root, "Ebs": {"Encrypted": True, "VolumeType": "gp3", "Iops": 4000, "Throughput": 250}},
        {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 100, "VolumeType": "gp2"}},
    ]
    id = make.instance(make.subnet(make.vpc()), BlockDeviceMappings=disks)
    found = {one["Attachments"][0]["Device"]: one for one in volumes(make)}
    assert sorted(found) == sorted([root, "/dev/sdf"])
    assert [found[root][key] for key in ("Encrypted", "Iops", "Throughput", "Size")] == [True, 4000, 250, 8]
    assert found["/dev/sdf"]["Iops"] == 300
    make.ec2.terminate_instances(InstanceIds=[id])
    assert [one["Size"] for one in volumes(make)] in ([], [100])


def test_a_template_that_names_the_root_launches_one_root(make: Builds) -> None:
    root = make.ec2.describe_images(ImageIds=[make.image()])["Images"][0]["RootDeviceName"]
    disks = [{"DeviceName": root, "Ebs": {"VolumeSize": 30, "VolumeType": "gp3", "DeleteOnTermination": True}}]
    template = make.template(BlockDeviceMappings=disks)
    made = make.ec2.run_instances(
        LaunchTemplate={"LaunchTemplateId": template}, SubnetId=make.subnet(make.vpc()), MinCount=1, MaxCount=1
    )
    assert [one["Size"] for one in volumes(make)] == [30]
    make.ec2.terminate_instances(InstanceIds=[made["Instances"][0]["InstanceId"]])
    assert volumes(make) == []


def test_an_image_of_several_disks_launches_all_of_them(make: Builds) -> None:
    subnet = make.subnet(make.vpc())
    disks = [{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 20, "Encrypted": True, "DeleteOnTermination": True}}]
    first = make.instance(subnet, BlockDeviceMappings=disks)
    image = make.ec2.create_image(InstanceId=first, Name="golden")["ImageId"]
    make.ec2.terminate_instances(InstanceIds=[first])
    second = make.instance(subnet, ImageId=image)
    found = {one["Attachments"][0]["Device"]: one for one in volumes(make)}
    assert found["/dev/sdf"]["Size"] == 20
    assert found["/dev/sdf"]["Encrypted"]
    assert all(one["SnapshotId"] for one in found.values())
    assert {one["Attachments"][0]["InstanceId"] for one in found.values()} == {second}


def test_a_volume_is_attached_once_in_its_own_zone_and_by_a_free_device(make: Builds) -> None:
    vpc = make.vpc()
    id, other = make.instance(make.subnet(vpc)), make.instance(make.subnet(vpc, 1))
    attach, mine = make.ec2.attach_volume, volume(make)
    assert code_of(attach, VolumeId=mine, InstanceId=other, Device="/dev/sdf") == "InvalidVolume.ZoneMismatch"
    attach(VolumeId=mine, InstanceId=id, Device="/dev/sdf")
    assert code_of(attach, VolumeId=mine, InstanceId=id, Device="/dev/sdg") == "VolumeInUse"
    assert code_of(attach, VolumeId=volume(make), InstanceId=id, Device="/dev/sdf") == "InvalidParameterValue"
    assert code_of(make.ec2.delete_volume, VolumeId=mine) == "VolumeInUse"
    make.ec2.detach_volume(VolumeId=mine, InstanceId=id, Device="/dev/sdf")
    assert code_of(make.ec2.detach_volume, VolumeId=mine, InstanceId=id) == "IncorrectState"
    root = told(make, id)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert code_of(make.ec2.detach_volume, VolumeId=root, InstanceId=id) == "OperationNotPermitted"


def test_an_address_reaches_nobody_without_a_gateway(make: Builds) -> None:
    vpc = make.vpc(gateway=False)
    id = make.instance(make.subnet(vpc))
    asked = {"InstanceId": id, "AllocationId": make.ec2.allocate_address(Domain="vpc")["AllocationId"]}
    assert code_of(make.ec2.associate_address, **asked) == "Gateway.NotAttached"
    make.gateway(vpc)
    make.ec2.associate_address(**asked)
    assert code_of(make.ec2.release_address, AllocationId=asked["AllocationId"]) == "InvalidIPAddress.InUse"


def test_a_volume_performs_as_its_type_does_and_only_grows(make: Builds) -> None:
    id = volume(make, VolumeType="gp3")
    (one,) = volumes(make)
    assert (one["Iops"], one["Throughput"]) == (3000, 125)
    assert code_of(make.ec2.modify_volume, VolumeId=id, Size=4) == "InvalidParameterValue"
    make.ec2.modify_volume(VolumeId=id, Size=100, VolumeType="gp2")
    (one,) = volumes(make)
    assert (one["Size"], one["Iops"], one.get("Throughput")) == (100, 300, None)
    make.ec2.modify_volume(VolumeId=id, VolumeType="gp3", Iops=5000, Throughput=300)
    (one,) = volumes(make)
    assert (one["Iops"], one["Throughput"]) == (5000, 300)


def test_an_instance_tells_the_profile_that_replaced_another(make: Builds) -> None:
    for name in ("one", "other"):
        make.iam.create_instance_profile(InstanceProfileName=name)
    id = make.instance(make.subnet(make.vpc()), IamInstanceProfile={"Name": "one"})
    (has,) = make.ec2.describe_iam_instance_profile_associations()["IamInstanceProfileAssociations"]
    make.ec2.replace_iam_instance_profile_association(
        AssociationId=has["AssociationId"], IamInstanceProfile={"Name": "other"}
    )
    assert told(make, id)["IamInstanceProfile"]["Arn"].endswith("/other")
