"""Instances that stand by themselves."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from blueprints.instances import StandingInstance
from blueprints.part import Id, Lookup, filled
from tasks.compute.attaching import ATTACHES, STARTS_WITHIN, await_state
from tasks.compute.blocks import MODIFIES, asked_of, block_wanted
from tasks.compute.instance_changes import CHANGES, PROFILES, change, settle
from tasks.compute.instance_state import (
    PHASES,
    STANDS_FOR,
    InstanceState,
    Surroundings,
    attributes_of,
    standing_instances,
    state_of,
)
from tasks.compute.template_version import tags_at_launch
from tasks.errors import CastraError, gone_is_fine
from tasks.kind import Found, Kind
from tasks.retry import when_visible
from tasks.scope import PAUSED, Scope, as_dict, as_list

ENDS_WITHIN = 900.0  # seconds; half a minute as a rule, more where it shuts down slowly
READS = ("ec2:DescribeImages", "ec2:DescribeInstanceAttribute", "ec2:DescribeVolumes")
WRITES = ("ec2:CreateTags", "ec2:DeleteTags", "ec2:RunInstances", "ec2:TerminateInstances")


class InstanceKind(Kind[StandingInstance, InstanceState]):
    """Instances that stand by themselves."""

    name = "instance"
    holds = "what is on its root volume"
    or_else = "`may_stop: true` lets an instance be stopped for another type or user data"
    whole_at_birth = False  # volumes and an address are given to what runs
    outlasted_by = ("firewall", "internet-gateway")  # it may need both while it shuts down
    actions = tuple(sorted((*READS, *WRITES, *ATTACHES, *CHANGES, *PROFILES, *MODIFIES)))

    def owned(self, scope: Scope) -> Iterator[Found[InstanceState]]:
        """DescribeInstances, filtered by tag, and three attributes of each. What groups launched carries their part."""
        ours = {}
        for instance in standing_instances(scope):
            if name := self.named_in(as_dict(instance.get("Tags"))):
                ours[instance["InstanceId"]] = (name, instance)
        told = attributes_of(scope, list(ours))
        around = Surroundings(scope) if told else None
        for id, (name, instance) in ours.items():
            if around and id in told:
                yield self._found(name, instance, state_of(instance, told[id], around))

    def wanted(self, part: StandingInstance, ids: Mapping[str, str]) -> InstanceState:
        """See the base."""
        key = ids[part.key_pair] if isinstance(part.key_pair, Id) else part.key_pair
        return InstanceState(
            image=ids[part.image] if isinstance(part.image, Id | Lookup) else part.image,
            pinned=part.pinned,
            instead=(ids[part.instead] if isinstance(part.instead, Id | Lookup) else part.instead) or "",
            instance_type=part.instance_type,
            subnet=ids[part.subnet],
            key_pair=key or "",
            user_data=str(filled(part.user_data, ids)),
            groups=tuple(ids[group] for group in part.groups),
            profile=ids[part.profile] if part.profile else "",
            root_size=part.root.size,
            root=block_wanted(part.root),
            root_encrypted=part.root.encrypted,
            volumes=dict(sorted((one.device, ids[one.volume]) for one in part.volumes)),
            address=ids[part.address] if part.address else "",
            shutdown=part.shutdown,
            monitoring=part.monitoring,
            deletion_protection=part.deletion_protection,
            running=part.running,
            may_stop=part.may_stop,
        )

    def create(self, scope: Scope, name: str, wanted: InstanceState) -> str:
        """With a token for this call alone: sent again it makes no second one, and it never answers with a dead one."""
        made = when_visible(
            f"what instance {name} needs",
            scope.ec2.run_instances,
            MinCount=1,
            MaxCount=1,
            ClientToken=str(uuid4()),
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": as_list(self.birth_tags(scope, name, wanted) | _stands_for(wanted)),
                },
                {"ResourceType": "volume", "Tags": as_list(self._volume_tags(scope, name))},
            ],
            **_asked(wanted, _root_device(scope, wanted.instead or wanted.image)),
        )
        id = str(made["Instances"][0]["InstanceId"])
        if wanted.volumes or wanted.address or not wanted.running:
            settle(scope, id, wanted)
        return id

    def ready(self, scope: Scope, id: str) -> None:
        """Seconds. What it does at its first start isn't waited for."""
        await_state(scope, id, "running", "stopped", within=STARTS_WITHIN)

    def update(self, scope: Scope, id: str, wanted: InstanceState, changed: frozenset[str]) -> None:
        """See `instance_changes`."""
        change(scope, id, wanted, changed)

    def delete(self, scope: Scope, id: str) -> None:
        """Returns once it has ended, so that its volumes, its address, its subnet and its groups are free."""
        with gone_is_fine("InvalidInstanceID.NotFound"):
            scope.ec2.terminate_instances(InstanceIds=[id])
            await_state(scope, id, "terminated", within=ENDS_WITHIN)

    def _found(self, name: str, instance: Mapping[str, Any], state: InstanceState) -> Found[InstanceState]:
        addresses = {"private_ip": instance.get("PrivateIpAddress"), "public_ip": instance.get("PublicIpAddress")}
        tags = as_dict(instance.get("Tags"))
        return Found(
            self.name,
            name,
            instance["InstanceId"],
            state.model_copy(update={"running": True}) if PAUSED in tags else state,
            tags,
            PHASES.get(instance["State"]["Name"], "standing"),
            outputs={key: value for key, value in addresses.items() if value},
            protected=state.deletion_protection,
            loses=self.holds,
        )

    def _volume_tags(self, scope: Scope, name: str) -> dict[str, str]:
        return tags_at_launch(scope.environment, scope.tags, self.key(name))


def _stands_for(wanted: InstanceState) -> dict[str, str]:
    """What it's to be taken for, where it boots from something else than its image."""
    return {STANDS_FOR: wanted.image} if wanted.instead else {}


def _root_device(scope: Scope, image: str) -> str:
    """The name of an image's root device, which the root volume is described by."""
    images = scope.ec2.describe_images(ImageIds=[image])["Images"]
    if not images:
        raise CastraError(f"image {image}", "there's no such image here, or it's disabled", "Name another one")
    return str(images[0]["RootDeviceName"])


def _asked(wanted: InstanceState, root_device: str) -> dict[str, Any]:
    """An instance, as RunInstances takes it."""
    size = {"VolumeSize": wanted.root_size} if wanted.root_size else {}
    performance = asked_of(wanted.root) if wanted.root else {}
    root = {"Encrypted": wanted.root_encrypted, "DeleteOnTermination": True, **size, **performance}
    given = {
        "KeyName": wanted.key_pair,
        "IamInstanceProfile": {"Arn": wanted.profile} if wanted.profile else None,
        "UserData": wanted.user_data,
    }
    return {key: value for key, value in given.items() if value} | {
        "ImageId": wanted.instead or wanted.image,
        "InstanceType": wanted.instance_type,
        "SubnetId": wanted.subnet,
        "SecurityGroupIds": list(wanted.groups),
        "BlockDeviceMappings": [{"DeviceName": root_device, "Ebs": root}],
        "InstanceInitiatedShutdownBehavior": wanted.shutdown,
        "Monitoring": {"Enabled": wanted.monitoring},
        "DisableApiTermination": wanted.deletion_protection,
        "MetadataOptions": {
            "HttpEndpoint": wanted.metadata.endpoint,
            "HttpTokens": wanted.metadata.tokens,
            "HttpPutResponseHopLimit": wanted.metadata.hops,
        },
    }
