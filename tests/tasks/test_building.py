"""Building images: what is planned, and that nothing is doubled, lost or left, whatever goes wrong on the way."""

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from blueprints.building import Bake
from blueprints.environment import Environment
from blueprints.images import BuiltImage
from tasks.errors import CastraError, Halted, Invalid
from tasks.images.bases import order_of
from tasks.images.building import build_of, plan_build, stages
from tasks.images.recipe import Order
from tasks.images.works import carry_out, look_at
from tasks.operation import Operation
from tasks.scope import Scope, as_dict
from tests.physics import Physics

BASE = "ami-12c6146b"
RECIPE: dict[str, Any] = {"base": {"id": BASE}, "commands": ["install things"], "test": ["try them"]}
FAR, OTHER = "eu-central-1", "210987654321"
RUN = "flow run x"


@pytest.fixture
def everywhere(physics: Physics) -> Iterator[Scope]:
    yield Scope(None, "eu-west-1", poll_seconds=0.02)
    assert physics.crashes() == []


def baked(**more: Any) -> BuiltImage:
    recipe = {key: more.pop(key) for key in tuple(more) if key in Bake.model_fields}
    return BuiltImage.model_validate({"bake": RECIPE | recipe, **more})


def order(
    scope: Scope, image: BuiltImage, environment: str = "web", tags: dict[str, str] | None = None, **more: Any
) -> Order:
    document = {"name": environment, "region": "eu-west-1", "tags": tags or {}, "images": {"app": image}}
    return order_of(scope, Environment.model_validate(document), "app", **more)


def planned(scope: Scope, wanted: Order) -> Operation:
    return plan_build(wanted, look_at(scope, wanted), scope.region)


def built(scope: Scope, image: BuiltImage, **more: Any) -> Operation:
    """One run, as the flow makes it."""
    wanted = order(scope, image, **more)
    site = look_at(scope, wanted)
    operation, build = plan_build(wanted, site, scope.region), build_of(wanted, site)
    for stage in stages(wanted, site, operation):
        for deed in stage:
            operation = operation.done((carry_out(scope, deed, wanted, build, RUN),), 0, {})
    return operation


def images(physics: Physics, region: str = "eu-west-1") -> list[Any]:
    told = physics.client("ec2", region).describe_images(Owners=["self"], IncludeDisabled=True)["Images"]
    return sorted(told, key=lambda one: str(one["Name"]))


def names(physics: Physics, region: str = "eu-west-1") -> list[str]:
    return [str(one["Name"]) for one in images(physics, region)]


def standing(physics: Physics) -> list[Any]:
    told = physics.client("ec2", "eu-west-1").describe_instances()["Reservations"]
    every = [instance for reservation in told for instance in reservation["Instances"]]
    return [one for one in every if one["State"]["Name"] != "terminated"]


def sent(physics: Physics) -> list[Any]:
    return [call.params["Parameters"]["commands"] for call in physics.log.snapshot() if call.operation == "SendCommand"]


# ---------------------------------------------------------------------- baked


def test_a_recipe_is_run_and_tested_and_of_the_machine_nothing_is_left(physics: Physics, everywhere: Scope) -> None:
    done = built(everywhere, baked(bootstrap="#!/bin/sh\ntrue"), tags={"team": "web"}, commit="abc123")
    assert [(deed.what, deed.action) for deed in done.deeds] == [("app-1 in eu-west-1", "build")]
    [image] = images(physics)
    assert (image["ImageId"], image["State"]) == (done.deeds[0].id, "available")
    tags = as_dict(image["Tags"])
    recipe, created = tags.pop("castra:provenance-recipe"), tags.pop("castra:created")
    assert recipe.startswith("r1-")
    assert created.endswith("Z")
    assert tags == {
        "Name": "app-1",
        "team": "web",
        "castra:image": "app",
        "castra:build": "app/1",
        "castra:provenance-base": BASE,
        "castra:provenance-commit": "abc123",
        "castra:provenance-built-by": RUN,
    }
    assert [lines[0] for lines in sent(physics)] == ["set -e", "set -e"]
    assert [lines[-1] for lines in sent(physics)] == ["install things", "try them"]
    assert "cloud-init status --wait" in sent(physics)[0][1]
    assert standing(physics) == []
    assert physics.client("ec2", "eu-west-1").describe_volumes()["Volumes"] == []
    [snapshot] = physics.client("ec2", "eu-west-1").describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert as_dict(snapshot["Tags"])["castra:image"] == "app"


def test_the_machine_is_no_part_of_an_environment_and_its_disks_end_with_it(
    physics: Physics, everywhere: Scope
) -> None:
    built(everywhere, baked(volumes=[{"device": "/dev/sda1", "size": 30}, {"device": "/dev/xvdf", "size": 9}]))
    [launch] = [call.params for call in physics.log.snapshot() if call.operation == "RunInstances"]
    disks = {row["DeviceName"]: row["Ebs"] for row in launch["BlockDeviceMapping"]}
    assert {row["DeleteOnTermination"] for row in disks.values()} == {"true"}
    assert {"/dev/sda1", "/dev/xvdf"} <= set(disks)
    assert launch["MetadataOptions"] == {"HttpTokens": "required"}
    keys = {tag["Key"] for row in launch["TagSpecification"] for tag in row["Tag"]}
    assert {"castra:build", "castra:created"} <= keys
    assert "castra:environment" not in keys


def test_user_data_that_shuts_the_machine_down_needs_no_systems_manager(weather: Any) -> None:
    physics = weather(scale=200, times={"machine_furnished": 60, "instance_running": 4, "instance_stopped": 10})
    built(Scope(None, "eu-west-1", poll_seconds=0.02), baked(commands=[], test=[], bootstrap="work\nshutdown -h now"))
    assert (names(physics), standing(physics), sent(physics)) == (["app-1"], [], [])


@pytest.mark.parametrize("step", ["commands", "test"])
def test_where_recipe_or_test_fails_no_image_is_made_and_no_machine_left(
    physics: Physics, everywhere: Scope, step: str
) -> None:
    with pytest.raises(CastraError, match="exit status 3") as caught:
        built(everywhere, baked(**{step: ["exit 3"]}))
    assert ("recipe" if step == "commands" else "test") in str(caught.value)
    assert (names(physics), standing(physics)) == ([], [])


def test_a_machine_that_isnt_reached_or_ends_by_itself_is_told_and_cleared_away(
    physics: Physics, everywhere: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tasks.compute.commands.REACHED_WITHIN", 0.2)
    physics.rule("SendCommand", "error:InvalidInstanceId:400")
    with pytest.raises(CastraError, match="Systems Manager doesn't reach it"):
        built(everywhere, baked())
    assert (names(physics), standing(physics)) == ([], [])


def test_the_same_recipe_on_the_same_base_makes_no_second_image_and_another_one_does(
    physics: Physics, everywhere: Scope
) -> None:
    built(everywhere, baked())
    before = len(physics.writes())
    again = built(everywhere, baked(within=90))
    assert (again.settled, len(physics.writes())) == (True, before)
    assert "built already, by the same recipe" in again.deeds[0].because
    assert built(everywhere, baked(), again=True).deeds[0].what == "app-2 in eu-west-1"
    assert built(everywhere, baked(commands=["install other things"])).deeds[0].what == "app-3 in eu-west-1"
    assert names(physics) == ["app-1", "app-2", "app-3"]


def test_one_that_a_rotation_refused_is_built_again(physics: Physics, everywhere: Scope) -> None:
    built(everywhere, baked())
    refused = [{"Key": "castra:refused", "Value": "2026-01-01T00:00:00Z"}]
    physics.client("ec2", "eu-west-1").create_tags(Resources=[images(physics)[0]["ImageId"]], Tags=refused)
    assert built(everywhere, baked()).deeds[0].what == "app-2 in eu-west-1"


def test_a_newer_base_makes_another_one(physics: Physics, everywhere: Scope) -> None:
    golden = physics.client("ssm", "eu-west-1")
    image = baked(base={"ssm": "/golden"})
    for base in (BASE, "ami-1812c061"):
        golden.put_parameter(Name="/golden", Value=base, Type="String", Overwrite=True)
        built(everywhere, image)
    assert [as_dict(one["Tags"])["castra:provenance-base"] for one in images(physics)] == [BASE, "ami-1812c061"]


def test_a_base_that_nobody_has_built_is_a_problem_with_its_place(everywhere: Scope) -> None:
    with pytest.raises(Invalid) as caught:
        order(everywhere, baked(base={"built": "golden"}))
    (problem,) = caught.value.problems
    assert (problem.path, problem.way_out) == ("images.app.bake.base", "Build it: castra build-image FILE golden")


# ---------------------------------------------------------------------- lost answers, killed runs


@pytest.mark.parametrize("operation", ["RunInstances", "SendCommand", "StopInstances", "CreateImage"])
def test_a_lost_answer_doubles_nothing(physics: Physics, everywhere: Scope, operation: str) -> None:
    physics.rule(operation, "lose-answer", nth=1)
    built(everywhere, baked())
    assert (names(physics), standing(physics)) == (["app-1"], [])
    assert len(sent(physics)) == 2
    [launched] = physics.client("ec2", "eu-west-1").describe_instances()["Reservations"]
    assert len(launched["Instances"]) == 1


@pytest.mark.parametrize("operation", ["RunInstances", "SendCommand", "StopInstances", "CreateImage"])
def test_what_a_killed_run_has_left_is_gone_after_the_next(physics: Physics, everywhere: Scope, operation: str) -> None:
    """It died right after a write had taken effect, and could clear nothing away."""
    killed = threading.Event()

    def after(**_: Any) -> None:
        killed.set()
        raise Halted("test", "killed")

    dying = Scope(None, "eu-west-1", poll_seconds=0.02)
    service = "ssm" if operation == "SendCommand" else "ec2"
    for once in (False, True):
        dying.client(service, once=once).meta.events.register(f"after-call.*.{operation}", after)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks.images.baking._clear", lambda *_: None)
        with pytest.raises(Halted):
            built(dying, baked())
    assert killed.is_set()
    assert len(standing(physics)) == 1
    wanted = order(everywhere, baked())
    assert "left by an earlier run, which built app/1" in {deed.because for deed in planned(everywhere, wanted).deeds}
    built(everywhere, baked())
    assert (names(physics), standing(physics)) == (["app-1"], [])
    assert built(everywhere, baked()).settled


def test_an_image_under_way_is_taken_on_even_where_another_is_wanted(weather: Any) -> None:
    physics = weather(scale=100, times={"image_available": 100})
    scope = Scope(None, "eu-west-1", poll_seconds=0.02)

    def impatient(*_: Any, **__: Any) -> None:
        raise Halted("test", "killed")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tasks.images.baking.await_image", impatient)
        with pytest.raises(Halted):
            built(scope, baked())
    done = built(scope, baked(), again=True)
    assert (done.deeds[0].what, done.deeds[0].because) == ("app-1 in eu-west-1", "an earlier run has begun it")
    assert (names(physics), standing(physics)) == (["app-1"], [])


def test_somebody_elses_image_of_the_same_name_is_left_alone(physics: Physics, everywhere: Scope) -> None:
    ec2 = physics.client("ec2", "eu-west-1")
    machine = ec2.run_instances(ImageId=BASE, MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    ec2.create_image(InstanceId=machine, Name="app-4")
    ec2.create_image(InstanceId=machine, Name="app-web-9")
    assert built(everywhere, baked()).deeds[0].what == "app-5 in eu-west-1"
    assert names(physics) == ["app-4", "app-5", "app-web-9"]


# ---------------------------------------------------------------------- from an instance, from a snapshot


@pytest.mark.parametrize("reboot", [True, False])
def test_an_instance_is_imaged_with_or_without_a_reboot_and_stays(
    physics: Physics, everywhere: Scope, reboot: bool
) -> None:
    ec2 = physics.client("ec2", "eu-west-1")
    tags = [{"Key": "castra:environment", "Value": "web"}, {"Key": "castra:part", "Value": "instance/db"}]
    specified = [{"ResourceType": "instance", "Tags": tags}]
    machine = ec2.run_instances(ImageId=BASE, MinCount=1, MaxCount=1, TagSpecifications=specified)
    id = machine["Instances"][0]["InstanceId"]
    image = BuiltImage.model_validate({"from_instance": {"instance": "db", "reboot": reboot}})
    built(everywhere, image, environment="web")
    [call] = [call.params for call in physics.log.snapshot() if call.operation == "CreateImage"]
    assert (call["InstanceId"], call["NoReboot"]) == (id, str(not reboot).lower())
    assert as_dict(images(physics)[0]["Tags"])["castra:provenance-base"] == id
    assert ec2.describe_instances(InstanceIds=[id])["Reservations"][0]["Instances"][0]["State"]["Name"] == "running"
    with pytest.raises(Invalid, match="no instances db stand in other"):
        built(everywhere, image, environment="other")


def snapshot(physics: Physics) -> str:
    ec2 = physics.client("ec2", "eu-west-1")
    volume = ec2.create_volume(Size=9, AvailabilityZone="eu-west-1a")["VolumeId"]
    tags = [{"ResourceType": "snapshot", "Tags": [{"Key": "castra:backup", "Value": "web/nightly"}]}]
    id = str(ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)["SnapshotId"])
    ec2.delete_volume(VolumeId=volume)
    return id


def test_a_snapshot_is_registered_as_it_says(physics: Physics, everywhere: Scope) -> None:
    made = {"snapshot": snapshot(physics), "architecture": "arm64", "boot_mode": "uefi", "root_device": "/dev/sda1"}
    built(everywhere, BuiltImage.model_validate({"from_snapshot": made, "numbered": True}))
    [image] = images(physics)
    told = (image["Architecture"], image["BootMode"], image["RootDeviceName"], image["EnaSupport"])
    assert told == ("arm64", "uefi", "/dev/sda1", True)
    assert image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"] == made["snapshot"]


@pytest.mark.parametrize("lose", ["", "RegisterImage", "CopyImage", "DeregisterImage"])
def test_encrypted_it_is_a_copy_of_which_only_the_copy_stays_and_never_is_the_snapshot_lost(
    physics: Physics, everywhere: Scope, lose: str
) -> None:
    backup = snapshot(physics)
    if lose:
        physics.rule(lose, "lose-answer", nth=1)
    image = BuiltImage.model_validate({"from_snapshot": backup, "numbered": True, "encrypt": True})
    built(everywhere, image)
    [told] = images(physics)
    assert told["Name"] == "app-1"
    assert told["BlockDeviceMappings"][0]["Ebs"]["Encrypted"]
    kept = physics.client("ec2", "eu-west-1").describe_snapshots(OwnerIds=["self"])["Snapshots"]
    assert {one["SnapshotId"] for one in kept} == {backup, told["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]}
    assert built(everywhere, image).settled


def test_an_encrypted_baked_one_leaves_nothing_of_what_it_was_a_copy_of(physics: Physics, everywhere: Scope) -> None:
    built(everywhere, baked(encrypt=True))
    assert (names(physics), standing(physics)) == (["app-1"], [])
    assert len(physics.client("ec2", "eu-west-1").describe_snapshots(OwnerIds=["self"])["Snapshots"]) == 1


def test_a_killed_encryption_goes_on_from_what_was_baked(physics: Physics, everywhere: Scope) -> None:
    physics.rule("CopyImage", "error:UnauthorizedOperation:403", nth=1)
    with pytest.raises(CastraError, match="no permission for ec2:CopyImage"):
        built(everywhere, baked(encrypt=True))
    assert names(physics) == ["app-1-plain"]
    done = built(everywhere, baked(encrypt=True))
    assert done.deeds[0].because == "an earlier run has begun it"
    assert names(physics) == ["app-1"]
    assert physics.counts()["ec2:CreateImage"] == 1


# ---------------------------------------------------------------------- copied and shared


@pytest.mark.parametrize("lose", ["", "CopyImage", "ModifyImageAttribute"])
def test_it_is_copied_to_other_regions_and_shared_there_too(physics: Physics, everywhere: Scope, lose: str) -> None:
    if lose:
        physics.rule(lose, "lose-answer", nth=1)
    image = baked(copies=[FAR], share=[OTHER])
    done = built(everywhere, image)
    assert [(deed.what, deed.action) for deed in done.deeds] == [
        ("app-1 in eu-west-1", "build"),
        ("app-1 in eu-central-1", "copy"),
        (f"app-1 in eu-west-1 with {OTHER}", "share"),
        (f"app-1 in eu-central-1 with {OTHER}", "share"),
    ]
    [here], [there] = images(physics), images(physics, FAR)
    tags = as_dict(there["Tags"])
    assert (tags["castra:image"], tags["castra:copy-of"]) == ("app", f"eu-west-1/{here['ImageId']}")
    for region, one in (("eu-west-1", here), (FAR, there)):
        asked = {"ImageId": one["ImageId"], "Attribute": "launchPermission"}
        told = physics.client("ec2", region).describe_image_attribute(**asked)["LaunchPermissions"]
        assert told == [{"UserId": OTHER}]
    assert built(everywhere, image).settled


def test_what_is_added_to_copies_and_shares_later_is_done_without_another_build(
    physics: Physics, everywhere: Scope
) -> None:
    built(everywhere, baked())
    done = built(everywhere, baked(copies=[FAR], share=[OTHER]))
    assert [deed.action for deed in done.deeds] == ["keep", "copy", "share", "share"]
    assert (names(physics), names(physics, FAR)) == (["app-1"], ["app-1"])


def test_whatever_else_is_called_so_there_isnt_taken_for_the_copy(physics: Physics, everywhere: Scope) -> None:
    there = physics.client("ec2", FAR)
    machine = there.run_instances(ImageId="ami-12c6146b", MinCount=1, MaxCount=1)["Instances"][0]["InstanceId"]
    there.create_image(InstanceId=machine, Name="app-1")
    with pytest.raises(CastraError, match="somebody else's image has this name"):
        built(everywhere, baked(copies=[FAR], share=[OTHER]))
    assert len(names(physics, FAR)) == 1
