"""The life of an image after its making: shared, deprecated, disabled, deregistered; and what parameters tell."""

from datetime import UTC, datetime, timedelta

from tests.physics.builds import Builds, code_of


def imaged(make: Builds, name: str = "golden") -> str:
    machine = make.instance(make.subnet(make.vpc()))
    image: str = make.ec2.create_image(InstanceId=machine, Name=name)["ImageId"]
    return image


def test_a_disabled_image_loses_its_shares_and_is_hidden_unless_it_is_asked_for(make: Builds) -> None:
    image = imaged(make)
    share = {"Add": [{"UserId": "210987654321"}]}
    make.ec2.modify_image_attribute(ImageId=image, LaunchPermission=share)
    make.ec2.disable_image(ImageId=image)
    assert make.ec2.describe_images(Owners=["self"])["Images"] == []
    assert make.ec2.describe_images(ImageIds=[image])["Images"] == []
    [told] = make.ec2.describe_images(Owners=["self"], IncludeDisabled=True)["Images"]
    assert (told["ImageId"], told["State"]) == (image, "disabled")
    assert code_of(make.ec2.modify_image_attribute, ImageId=image, LaunchPermission=share) == "InvalidAMIID.Unavailable"
    make.ec2.enable_image(ImageId=image)
    asked = {"ImageId": image, "Attribute": "launchPermission"}
    assert make.ec2.describe_image_attribute(**asked)["LaunchPermissions"] == []
    assert make.ec2.describe_images(Owners=["self"])["Images"][0]["State"] == "available"


def test_a_disabled_image_launches_nothing(make: Builds) -> None:
    image = imaged(make)
    make.ec2.disable_image(ImageId=image)
    launch = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    assert code_of(make.ec2.run_instances, **launch) == "InvalidAMIID.Unavailable"
    make.ec2.enable_image(ImageId=image)
    assert make.ec2.run_instances(**launch)["Instances"][0]["ImageId"] == image


def test_an_image_of_somebody_elses_cant_be_disabled(make: Builds) -> None:
    assert code_of(make.ec2.disable_image, ImageId=make.image()) == "AuthFailure"


def test_deprecation_is_told_and_begins_in_the_future(make: Builds) -> None:
    image = imaged(make)
    now = datetime.now(UTC).replace(microsecond=0)
    past, soon = now - timedelta(days=1), now + timedelta(minutes=5)
    assert code_of(make.ec2.enable_image_deprecation, ImageId=image, DeprecateAt=past) == "InvalidParameterValue"
    make.ec2.enable_image_deprecation(ImageId=image, DeprecateAt=soon)
    [told] = make.ec2.describe_images(Owners=["self"])["Images"]
    assert datetime.fromisoformat(told["DeprecationTime"]) == soon
    make.ec2.disable_image_deprecation(ImageId=image)
    assert "DeprecationTime" not in make.ec2.describe_images(Owners=["self"])["Images"][0]


def test_snapshots_go_with_their_image_unless_another_stands_on_them(make: Builds) -> None:
    image = imaged(make)
    [device] = make.ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"]
    root = {"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": device["Ebs"]["SnapshotId"]}}
    other = make.ec2.register_image(Name="other", RootDeviceName="/dev/xvda", BlockDeviceMappings=[root])["ImageId"]
    told = make.ec2.deregister_image(ImageId=image, DeleteAssociatedSnapshots=True)["DeleteSnapshotResults"]
    assert [(one["SnapshotId"], one["ReturnCode"]) for one in told] == [(root["Ebs"]["SnapshotId"], "skipped")]
    told = make.ec2.deregister_image(ImageId=other, DeleteAssociatedSnapshots=True)["DeleteSnapshotResults"]
    assert [one["ReturnCode"] for one in told] == ["success"]
    assert code_of(make.ec2.describe_snapshots, SnapshotIds=[root["Ebs"]["SnapshotId"]]) == "InvalidSnapshot.NotFound"
    assert code_of(make.ec2.deregister_image, ImageId=image) == "InvalidAMIID.Unavailable"


def test_a_protected_image_isnt_deregistered(make: Builds) -> None:
    image = imaged(make)
    make.ec2.enable_image_deregistration_protection(ImageId=image)
    assert make.ec2.describe_images(ImageIds=[image])["Images"][0]["DeregistrationProtection"].startswith("enabled")
    assert code_of(make.ec2.deregister_image, ImageId=image) == "OperationNotPermitted"
    make.ec2.disable_image_deregistration_protection(ImageId=image)
    make.ec2.deregister_image(ImageId=image)


def test_only_ones_own_snapshots_are_told_where_they_are_asked_for(make: Builds) -> None:
    image = imaged(make)
    [device] = make.ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"]
    told = make.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert [one["SnapshotId"] for one in told] == [device["Ebs"]["SnapshotId"]]


def test_parameters_of_awss_own_arent_listed_and_a_version_that_is_asked_for_is_told(make: Builds) -> None:
    for value in ("one", "two"):
        make.ssm.put_parameter(Name="/golden", Value=value, Type="String", Overwrite=True)
    assert [one["Name"] for one in make.ssm.describe_parameters()["Parameters"]] == ["/golden"]
    [told] = make.ssm.get_parameters(Names=["/golden:1"])["Parameters"]
    assert (told["Name"], told["Selector"], told["Value"]) == ("/golden", ":1", "one")
    assert make.image().startswith("ami-")


def test_a_copy_of_an_image_tells_what_it_is_of(make: Builds) -> None:
    image = imaged(make)
    copy = make.ec2.copy_image(Name="copy", SourceImageId=image, SourceRegion="us-east-1")["ImageId"]
    [told] = make.ec2.describe_images(ImageIds=[copy])["Images"]
    assert (told["SourceImageId"], told["SourceImageRegion"]) == (image, "us-east-1")
