"""Volumes: what an instance is launched with, and how they perform."""

from typing import Any

from moto.ec2.models.elastic_block_store import EBSBackend
from moto.ec2.models.instances import Instance
from moto.ec2.responses.instances import InstanceResponse

from tests.physics.answers import Answer
from tests.physics.hooks import after
from tests.physics.protocol import Request
from tests.physics.world import World

GP3_IOPS, GP3_THROUGHPUT = 3000, 125
PARSE: Any = InstanceResponse._parse_block_device_mapping
CREATE: Any = EBSBackend.create_volume
ADD: Any = Instance.add_block_device


def create_volume(ec2: Any, *arguments: Any, **named: Any) -> Any:
    """With what its type performs, where nobody says; moto leaves out all but gp3's iops."""
    if named.get("volume_type") in ("io1", "io2"):
        named["iops"] = named.get("iops") or 100
    volume = CREATE(ec2, *arguments, **named)
    perform(volume)
    return volume


def perform(volume: Any, iops: Any = None, throughput: Any = None) -> None:
    volume.size = int(volume.size)
    if volume.volume_type == "gp3":
        volume.iops = int(iops or volume.iops or GP3_IOPS)
        volume.throughput = int(throughput or volume.throughput or GP3_THROUGHPUT)
    elif volume.volume_type in ("io1", "io2"):
        volume.iops, volume.throughput = int(iops or volume.iops), None
    else:
        volume.iops, volume.throughput = max(100, 3 * volume.size) if volume.volume_type == "gp2" else None, None


def mappings(response: Any) -> Any:
    """An image's own disks are launched too; of those that a launch names, it may leave out what it likes."""
    image = response.ec2_backend.amis.get(response._get_param("ImageId"))
    asked = {row["DeviceName"]: row for row in response._get_param("BlockDeviceMappings", [])}
    stands = image is not None and "disks" in image.__dict__
    for mapping in image.block_device_mappings if image and (asked or stands) else []:
        ebs: dict[str, Any] = dict(mapping["Ebs"]) if stands else {"VolumeSize": 8, "VolumeType": "gp3"}
        row = asked.setdefault(mapping["DeviceName"], {"DeviceName": mapping["DeviceName"], "Ebs": {}})
        if "Ebs" in row:
            secret = bool(ebs.get("Encrypted")) or bool(row["Ebs"].get("Encrypted"))
            row["Ebs"] = {"DeleteOnTermination": True, **ebs, **row["Ebs"], "Encrypted": secret}
    if asked:
        response.params["BlockDeviceMappings"] = list(asked.values())
    return PARSE(response)


def add_block_device(instance: Any, size: Any, device_path: str, *more: Any, **named: Any) -> None:
    """One volume a device: what a template says of the root takes the place of moto's own."""
    if taken := instance.block_device_mapping.pop(device_path, None):
        instance.ec2_backend.volumes.pop(taken.volume_id, None)
    ADD(instance, size, device_path, *more, **named)


def setup_defaults(instance: Any) -> None:
    """The root has its image's name for it; moto calls it /dev/sda1."""
    ADD(instance, 8, instance.root_device_name, None, False, True, None, "gp3")


EBSBackend.create_volume = create_volume  # type: ignore[method-assign]
InstanceResponse._parse_block_device_mapping = mappings  # type: ignore[method-assign]
Instance.add_block_device = add_block_device  # type: ignore[method-assign]
Instance.setup_defaults = setup_defaults  # type: ignore[method-assign]


@after("ec2:RunInstances")
def performing(request: Request, answer: Answer, world: World) -> None:
    """As the launch asks; moto drops a disk's iops and throughput."""
    ec2 = world.backend(request)
    rows = {row.get("DeviceName"): row.get("Ebs", {}) for row in request.rows("BlockDeviceMapping")}
    for instance in next(reversed(ec2.reservations.values())).instances:
        for device, block in instance.get_block_device_mapping:
            row = rows.get(device, {})
            perform(ec2.volumes[block.volume_id], row.get("Iops"), row.get("Throughput"))


@after("ec2:ModifyVolume")
def performs_otherwise(request: Request, answer: Answer, world: World) -> None:
    volume = world.backend(request).volumes[request.text("VolumeId")]
    if request.text("VolumeType"):
        volume.iops = volume.throughput = None
    perform(volume, request.text("Iops"), request.text("Throughput"))
