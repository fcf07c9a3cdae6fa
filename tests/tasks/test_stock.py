"""What reaches an image, read from an account that has one of each sort; and the steps, carried out."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID

from blueprints.retiring import Retiring
from tasks.errors import Unreadable
from tasks.images.listing import ACTIONS
from tasks.images.owned import DEPRECATED, DISABLED
from tasks.images.stepping import carry_out
from tasks.images.stock import plan_retirement, take_stock
from tasks.operation import Operation
from tasks.scope import Scope
from tests.physics import Physics

POLICY = Retiring(keep=1, days=0, loose_days=0)
OTHER = "210987654321"
INSTANCE = {"InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}


class Images:
    """Makes images by plain calls, and names them."""

    def __init__(self, aws: Physics) -> None:
        self.aws, self.ec2 = aws, aws.client("ec2")
        self.autoscaling, self.ssm = aws.client("autoscaling"), aws.client("ssm")
        base = {"Name": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
        self.base = self.ssm.get_parameter(**base)["Parameter"]["Value"]
        self.machine = self.launch(self.base)
        self.names: dict[str, str] = {}

    def launch(self, image: str, **more: Any) -> str:
        return str(self.ec2.run_instances(ImageId=image, **INSTANCE, **more)["Instances"][0]["InstanceId"])

    def make(self, name: str, built: str = "app", **tags: str) -> str:
        """An image of a name, built by Castra unless told otherwise."""
        asked = ({"castra:image": built} if built else {}) | {key.replace("_", ":", 1): tags[key] for key in tags}
        listed = [{"Key": key, "Value": value} for key, value in asked.items()]
        both = [{"ResourceType": kind, "Tags": listed} for kind in ("image", "snapshot")] if listed else []
        made = self.ec2.create_image(InstanceId=self.machine, Name=name, TagSpecifications=both)
        return self.named(made["ImageId"], name)

    def named(self, image: str, name: str) -> str:
        """Known by its name, and a second younger than the one before: AWS tells whole seconds."""
        self.names[image] = name
        ec2 = get_backend("ec2")[DEFAULT_ACCOUNT_ID]["eu-west-1"]
        ec2.amis[image].creation_date = datetime.now(UTC) + timedelta(seconds=len(self.names) - 1000)
        return image

    def template(self, name: str, *images: str) -> str:
        """A template with so many versions; the first is the default one."""
        data = [{"ImageId": image, "InstanceType": "t3.micro"} for image in images]
        made = self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data[0])
        id = str(made["LaunchTemplate"]["LaunchTemplateId"])
        for later in data[1:]:
            self.ec2.create_launch_template_version(LaunchTemplateId=id, LaunchTemplateData=later)
        return id

    def group(self, name: str, **launch: Any) -> None:
        size = {"MinSize": 0, "MaxSize": 1, "DesiredCapacity": 0}
        self.autoscaling.create_auto_scaling_group(
            AutoScalingGroupName=name, AvailabilityZones=["eu-west-1a"], **size, **launch
        )

    def told(self, operation: Operation) -> dict[str, tuple[str, str]]:
        """What is to be done with each, by name, and why."""
        return {self.names.get(str(deed.id), str(deed.id)): (deed.action, deed.because) for deed in operation.deeds}


@pytest.fixture
def account(physics: Physics, strict: Scope) -> Iterator[Images]:
    before = len(physics.crashes())
    yield Images(physics)
    assert physics.crashes()[before:] == []


@pytest.fixture
def everywhere(account: Images) -> Scope:
    return Scope(None, "eu-west-1", poll_seconds=0.05)


def planned(scope: Scope, policy: Retiring = POLICY) -> Operation:
    now = datetime.now(UTC) + timedelta(seconds=1)
    return plan_retirement(take_stock(scope, policy, now), policy, scope.region, now)


def retired(scope: Scope, policy: Retiring = POLICY) -> Operation:
    """One run: what was planned, carried out."""
    now = datetime.now(UTC) + timedelta(seconds=1)
    stock = take_stock(scope, policy, now)
    operation = plan_retirement(stock, policy, scope.region, now)
    for deed in operation.changes:
        carry_out(scope, deed, stock)
    return operation


def test_every_sort_of_reference_holds_an_image_and_is_named(account: Images, everywhere: Scope) -> None:
    """One image for each; one that nothing reaches is the only one to go."""
    make, ec2 = account.make, account.ec2
    running, stopped = account.launch(make("running")), account.launch(make("stopped"))
    ec2.stop_instances(InstanceIds=[stopped])
    ec2.terminate_instances(InstanceIds=[account.launch(make("terminated"))])
    template = account.template(
        "web",
        make("old"),
        make("older"),
        make("previous"),
        make("default"),
        make("pinned"),
        make("passed"),
        make("latest"),
    )
    ec2.modify_launch_template(LaunchTemplateId=template, DefaultVersion="4")
    pinned = {"LaunchTemplateName": "web", "Version": "5"}
    account.group("web", LaunchTemplate=pinned)
    arm = account.template("arm", make("override"), "resolve:ssm:/golden:1")
    spare = account.template("spare", make("mixed"))
    override = {"InstanceType": "t4g.micro", "LaunchTemplateSpecification": {"LaunchTemplateId": arm}}
    mixed = {"LaunchTemplateSpecification": {"LaunchTemplateId": spare, "Version": "$Latest"}, "Overrides": [override]}
    account.group("mixed", MixedInstancesPolicy={"LaunchTemplate": mixed})
    for value in (make("resolved"), make("passed-by"), make("parameter")):
        account.ssm.put_parameter(Name="/golden", Value=value, Type="String", Overwrite=True)
    configured = {"LaunchConfigurationName": "ancient", "ImageId": make("configured"), "InstanceType": "t2.micro"}
    account.autoscaling.create_launch_configuration(**configured)
    shared = make("shared")
    ec2.modify_image_attribute(ImageId=shared, LaunchPermission={"Add": [{"UserId": OTHER}]})
    make("backed-up", castra_backup="web/nightly")
    make("part", castra_part="image/part", castra_environment="web")
    make("foreign", built="")
    make("newest")
    told = account.told(planned(everywhere))
    assert {name for name, (action, _) in told.items() if action == "deprecate"} == {
        "terminated",
        "old",
        "older",
        "passed-by",
    }
    assert "backed-up" not in told
    assert "foreign" not in told
    whys = {name: why for name, (action, why) in told.items() if action == "keep"}
    assert whys == {
        "running": f"instance {running} (running)",
        "stopped": f"instance {stopped} (stopped)",
        "previous": "launch template web version 3 (kept for rolling back from 4)",
        "default": "launch template web version 4 ($Default, kept for rolling back from 5)",
        "pinned": "launch template web version 5 (of scaling group web)",
        "passed": "launch template web version 6 (kept for rolling back from 7)",
        "latest": "launch template web version 7 ($Latest)",
        "override": "launch template arm version 1 ($Default, of an override of scaling group mixed, "
        "kept for rolling back from 2)",
        "mixed": "launch template spare version 1 ($Default, $Latest, of scaling group mixed)",
        "resolved": "launch template arm version 2 ($Latest)",
        "parameter": "SSM parameter /golden",
        "configured": "launch configuration ancient",
        "shared": f"it is shared with {OTHER}",
        "part": "it is image/part of web",
        "newest": "it is the newest of app",
    }
    told = account.told(
        planned(everywhere, POLICY.model_copy(update={"shared": True, "names": ("for*",), "versions": 3}))
    )
    assert told["shared"][0] == "deprecate"
    assert told["foreign"] == ("keep", "it is the newest of for*")
    assert told["old"] == ("keep", "launch template web version 1 (kept for rolling back from 4)")


def test_reading_takes_calls_by_the_kind_of_thing_and_not_by_the_image(account: Images, everywhere: Scope) -> None:
    def calls() -> dict[str, int]:
        before = account.aws.counts()
        planned(everywhere)
        return {name: count - before.get(name, 0) for name, count in account.aws.counts().items()}

    account.make("first")
    account.template("web", account.base)
    few = calls()
    for number in range(12):
        account.launch(account.make(f"later-{number}"))
        account.template(f"web-{number}", account.base)
    assert {name: count for name, count in calls().items() if count > few.get(name, 0)} == {
        "ec2:DescribeImageAttribute": 1
    }
    assert {name for name in few if few[name] and "Describe" in name} <= {*ACTIONS, "ec2:DescribeImageAttribute"} | set(
        few
    )


def test_what_cant_be_read_isnt_taken_for_free(account: Images, everywhere: Scope) -> None:
    account.aws.rule("DescribeSpotFleetRequests", "error:UnauthorizedOperation:403")
    with pytest.raises(Unreadable, match="no permission for ec2:DescribeSpotFleetRequests"):
        planned(everywhere)


def test_an_image_is_deprecated_disabled_and_deregistered_with_its_snapshots(
    account: Images, everywhere: Scope
) -> None:
    going = account.make("app-1")
    staying = account.make("app-2")
    assert [deed.action for deed in retired(everywhere).changes] == ["deprecate"]
    [told] = account.ec2.describe_images(ImageIds=[going])["Images"]
    assert "DeprecationTime" in told
    assert [deed.action for deed in retired(everywhere).changes] == ["disable"]
    [told] = account.ec2.describe_images(ImageIds=[going], IncludeDisabled=True)["Images"]
    assert told["State"] == "disabled"
    last = retired(everywhere)
    assert [(deed.action, deed.id, deed.gib) for deed in last.changes] == [("deregister", going, 8)]
    assert last.figures == {"gib_freed": 8}
    left = account.ec2.describe_images(Owners=["self"], IncludeDisabled=True)["Images"]
    assert [one["ImageId"] for one in left] == [staying]
    assert len(account.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 1
    assert retired(everywhere).changes == ()


@pytest.mark.parametrize("steps", [1, 2])
def test_steps_are_undone_once_something_reaches_the_image_again(
    account: Images, everywhere: Scope, steps: int
) -> None:
    image = account.make("app-1")
    account.make("app-2")
    for _ in range(steps):
        retired(everywhere)
    account.template("web", image)
    assert account.told(retired(everywhere))["app-1"] == (
        "restore",
        "launch template web version 1 ($Default, $Latest)",
    )
    [told] = account.ec2.describe_images(ImageIds=[image])["Images"]
    assert (told["State"], told.get("DeprecationTime")) == ("available", None)
    assert {tag["Key"] for tag in told["Tags"]}.isdisjoint({DEPRECATED, DISABLED})
    assert retired(everywhere).changes == ()


def test_a_backups_snapshot_stays_when_the_image_that_stands_on_it_goes(account: Images, everywhere: Scope) -> None:
    volume = account.ec2.create_volume(Size=9, AvailabilityZone="eu-west-1a")["VolumeId"]
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "castra:backup", "Value": "web/nightly"}]}]
    backup = account.ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)["SnapshotId"]
    root = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": backup}}]
    asked = [{"ResourceType": "image", "Tags": [{"Key": "castra:image", "Value": "app"}]}]
    made = account.ec2.register_image(
        Name="app-1", RootDeviceName="/dev/xvda", BlockDeviceMappings=root, TagSpecifications=asked
    )
    account.named(made["ImageId"], "app-1")
    account.make("app-2")
    done = [retired(everywhere).changes for _ in range(3)][-1]
    assert [(deed.action, deed.gib) for deed in done] == [("deregister", 0)]
    assert f"{backup} stays: it is a backup of web/nightly" in done[0].because
    kept = account.ec2.describe_snapshots(SnapshotIds=[backup])["Snapshots"]
    assert [one["SnapshotId"] for one in kept] == [backup]


def test_snapshots_that_images_left_behind_go_unless_they_are_shared(account: Images, everywhere: Scope) -> None:
    snapshots = {}
    for name in ("gone", "lent", "foreign"):
        image = account.make(name, built="" if name == "foreign" else "app")
        [device] = account.ec2.describe_images(ImageIds=[image])["Images"][0]["BlockDeviceMappings"]
        snapshots[name] = device["Ebs"]["SnapshotId"]
        account.ec2.deregister_image(ImageId=image)
    share = {"Attribute": "createVolumePermission", "OperationType": "add", "UserIds": [OTHER]}
    account.ec2.modify_snapshot_attribute(SnapshotId=snapshots["lent"], **share)
    told = account.told(retired(everywhere))
    assert told[snapshots["gone"]][0] == "remove"
    assert told[snapshots["lent"]] == ("keep", f"it is shared with {OTHER}")
    assert told[snapshots["foreign"]][0] == "keep"
    left = {one["SnapshotId"] for one in account.ec2.describe_snapshots(OwnerIds=["self"])["Snapshots"]}
    assert left == {snapshots["lent"], snapshots["foreign"]}


def test_a_copy_that_is_under_way_holds_its_source(weather: Any) -> None:
    account = Images(weather(times={"image_copied": 1000}))
    source = account.make("app-1")
    account.make("app-2")
    copy = account.ec2.copy_image(Name="copy", SourceImageId=source, SourceRegion="eu-west-1")["ImageId"]
    told = account.told(planned(Scope(None, "eu-west-1", poll_seconds=0.05)))
    assert told["app-1"] == ("keep", f"it is being copied to {copy}")
