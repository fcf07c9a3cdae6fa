"""A version of a launch template, in AWS's words and in ours."""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from tasks.kind import Hushed, State, Unordered
from tasks.scope import ENVIRONMENT, EXTRA, PART, Scope, as_dict, as_list, wanted_tags

TAGGED = ("instance", "volume")  # what a launch makes, and tags


class VolumeState(State):
    """A volume of every instance. What isn't set is None."""

    device: str
    size: int | None
    type: str | None
    iops: int | None
    throughput: int | None
    encrypted: bool
    keep: bool


class MetadataState(State):
    """How an instance is told about itself. Without a session token, whatever it can be made to fetch gets its role's
    credentials; with more than one hop, its containers do."""

    endpoint: str = "enabled"
    tokens: str = "required"
    hops: int = 1


class LaunchTemplateState(State):
    """The default version. https://docs.aws.amazon.com/autoscaling/ec2/userguide/launch-templates.html"""

    image: str
    instance_type: str
    groups: Unordered[str]
    profile: str | None
    key_pair: str | None
    user_data: Hushed[str]
    volumes: Unordered[VolumeState]
    shutdown: str
    monitoring: bool
    launched_by: str
    metadata: MetadataState = MetadataState()
    passes_tags_on: bool = True
    """Whether what's launched gets the environment, the part it belongs to, a name, and the template's user tags."""


def tags_at_launch(environment: str | None, tags: Mapping[str, str], launched_by: str) -> dict[str, str]:
    """The tags of instances and volumes, from the user's own and the key of the part that launches them. Pure."""
    identity = {ENVIRONMENT: environment or "", PART: launched_by}
    given = wanted_tags(environment, tags, launched_by)
    return identity | {key: value for key, value in given.items() if key != EXTRA}


def data_of(wanted: LaunchTemplateState, scope: Scope) -> dict[str, Any]:
    """A version, as AWS takes it."""
    tags = as_list(tags_at_launch(scope.environment, scope.tags, wanted.launched_by))
    data = {
        "ImageId": wanted.image,
        "InstanceType": wanted.instance_type,
        "SecurityGroupIds": list(wanted.groups),
        "IamInstanceProfile": {"Arn": wanted.profile} if wanted.profile else None,
        "KeyName": wanted.key_pair,
        "UserData": b64encode(wanted.user_data.encode()).decode(),
        "BlockDeviceMappings": [_mapping(volume) for volume in wanted.volumes],
        "TagSpecifications": [{"ResourceType": resource, "Tags": tags} for resource in TAGGED],
    }
    return {key: value for key, value in data.items() if value} | {
        "InstanceInitiatedShutdownBehavior": wanted.shutdown,
        "Monitoring": {"Enabled": wanted.monitoring},
        "MetadataOptions": {
            "HttpEndpoint": wanted.metadata.endpoint,
            "HttpTokens": wanted.metadata.tokens,
            "HttpPutResponseHopLimit": wanted.metadata.hops,
        },
    }


def _mapping(volume: VolumeState) -> dict[str, Any]:
    ebs = {
        "VolumeSize": volume.size,
        "VolumeType": volume.type,
        "Iops": volume.iops,
        "Throughput": volume.throughput,
        "Encrypted": volume.encrypted,
        "DeleteOnTermination": not volume.keep,
    }
    return {"DeviceName": volume.device, "Ebs": {key: value for key, value in ebs.items() if value is not None}}


def state_of(data: Mapping[str, Any], tags: Mapping[str, str]) -> LaunchTemplateState:
    """A version as AWS tells it, of a template with these tags."""
    metadata, profile = data.get("MetadataOptions", {}), data.get("IamInstanceProfile", {})
    launched = _launched_tags(data)
    launched_by = launched[0].get(PART, "")
    users = {key: tags[key] for key in tags.get(EXTRA, "").split() if key in tags}
    expected = tags_at_launch(tags.get(ENVIRONMENT), users, launched_by)
    return LaunchTemplateState(
        image=data.get("ImageId", ""),
        instance_type=data.get("InstanceType", ""),
        groups=tuple(data.get("SecurityGroupIds", [])),
        profile=profile.get("Arn") or profile.get("Name"),
        key_pair=data.get("KeyName"),
        user_data=_plain(data.get("UserData") or ""),
        volumes=tuple(_volume(mapping) for mapping in data.get("BlockDeviceMappings", [])),
        shutdown=data.get("InstanceInitiatedShutdownBehavior", "stop"),
        monitoring=data.get("Monitoring", {}).get("Enabled", False),
        launched_by=launched_by,
        metadata=MetadataState(
            endpoint=metadata.get("HttpEndpoint", ""),
            tokens=metadata.get("HttpTokens", ""),
            hops=metadata.get("HttpPutResponseHopLimit", 0),
        ),
        passes_tags_on=all(given == expected for given in launched),
    )


def _plain(encoded: str) -> str:
    """User data as text; AWS keeps what isn't base64 too."""
    try:
        return b64decode(encoded).decode(errors="replace")
    except ValueError:
        return encoded


def _launched_tags(data: Mapping[str, Any]) -> list[dict[str, str]]:
    """The tags that a version gives to instances and to volumes."""
    given = {one["ResourceType"]: as_dict(one.get("Tags")) for one in data.get("TagSpecifications", [])}
    return [given.get(resource, {}) for resource in TAGGED]


def _volume(mapping: Mapping[str, Any]) -> VolumeState:
    ebs = mapping.get("Ebs", {})
    return VolumeState(
        device=mapping.get("DeviceName", ""),
        size=ebs.get("VolumeSize"),
        type=ebs.get("VolumeType"),
        iops=ebs.get("Iops"),
        throughput=ebs.get("Throughput"),
        encrypted=ebs.get("Encrypted", False),
        keep=not ebs.get("DeleteOnTermination", True),
    )
