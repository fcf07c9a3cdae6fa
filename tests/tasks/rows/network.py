"""Rows of the kinds in tasks/network."""

from blueprints.network import Subnet, Vpc
from tasks.scope import Scope, as_list
from tests.tasks.rows.row import Row

VPC = Vpc(name="main", cidr="10.0.0.0/16")
SUBNET = Subnet(name="a", vpc="vpc/main", cidr="10.0.0.0/24", zone="eu-west-1a")


def turn_off_host_names(scope: Scope, id: str) -> None:
    scope.ec2.modify_vpc_attribute(VpcId=id, EnableDnsHostnames={"Value": False})


def second_vpc(scope: Scope, key: str) -> None:
    tags = as_list(scope.birth_tags(key, None))
    scope.ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": tags}])


def give_public_addresses(scope: Scope, id: str) -> None:
    scope.ec2.modify_subnet_attribute(SubnetId=id, MapPublicIpOnLaunch={"Value": True})


def second_subnet(scope: Scope, key: str) -> None:
    vpc = scope.ec2.describe_vpcs(Filters=scope.filters)["Vpcs"][0]["VpcId"]
    tags = [{"ResourceType": "subnet", "Tags": as_list(scope.birth_tags(key, None))}]
    scope.ec2.create_subnet(VpcId=vpc, CidrBlock="10.0.200.0/24", TagSpecifications=tags)


ROWS = (
    Row(
        part=VPC,
        changed=VPC.model_copy(update={"dns_support": False, "dns_hostnames": False}),
        moved=Vpc(name="main", cidr="10.1.0.0/16"),
        by_hand=turn_off_host_names,
        vanish=lambda scope, id: scope.ec2.delete_vpc(VpcId=id),
        twin=second_vpc,
    ),
    Row(
        part=SUBNET,
        needs=(VPC,),
        changed=SUBNET.model_copy(update={"public_addresses": True}),
        moved=Subnet(name="a", vpc="vpc/main", cidr="10.0.7.0/24", zone="eu-west-1a"),
        by_hand=give_public_addresses,
        vanish=lambda scope, id: scope.ec2.delete_subnet(SubnetId=id),
        twin=second_subnet,
    ),
)
