"""Why EC2 refuses what a scaling group would launch, in the words that its activities tell.

https://docs.aws.amazon.com/autoscaling/ec2/userguide/ts-as-instancelaunchfailure.html
An image that a test tags `physics:refuses` is refused in the words of the tag: what no call of anybody's brings about.
"""

from collections.abc import Iterator
from typing import Any

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ec2.models.instance_types import INSTANCE_TYPE_OFFERINGS, INSTANCE_TYPES

UNREADABLE = (
    "Instance became unhealthy while waiting for instance to be in InService state. "
    "Termination Reason: Client.InternalError: Client error on launch"
)


def refusal(group: Any, data: dict[str, Any], subnet: str | None) -> str | None:
    """The first reason, in AWS's words; None where it's launched. `data` is a template version's."""
    return next(_reasons(group, data, subnet), None) if data else None


def _reasons(group: Any, data: dict[str, Any], subnet: str | None) -> Iterator[str]:
    ec2, failed = group.ec2_backend, "Launching EC2 instance failed."
    image = ec2.amis.get(data.get("ImageId"))
    if image is None:
        yield f"The image id '[{data.get('ImageId')}]' does not exist. {failed}"
        return
    if words := ec2.tags.get(image.id, {}).get("physics:refuses"):
        yield f"{words} {failed}"
    if (key := data.get("KeyName")) and key not in ec2.key_pairs:
        yield f"The key pair '{key}' does not exist. {failed}"
    for one in data.get("SecurityGroupIds") or (data.get("NetworkInterfaces") or [{}])[0].get("Groups") or []:
        if ec2.get_security_group_from_id(one) is None:
            yield f"The security group '{one}' does not exist. {failed}"
    if (profile := data.get("IamInstanceProfile")) and not _known(profile):
        yield f"Invalid IAM Instance Profile {'ARN' if 'Arn' in profile else 'name'}. {failed}"
    zone, type = ec2.get_subnet(subnet).availability_zone if subnet else "", str(group.instance_type)
    if zone and not _offered(type, zone):
        why = f"Your requested instance type ({type}) is not supported in your requested Availability Zone ({zone})."
        yield f"{why} {failed}"
    fit = INSTANCE_TYPES.get(type, {}).get("ProcessorInfo", {}).get("SupportedArchitectures", [])
    if image.architecture and fit and image.architecture not in fit:
        why = f"The architecture '{','.join(fit)}' of the specified instance type does not match the architecture"
        yield f"{why} '{image.architecture}' of the specified AMI. {failed}"
    if not all(_usable(disk.get("Ebs", {}).get("KmsKeyId"), ec2.region_name) for disk in _disks(data)):
        yield UNREADABLE


def _known(profile: dict[str, str]) -> bool:
    there = get_backend("iam")[DEFAULT_ACCOUNT_ID]["aws"].instance_profiles.values()
    return any(profile.get("Arn") == one.arn or profile.get("Name") == one.name for one in there)


def _offered(type: str, zone: str) -> bool:
    offers = INSTANCE_TYPE_OFFERINGS["availability-zone"].get(zone[:-1], [])
    return any((one["InstanceType"], one["Location"]) == (type, zone) for one in offers)


def _disks(data: dict[str, Any]) -> list[dict[str, Any]]:
    return list(data.get("BlockDeviceMappings") or [])


def _usable(key: str | None, region: str) -> bool:
    """Whether EBS may use a KMS key: one that was deleted or disabled, nobody may."""
    keys = get_backend("kms")[DEFAULT_ACCOUNT_ID][region].keys
    found = keys.get(str(key).rpartition("/")[2]) if key else None
    return key is None or "alias/" in key or (found is not None and found.enabled and found.key_state == "Enabled")
