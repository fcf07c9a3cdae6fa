"""Disks of a launch: what isn't said of one that the image has is as the image says; moto wants all of it said."""

from typing import Any

from moto.ec2.responses.instances import InstanceResponse

PARSE: Any = InstanceResponse._parse_block_device_mapping


def parse(response: Any) -> list[dict[str, Any]]:
    """With size and snapshot of the image's own disk where neither is given."""
    image = response.ec2_backend.amis.get(response._get_param("ImageId"))
    own = {row["DeviceName"]: row.get("Ebs", {}) for row in image.block_device_mappings} if image else {}
    for row in response._get_param("BlockDeviceMappings", []):
        theirs, said = own.get(row.get("DeviceName"), {}), row.get("Ebs", {})
        if theirs and not said.get("SnapshotId"):
            row["Ebs"] = {**{key: theirs[key] for key in ("SnapshotId", "VolumeSize") if key in theirs}, **said}
    mappings: list[dict[str, Any]] = PARSE(response)
    return mappings


InstanceResponse._parse_block_device_mapping = parse  # type: ignore[method-assign]
