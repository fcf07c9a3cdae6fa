"""Rows of the kinds in tasks/compute that stand by themselves: instances, and volumes of their own."""

from blueprints.gateways import Address, InternetGateway
from blueprints.instances import Attached, StandingInstance
from blueprints.volumes import Block, Root, StandingVolume
from tasks.scope import Scope, as_list
from tests.tasks.rows.compute import GROUPS, KEY_PAIR, NEWEST, PROFILES, ROLE, SUBNETS
from tests.tasks.rows.network import VPC
from tests.tasks.rows.row import Row

VOLUME = StandingVolume(name="db-data", zone="eu-west-1a", size=20, on_removal="wipe")
LOGS = StandingVolume(name="db-logs", zone="eu-west-1a", size=5, on_removal="wipe")
GATEWAY = InternetGateway(name="main", vpc="vpc/main")
ADDRESS = Address(name="instance-db")
BENEATH = (VPC, GATEWAY, *SUBNETS, *GROUPS, ROLE, *PROFILES, KEY_PAIR, ADDRESS, VOLUME, LOGS)
INSTANCE = StandingInstance(
    name="db",
    image=NEWEST,
    pinned=False,
    instance_type="t3.micro",
    subnet="subnet/a",
    groups=("security-group/servers",),
    profile="instance-profile/web",
    key_pair="key-pair/admin",
    user_data="#!/bin/sh\necho Grüße\n",
    root=Root(size=12, iops=4000, throughput=200),
    volumes=(Attached(device="/dev/sdf", volume="volume/db-data"),),
    address="address/instance-db",
)


def tamper(scope: Scope, id: str) -> None:
    """Metadata of old, no volume, and no more power."""
    scope.ec2.modify_instance_metadata_options(InstanceId=id, HttpTokens="optional", HttpPutResponseHopLimit=2)
    scope.ec2.stop_instances(InstanceIds=[id])
    attached = [
        {"Name": "attachment.instance-id", "Values": [id]},
        {"Name": "attachment.device", "Values": ["/dev/sdf"]},
    ]
    (volume,) = scope.ec2.describe_volumes(Filters=attached)["Volumes"]
    scope.ec2.detach_volume(VolumeId=volume["VolumeId"], InstanceId=id, Device="/dev/sdf")


def second_instance(scope: Scope, key: str) -> None:
    (image,) = scope.client("ssm").get_parameters(Names=[NEWEST.partition(":")[2]])["Parameters"]
    scope.ec2.run_instances(
        ImageId=image["Value"],
        InstanceType="t3.nano",
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[{"ResourceType": "instance", "Tags": as_list(scope.birth_tags(key, None))}],
    )


def second_volume(scope: Scope, key: str) -> None:
    tags = [{"ResourceType": "volume", "Tags": as_list(scope.birth_tags(key, None))}]
    scope.ec2.create_volume(AvailabilityZone="eu-west-1a", Size=1, TagSpecifications=tags)


ROWS = (
    Row(
        part=VOLUME,
        changed=VOLUME.model_copy(update={"size": 50, "block": Block(type="io2", iops=5000), "on_removal": "snapshot"}),
        moved=VOLUME.model_copy(update={"zone": "eu-west-1b", "encrypted": False, "size": 5}),
        by_hand=lambda scope, id: scope.ec2.modify_volume(VolumeId=id, Iops=9000),
        vanish=lambda scope, id: scope.ec2.delete_volume(VolumeId=id),
        twin=second_volume,
    ),
    Row(
        part=INSTANCE,
        needs=BENEATH,
        changed=StandingInstance(
            name="db",
            image=NEWEST,
            pinned=False,
            instance_type="t3.small",
            subnet="subnet/a",
            groups=("security-group/other", "security-group/servers"),
            profile="instance-profile/other",
            key_pair="key-pair/admin",
            user_data="",
            root=Root(size=30, type="gp2"),
            volumes=(
                Attached(device="/dev/sdg", volume="volume/db-data"),
                Attached(device="/dev/sdf", volume="volume/db-logs"),
            ),
            shutdown="terminate",
            monitoring=True,
            may_stop=True,
        ),
        moved=INSTANCE.model_copy(update={"image": "ami-12c6146b", "pinned": True, "key_pair": None}),
        by_hand=tamper,
        vanish=lambda scope, id: scope.ec2.terminate_instances(InstanceIds=[id]),
        twin=second_instance,
    ),
)
