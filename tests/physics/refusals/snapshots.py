"""Snapshots: how many of one volume may be pending, and how soon one follows another."""

from collections import Counter
from typing import Any

from tests.physics.answers import Answer, Refused
from tests.physics.hooks import after, before
from tests.physics.protocol import Request
from tests.physics.world import World

PENDING = Counter({"st1": 1, "sc1": 1, "gp2": 5, "gp3": 5, "io1": 5, "io2": 5, "standard": 5})
"""Of one volume at once: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html"""
APART = 15.0  # seconds between two of one volume


@before("ec2:CreateSnapshot", "ec2:CreateSnapshots", "ec2:CreateImage")
def not_too_many_of_one_volume(request: Request, world: World) -> None:
    for volume in volumes(request, world):
        snapshots = world.backend(request).snapshots.values()
        pending = sum(one.status == "pending" and one.volume is volume for one in snapshots)
        if pending >= PENDING[volume.volume_type or "gp2"]:
            why = f"Maximum allowed in-progress snapshots for a single volume exceeded. ({volume.id})"
            raise Refused("ConcurrentSnapshotLimitExceeded", why)


@before("ec2:CreateSnapshot", "ec2:CreateSnapshots")
def not_too_soon(request: Request, world: World) -> None:
    """A limit of rates, which counts where rates do."""
    taken = world.recall("snapshots taken", dict)
    for volume in volumes(request, world) if world.profile.throttle else ():
        if world.clock.now() - taken.get(volume.id, -APART) < APART:
            why = f"The maximum per volume CreateSnapshot request rate has been exceeded. ({volume.id})"
            raise Refused("SnapshotCreationPerVolumeRateExceeded", why)


@after("ec2:CreateSnapshot", "ec2:CreateSnapshots")
def taken_now(request: Request, answer: Answer, world: World) -> None:
    taken = world.recall("snapshots taken", dict)
    taken.update({volume.id: world.clock.now() for volume in volumes(request, world)})


def volumes(request: Request, world: World) -> list[Any]:
    """What a request takes snapshots of."""
    ec2 = world.backend(request)
    if request.operation == "CreateSnapshot":
        return [volume] if (volume := ec2.volumes.get(request.text("VolumeId"))) else []
    named = request.text("InstanceId") or request.params.get("InstanceSpecification", {}).get("InstanceId", "")
    held = (one for reservation in ec2.reservations.values() for one in reservation.instances if one.id == named)
    return [ec2.volumes[each.volume_id] for one in held for _, each in one.get_block_device_mapping]
