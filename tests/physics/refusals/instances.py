"""Instances, and what they are given: the states in which EC2 takes a call."""

from typing import Any

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World


def instance_of(request: Request, world: World) -> Any:
    """The instance that's named; moto words it where there's none."""
    return world.backend(request).get_instance(request.text("InstanceId"))


@before("ec2:StartInstances", "ec2:StopInstances")
def between_two_states(request: Request, world: World) -> None:
    wrong = ("pending", "shutting-down", "terminated", "stopping" if request.operation == "StartInstances" else "")
    for id in request.texts("InstanceId"):
        if (state := world.backend(request).get_instance(id).state) in wrong:
            why = f"The instance '{id}' is not in a state from which it can be changed: it is {state}."
            raise Refused("IncorrectInstanceState", why)


@before("ec2:ModifyInstanceAttribute")
def must_be_stopped(request: Request, world: World) -> None:
    instance = instance_of(request, world)
    asked = {"InstanceType", "UserData", "Kernel", "Ramdisk"} & request.params.keys()
    if (asked or request.text("Attribute") in ("instanceType", "userData")) and instance.state != "stopped":
        raise Refused("IncorrectInstanceState", f"The instance '{instance.id}' is not in the 'stopped' state.")
    if instance.state == "terminated":
        raise Refused("IncorrectInstanceState", f"The instance '{instance.id}' is not in a valid state.")


@before("ec2:AttachVolume")
def attachable(request: Request, world: World) -> None:
    ec2, instance = world.backend(request), instance_of(request, world)
    volume, device = ec2.get_volume(request.text("VolumeId")), request.text("Device")
    if volume.attachment:
        raise Refused("VolumeInUse", f"{volume.id} is already attached to an instance")
    if volume.status != "available":
        raise Refused("IncorrectState", f"Volume '{volume.id}' is not 'available'.")
    if instance.state not in ("running", "stopped"):
        raise Refused("IncorrectState", f"Instance '{instance.id}' is not 'running'.")
    if volume.zone and volume.zone.name != instance.availability_zone:
        why = f"The volume '{volume.id}' is not in the same availability zone as instance '{instance.id}'"
        raise Refused("InvalidVolume.ZoneMismatch", why)
    if device in instance.block_device_mapping:
        raise Refused("InvalidParameterValue", f"Invalid value '{device}' for unixDevice. Attachment point is in use")


@before("ec2:DetachVolume")
def detachable(request: Request, world: World) -> None:
    volume = world.backend(request).get_volume(request.text("VolumeId"))
    if not volume.attachment:
        raise Refused("IncorrectState", f"Volume '{volume.id}' is in the 'available' state.")
    instance = volume.attachment.instance
    if volume.attachment.device == instance.root_device_name and instance.state != "stopped":
        why = f"Unable to detach root volume '{volume.id}' from instance '{instance.id}'"
        raise Refused("OperationNotPermitted", why)


@before("ec2:AssociateAddress")
def reachable(request: Request, world: World) -> None:
    if not request.text("InstanceId"):
        return
    ec2, instance = world.backend(request), instance_of(request, world)
    if instance.state not in ("running", "stopped", "stopping"):
        why = f"The pending instance '{instance.id}' is not in a valid state for this operation."
        raise Refused("IncorrectInstanceState", why)
    attached = [gateway.vpc.id for gateway in ec2.internet_gateways.values() if gateway.vpc]
    if instance.vpc_id not in attached and ec2.vpcs[instance.vpc_id].is_default != "true":
        raise Refused("Gateway.NotAttached", f"Network {instance.vpc_id} is not attached to any internet gateway")


@before("ec2:ModifyVolume")
def only_grows(request: Request, world: World) -> None:
    volume = world.backend(request).get_volume(request.text("VolumeId"))
    if (size := request.text("Size")) and int(size) < int(volume.size):
        raise Refused("InvalidParameterValue", "New size cannot be smaller than existing size")
