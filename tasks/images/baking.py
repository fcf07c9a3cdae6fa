"""A machine that an image is baked on: launched, furnished, tested, stopped, imaged, and gone whatever happens."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from blueprints.booting import Volume
from blueprints.building import Bake
from tasks.compute.commands import run_script
from tasks.errors import CastraError, LeaseLost
from tasks.images.availability import await_image, made_once, tagged
from tasks.images.listing import STANDING
from tasks.images.provenance import BUILD
from tasks.progress import waiting
from tasks.retry import when_visible
from tasks.scope import Scope
from tasks.waiting import wait_for, wait_until

CLOUD_INIT = "if command -v cloud-init >/dev/null; then cloud-init status --wait || test $? -eq 2; fi"
"""Waits for the user data; 2 is cloud-init's word for what went wrong and didn't matter."""
STOPPED_WITHIN = 600.0
MINUTE = 60.0
ENDED = ("shutting-down", "terminated")


def bake(scope: Scope, recipe: Bake, base: str, title: str, passing: Mapping[str, str], tags: Mapping[str, str]) -> str:
    """The id of the image, once it's available. `passing` are the tags of the machine, `tags` those of the image."""
    with _machine(scope, recipe, base, passing) as machine:
        _furnish(scope, recipe, machine, title)
        _stop(scope, machine, title)

        def image(**named: str) -> Any:
            asked = {"InstanceId": machine, "TagSpecifications": tagged(tags, "image", "snapshot")}
            return scope.ec2.create_image(**asked, **named)

        id = made_once(scope, title, tags, image)
        await_image(scope, id, title)
    return id


def machines(scope: Scope, build: str) -> list[Mapping[str, Any]]:
    """The machines that stand of a build, or of all builds of a name: `app/3`, `app/*`."""
    filters = [{"Name": f"tag:{BUILD}", "Values": [build]}, {"Name": "instance-state-name", "Values": STANDING}]
    told = scope.pages("ec2", "describe_instances", "Reservations", Filters=filters)
    return [instance for reservation in told for instance in reservation["Instances"]]


def terminate(scope: Scope, *machines: str) -> None:
    """They go, with their disks."""
    if machines:
        scope.ec2.terminate_instances(InstanceIds=list(machines))
        for machine in machines:
            wait_for(scope, "ec2", "instance_terminated", machine, STOPPED_WITHIN, InstanceIds=[machine])


@contextmanager
def _machine(scope: Scope, recipe: Bake, base: str, passing: Mapping[str, str]) -> Iterator[str]:
    """A machine that runs within, and is gone afterwards. Whoever took over the lease clears it away himself."""
    try:
        yield _launched(scope, recipe, base, passing)
    except LeaseLost:
        raise
    except BaseException:
        _clear(scope, passing[BUILD])
        raise
    _clear(scope, passing[BUILD])


def _clear(scope: Scope, build: str) -> None:
    """All of the build, as a launch whose answer was lost may have made one; even when the run was asked to stop."""
    terminate(scope, *(str(one["InstanceId"]) for one in machines(scope, build)))


def _launched(scope: Scope, recipe: Bake, base: str, passing: Mapping[str, str]) -> str:
    """The token is this try's own: one that is derived would give a machine that an earlier run has terminated."""
    scope.go_ahead.check()
    asked: dict[str, Any] = {
        "ImageId": base,
        "InstanceType": recipe.instance_type,
        "ClientToken": uuid.uuid4().hex,
        "InstanceInitiatedShutdownBehavior": "stop",
        "MetadataOptions": {"HttpTokens": "required"},
        "BlockDeviceMappings": _disks(scope, recipe, base),
        "TagSpecifications": tagged(passing, "instance", "volume"),
    }
    if recipe.bootstrap.text:
        asked["UserData"] = recipe.bootstrap.text
    if recipe.profile:
        asked["IamInstanceProfile"] = {"Name": recipe.profile}
    if recipe.subnet:
        asked["SubnetId"] = recipe.subnet
    if recipe.security_groups:
        asked["SecurityGroupIds"] = list(recipe.security_groups)
    made = when_visible("the instance profile", scope.ec2.run_instances, **asked, MinCount=1, MaxCount=1)
    return str(made["Instances"][0]["InstanceId"])


def _disks(scope: Scope, recipe: Bake, base: str) -> list[dict[str, Any]]:
    """The base's own and the recipe's; all of them end with the machine, whatever the base says."""
    (image,) = scope.ec2.describe_images(ImageIds=[base])["Images"]
    own = [one["DeviceName"] for one in image.get("BlockDeviceMappings", []) if "Ebs" in one]
    disks: dict[str, dict[str, Any]] = {device: {} for device in own}
    disks |= {volume.device: _sized(volume, volume.device in own) for volume in recipe.volumes}
    return [{"DeviceName": device, "Ebs": {**disk, "DeleteOnTermination": True}} for device, disk in disks.items()]


def _sized(volume: Volume, theirs: bool) -> dict[str, Any]:
    """A disk as EC2 takes it; one of the base's own can only be resized here."""
    asked = {"VolumeSize": volume.size, "VolumeType": volume.type, "Iops": volume.iops, "Throughput": volume.throughput}
    said = {key: value for key, value in asked.items() if value is not None}
    return said if theirs else said | {"Encrypted": volume.encrypted}


def _furnish(scope: Scope, recipe: Bake, machine: str, title: str) -> None:
    """Until the recipe has been carried out and its tests have passed, or the machine has stopped itself."""
    within = recipe.within * MINUTE
    if not recipe.told:
        waiting("until its user data stops it")
        _await_state(scope, machine, "stopped", within, f"the user data of {title}")
        return
    _await_state(scope, machine, "running", STOPPED_WITHIN, f"the machine of {title}")
    first = (CLOUD_INIT,) if recipe.bootstrap.text else ()
    if lines := (*first, *recipe.commands):
        waiting("running the recipe")
        run_script(scope, machine, lines, f"the recipe of {title}", within, f"recipe of {title}")
    if recipe.test:
        waiting("testing it")
        run_script(scope, machine, recipe.test, f"the test of {title}", within, f"test of {title}")


def _stop(scope: Scope, machine: str, title: str) -> None:
    """So that its disks are at rest."""
    scope.go_ahead.check()
    scope.ec2.stop_instances(InstanceIds=[machine])
    _await_state(scope, machine, "stopped", STOPPED_WITHIN, f"the machine of {title}")


def _await_state(scope: Scope, machine: str, state: str, within: float, what: str) -> None:
    told = {"state": "not seen yet"}
    asked: dict[str, Any] = {"Filters": [{"Name": "instance-id", "Values": [machine]}]}

    def there() -> bool:
        for reservation in scope.pages("ec2", "describe_instances", "Reservations", **asked):
            (instance,) = reservation["Instances"]
            told["state"] = instance["State"]["Name"]
            if told["state"] in ENDED:
                why = instance.get("StateReason", {}).get("Message", "AWS gives no reason")
                raise CastraError(what, f"{machine} ended: {why}", "Mend that, and run again")
        return told["state"] == state

    wait_until(scope, there, what, within, lambda: f"{machine} is {told['state']}, and not {state}")
