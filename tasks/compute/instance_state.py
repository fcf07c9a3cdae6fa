"""An instance as AWS tells it: in DescribeInstances, in its attributes, and in what is attached to it."""

from base64 import b64decode
from collections.abc import Iterator, Mapping
from typing import Any

from tasks.compute.blocks import BlockState, block_of, owned_volumes
from tasks.compute.template_version import MetadataState
from tasks.each import each
from tasks.errors import gone_is_fine
from tasks.kind import AtBirth, Fixed, Hushed, Phase, State, Unordered
from tasks.scope import PART, Scope, as_dict

STANDS_FOR = "castra:stands-for"  # the image that an instance was asked for with, where it boots from a backup instead
ALIVE = ("pending", "running", "stopping", "stopped", "shutting-down")
PHASES: Mapping[str, Phase] = {"pending": "pending", "stopping": "pending", "shutting-down": "leaving"}
ATTRIBUTES = ("userData", "instanceInitiatedShutdownBehavior", "disableApiTermination")
"""What DescribeInstances leaves out, one call for each. https://docs.aws.amazon.com/AWSEC2/latest/APIReference/"""


class InstanceState(State):
    """https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Instances.html

    What AWS doesn't tell yet of its root volume, while it's pending, is None.
    `instead`: what it's launched from in place of `image`, for which it then stands; a tag says so. `pinned`: whether
    another image is a change. `may_stop`: whether a change that needs it stopped is made in place.
    """

    image: Fixed[str]
    pinned: AtBirth[bool] = False
    instead: AtBirth[str] = ""
    instance_type: str
    subnet: Fixed[str]
    key_pair: Fixed[str]
    user_data: Hushed[str]
    groups: Unordered[str]
    profile: str
    root_size: int | None
    root: BlockState | None
    root_encrypted: Fixed[bool | None]
    volumes: dict[str, str]
    address: str
    shutdown: str
    monitoring: bool
    deletion_protection: bool
    metadata: MetadataState = MetadataState()
    running: bool
    may_stop: AtBirth[bool] = False

    def uncompared(self) -> frozenset[str]:
        """The image where the newest of its kind was taken, and the root's size where it's the image's own."""
        own_size = {"root_size"} if self.root_size is None else set()
        return self.at_birth() | own_size | (set() if self.pinned else {"image"})

    def immovable(self, found: "InstanceState") -> frozenset[str]:
        """What needs it stopped, where it may not be; and a volume can't be made smaller."""
        stopping = found.running and self.running and not self.may_stop
        smaller = None not in (self.root_size, found.root_size) and (self.root_size or 0) < (found.root_size or 0)
        return self.fixed() | (NEED_STOP if stopping else set()) | ({"root_size"} if smaller else set())


NEED_STOP = frozenset({"instance_type", "user_data"})


def standing_instances(scope: Scope) -> list[dict[str, Any]]:
    """The scope's instances that haven't ended, each with its attributes."""
    alive = {"Name": "instance-state-name", "Values": list(ALIVE)}
    reservations = scope.pages("ec2", "describe_instances", "Reservations", Filters=[*scope.filters, alive])
    return [instance for one in reservations for instance in one["Instances"]]


def attributes_of(scope: Scope, ids: list[str]) -> dict[str, dict[str, Any]]:
    """What DescribeInstances leaves out, by instance; one that has ended meanwhile isn't among them."""
    asked = [(id, attribute) for id in ids for attribute in ATTRIBUTES]
    told: dict[str, dict[str, Any]] = {id: {} for id in ids}
    for (id, attribute), value in each(lambda one: _attribute(scope, *one), asked):
        told[id][attribute] = value
    return {id: values for id, values in told.items() if None not in values.values()}


def _attribute(scope: Scope, id: str, attribute: str) -> Any:
    """An attribute's value, `""` where there is none; None where the instance has ended."""
    with gone_is_fine("InvalidInstanceID.NotFound"):
        answer = scope.ec2.describe_instance_attribute(InstanceId=id, Attribute=attribute)
        return (answer.get(attribute[0].upper() + attribute[1:]) or {}).get("Value", "")
    return None


class Surroundings:
    """What is attached to instances: the environment's volumes and addresses, in two listings."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.volumes = {volume["VolumeId"]: volume for volume in owned_volumes(scope)}
        self.addresses = {
            address["InstanceId"]: address["AllocationId"]
            for address in scope.ec2.describe_addresses(Filters=scope.filters)["Addresses"]
            if address.get("InstanceId")
        }

    def root_of(self, instance: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Its root volume; one that doesn't carry the environment's tag is asked for apart."""
        id = root_id(instance)
        if id and id not in self.volumes:
            named = [{"Name": "volume-id", "Values": [id]}]
            self.volumes |= {one["VolumeId"]: one for one in self.scope.ec2.describe_volumes(Filters=named)["Volumes"]}
        return self.volumes.get(id)


def root_id(instance: Mapping[str, Any]) -> str:
    """The id of its root volume."""
    return next((id for device, id in _disks(instance) if device == instance.get("RootDeviceName")), "")


def others_of(instance: Mapping[str, Any]) -> dict[str, str]:
    """Its other volumes, by device."""
    return {device: id for device, id in _disks(instance) if device != instance.get("RootDeviceName")}


def _disks(instance: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for mapping in instance.get("BlockDeviceMappings", []):
        if mapping.get("Ebs", {}).get("Status") != "detaching":
            yield mapping["DeviceName"], mapping["Ebs"]["VolumeId"]


def state_of(instance: Mapping[str, Any], told: Mapping[str, Any], around: Surroundings) -> InstanceState:
    """The state of an instance with these attributes."""
    root = around.root_of(instance)
    options = instance.get("MetadataOptions", {})
    return InstanceState(
        image=as_dict(instance.get("Tags")).get(STANDS_FOR) or instance["ImageId"],
        instance_type=instance["InstanceType"],
        subnet=instance.get("SubnetId", ""),
        key_pair=instance.get("KeyName") or "",
        user_data=_plain(told["userData"]),
        groups=tuple(group["GroupId"] for group in instance.get("SecurityGroups", [])),
        profile=instance.get("IamInstanceProfile", {}).get("Arn", ""),
        root_size=root["Size"] if root else None,
        root=block_of(root) if root else None,
        root_encrypted=root["Encrypted"] if root else None,
        volumes=_own_volumes(instance, around),
        address=around.addresses.get(instance["InstanceId"], ""),
        shutdown=told["instanceInitiatedShutdownBehavior"],
        monitoring=instance.get("Monitoring", {}).get("State") in ("enabled", "pending"),
        deletion_protection=told["disableApiTermination"] is True,
        metadata=MetadataState(
            endpoint=options.get("HttpEndpoint", ""),
            tokens=options.get("HttpTokens", ""),
            hops=options.get("HttpPutResponseHopLimit", 0),
        ),
        running=instance["State"]["Name"] in ("pending", "running"),
    )


def _own_volumes(instance: Mapping[str, Any], around: Surroundings) -> dict[str, str]:
    """Those attached that are parts of the environment; what was attached by hand is its owner's business."""
    tags = {id: as_dict(volume.get("Tags")) for id, volume in around.volumes.items()}
    ours = {device: id for device, id in others_of(instance).items() if is_part(tags.get(id, {}))}
    return dict(sorted(ours.items()))


def is_part(tags: Mapping[str, str]) -> bool:
    """Whether tags make a volume a part of its own."""
    return tags.get(PART, "").startswith("volume/")


def _plain(encoded: str) -> str:
    """User data as text; AWS keeps what isn't base64 too."""
    try:
        return b64decode(encoded or "").decode(errors="replace")
    except ValueError:
        return encoded
