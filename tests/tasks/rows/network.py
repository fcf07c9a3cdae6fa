"""Rows of the kinds in tasks/network."""

from typing import Any, TypeVar

from blueprints.firewalls import Firewall, Rule, SecurityGroup
from blueprints.flow_logs import FlowLog
from blueprints.gateways import Address, InternetGateway, NatGateway, Route, RouteTable
from blueprints.identity import Role
from blueprints.network import GatewayEndpoint, InterfaceEndpoint, Subnet, Vpc
from blueprints.part import Piece
from tasks.network.firewall import MARK
from tasks.scope import Scope, as_list
from tests.tasks.rows.row import Row

P = TypeVar("P", bound=Piece)

VPC = Vpc(name="main", cidr="10.0.0.0/16")
SUBNET = Subnet(name="a", vpc="vpc/main", cidr="10.0.0.0/24", zone="eu-west-1a")

OTHER_VPC = Vpc(name="other", cidr="10.8.0.0/16")
OTHER_SUBNET = Subnet(name="b", vpc="vpc/main", cidr="10.0.1.0/24", zone="eu-west-1b")
GATEWAY = InternetGateway(name="main", vpc="vpc/main")
ADDRESS, OTHER_ADDRESS = Address(name="nat"), Address(name="spare")
NAT = NatGateway(name="a", subnet="subnet/a", address="address/nat", internet_gateway="internet-gateway/main")
TABLE = RouteTable(
    name="public",
    vpc="vpc/main",
    routes=(
        Route(destination="0.0.0.0/0", target="internet-gateway/main"),
        Route(destination="::/0", target="internet-gateway/main"),
    ),
    subnets=("subnet/a",),
)
OTHER_TABLE = RouteTable(name="private", vpc="vpc/main")
ENDPOINT = GatewayEndpoint(
    name="store", vpc="vpc/main", service="s3", route_tables=("route-table/public", "route-table/private")
)
NOBODY_ELSES = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "*",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:ResourceAccount": "123456789012"}},
        }
    ],
}
INTERFACES = InterfaceEndpoint(
    name="ssm",
    vpc="vpc/main",
    service="ssm",
    subnets=("subnet/a",),
    groups=("security-group/web",),
    policy=NOBODY_ELSES,
)
WRITER = Role(name="writer", trusts=("vpc-flow-logs.amazonaws.com",))
FLOW_LOG = FlowLog(name="main", vpc="vpc/main", to="/vpc/web", interval=60, role="role/writer")
GROUP = SecurityGroup(name="web", vpc="vpc/main")
OTHER_GROUP = SecurityGroup(name="front", vpc="vpc/main")
FIREWALL = Firewall(
    name="web",
    group="security-group/web",
    inbound=(
        Rule(ports=(80, 80), peer="security-group/front", description="from the load balancer"),
        Rule(ports=(443, 443), peer="10.0.0.0/8", description="from within"),
        Rule(ports=(443, 443), peer="2001:db8::/32"),
        Rule(protocol="icmp", peer="10.0.0.0/8"),
    ),
    outbound=(Rule(ports=(443, 443), peer="0.0.0.0/0"),),
)


def but(part: P, **changes: Any) -> P:
    """The same with some fields changed, and checked again."""
    return type(part).model_validate(part.model_dump() | changes)


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


def tags_of(scope: Scope, key: str, resource_type: str) -> list[dict[str, Any]]:
    return [{"ResourceType": resource_type, "Tags": as_list(scope.birth_tags(key, None))}]


def id_of(scope: Scope, listing: str, result: str, id: str) -> str:
    return getattr(scope.ec2, listing)(Filters=scope.filters)[result][0][id]


def take_off_its_name(scope: Scope, id: str) -> None:
    """What can be changed by hand of something without anything to change."""
    scope.ec2.delete_tags(Resources=[id], Tags=[{"Key": "Name"}])


def detach(scope: Scope, id: str) -> None:
    (gateway,) = scope.ec2.describe_internet_gateways(InternetGatewayIds=[id])["InternetGateways"]
    scope.ec2.detach_internet_gateway(InternetGatewayId=id, VpcId=gateway["Attachments"][0]["VpcId"])


def lose_gateway(scope: Scope, id: str) -> None:
    detach(scope, id)
    scope.ec2.delete_internet_gateway(InternetGatewayId=id)


def lose_nat_gateway(scope: Scope, id: str) -> None:
    """moto keeps the address associated with what's deleted; AWS lets it go."""
    (gateway,) = scope.ec2.describe_nat_gateways(NatGatewayIds=[id])["NatGateways"]
    scope.ec2.delete_nat_gateway(NatGatewayId=id)
    scope.ec2.disassociate_address(PublicIp=gateway["NatGatewayAddresses"][0]["PublicIp"])


def second_nat_gateway(scope: Scope, key: str) -> None:
    address = scope.ec2.allocate_address(Domain="vpc")["AllocationId"]
    subnet = id_of(scope, "describe_subnets", "Subnets", "SubnetId")
    tags = tags_of(scope, key, "natgateway")
    scope.ec2.create_nat_gateway(SubnetId=subnet, AllocationId=address, TagSpecifications=tags)


def cut_off(scope: Scope, id: str) -> None:
    (table,) = scope.ec2.describe_route_tables(RouteTableIds=[id])["RouteTables"]
    scope.ec2.delete_route(RouteTableId=id, DestinationCidrBlock="0.0.0.0/0")
    for association in table["Associations"]:
        scope.ec2.disassociate_route_table(AssociationId=association["RouteTableAssociationId"])


def lose_table(scope: Scope, id: str) -> None:
    cut_off(scope, id)
    scope.ec2.delete_route_table(RouteTableId=id)


def take_out_of_a_table(scope: Scope, id: str) -> None:
    (endpoint,) = scope.ec2.describe_vpc_endpoints(VpcEndpointIds=[id])["VpcEndpoints"]
    scope.ec2.modify_vpc_endpoint(VpcEndpointId=id, RemoveRouteTableIds=endpoint["RouteTableIds"][:1])


def second_endpoint(scope: Scope, key: str) -> None:
    scope.ec2.create_vpc_endpoint(
        VpcEndpointType="Gateway",
        VpcId=id_of(scope, "describe_vpcs", "Vpcs", "VpcId"),
        ServiceName="com.amazonaws.eu-west-1.dynamodb",
        TagSpecifications=tags_of(scope, key, "vpc-endpoint"),
    )


def second_group(scope: Scope, key: str) -> None:
    scope.ec2.create_security_group(
        GroupName="by hand",
        Description="Made by hand",
        VpcId=id_of(scope, "describe_vpcs", "Vpcs", "VpcId"),
        TagSpecifications=tags_of(scope, key, "security-group"),
    )


def revoke_all(scope: Scope, id: str) -> None:
    (group,) = scope.ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"]
    scope.ec2.revoke_security_group_ingress(GroupId=id, IpPermissions=group["IpPermissions"])
    scope.ec2.revoke_security_group_egress(GroupId=id, IpPermissions=group["IpPermissionsEgress"])


def lose_rules(scope: Scope, id: str) -> None:
    revoke_all(scope, id)
    scope.ec2.delete_tags(Resources=[id], Tags=[{"Key": MARK}])


def open_wide(scope: Scope, id: str) -> None:
    revoke_all(scope, id)
    everybody = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    scope.ec2.authorize_security_group_ingress(GroupId=id, IpPermissions=everybody)


def second_flow_log(scope: Scope, key: str) -> None:
    scope.ec2.create_flow_logs(
        ResourceIds=[id_of(scope, "describe_vpcs", "Vpcs", "VpcId")],
        ResourceType="VPC",
        TrafficType="ALL",
        LogGroupName="/by/hand",
        DeliverLogsPermissionArn="arn:aws:iam::123456789012:role/somebody",
        TagSpecifications=tags_of(scope, key, "vpc-flow-log"),
    )


ROWS = (
    Row(
        part=VPC,
        changed=but(VPC, dns_support=False, dns_hostnames=False),
        moved=Vpc(name="main", cidr="10.1.0.0/16"),
        by_hand=turn_off_host_names,
        vanish=lambda scope, id: scope.ec2.delete_vpc(VpcId=id),
        twin=second_vpc,
    ),
    Row(
        part=SUBNET,
        needs=(VPC,),
        changed=but(SUBNET, public_addresses=True),
        moved=Subnet(name="a", vpc="vpc/main", cidr="10.0.7.0/24", zone="eu-west-1a"),
        by_hand=give_public_addresses,
        vanish=lambda scope, id: scope.ec2.delete_subnet(SubnetId=id),
        twin=second_subnet,
    ),
    Row(
        part=GATEWAY,
        needs=(VPC, OTHER_VPC),
        moved=InternetGateway(name="main", vpc="vpc/other"),
        by_hand=detach,
        vanish=lose_gateway,
        twin=lambda scope, key: scope.ec2.create_internet_gateway(
            TagSpecifications=tags_of(scope, key, "internet-gateway")
        ),
    ),
    Row(
        part=ADDRESS,
        by_hand=take_off_its_name,
        vanish=lambda scope, id: scope.ec2.release_address(AllocationId=id),
        twin=lambda scope, key: scope.ec2.allocate_address(TagSpecifications=tags_of(scope, key, "elastic-ip")),
    ),
    Row(
        part=NAT,
        needs=(VPC, SUBNET, GATEWAY, ADDRESS, OTHER_ADDRESS),
        moved=but(NAT, address=OTHER_ADDRESS.key),
        by_hand=take_off_its_name,
        vanish=lose_nat_gateway,
        twin=second_nat_gateway,
    ),
    Row(
        part=TABLE,
        needs=(VPC, OTHER_VPC, SUBNET, OTHER_SUBNET, GATEWAY, ADDRESS, NAT),
        changed=RouteTable(
            name="public",
            vpc="vpc/main",
            routes=(
                Route(destination="0.0.0.0/0", target="nat-gateway/a"),
                Route(destination="192.168.0.0/16", target="internet-gateway/main"),
            ),
            subnets=("subnet/b",),
        ),
        moved=RouteTable(name="public", vpc="vpc/other"),
        by_hand=cut_off,
        vanish=lose_table,
        twin=lambda scope, key: scope.ec2.create_route_table(
            VpcId=id_of(scope, "describe_vpcs", "Vpcs", "VpcId"), TagSpecifications=tags_of(scope, key, "route-table")
        ),
    ),
    Row(
        part=ENDPOINT,
        needs=(VPC, SUBNET, GATEWAY, TABLE, OTHER_TABLE),
        # One less, not one more: moto makes no route for a table that's added later, and then can't delete it.
        changed=but(ENDPOINT, route_tables=(OTHER_TABLE.key,), policy=NOBODY_ELSES),
        moved=but(ENDPOINT, service="dynamodb"),
        by_hand=take_out_of_a_table,
        vanish=lambda scope, id: scope.ec2.delete_vpc_endpoints(VpcEndpointIds=[id]),
        twin=second_endpoint,
    ),
    Row(
        part=INTERFACES,
        needs=(VPC, SUBNET, OTHER_SUBNET, GROUP, OTHER_GROUP),
        changed=but(INTERFACES, subnets=(OTHER_SUBNET.key,), groups=(OTHER_GROUP.key,), private_dns=False, policy=None),
        moved=but(INTERFACES, service="ec2messages"),
        by_hand=lambda scope, id: scope.ec2.modify_vpc_endpoint(VpcEndpointId=id, ResetPolicy=True),
        vanish=lambda scope, id: scope.ec2.delete_vpc_endpoints(VpcEndpointIds=[id]),
        twin=second_endpoint,
    ),
    Row(
        part=FLOW_LOG,
        needs=(VPC, WRITER),
        moved=but(FLOW_LOG, traffic="reject", interval=600, format="${srcaddr} ${dstaddr} ${action}"),
        by_hand=take_off_its_name,
        vanish=lambda scope, id: scope.ec2.delete_flow_logs(FlowLogIds=[id]),
        twin=second_flow_log,
    ),
    Row(
        part=GROUP,
        needs=(VPC, OTHER_VPC),
        moved=SecurityGroup(name="web", vpc="vpc/other"),
        by_hand=take_off_its_name,
        vanish=lambda scope, id: scope.ec2.delete_security_group(GroupId=id),
        twin=second_group,
    ),
    Row(
        part=FIREWALL,
        needs=(VPC, GROUP, OTHER_GROUP),
        changed=Firewall(
            name="web",
            group="security-group/web",
            inbound=(
                Rule(ports=(8080, 8090), peer="security-group/front"),
                # moto changes descriptions only of CIDRs.
                Rule(ports=(443, 443), peer="10.0.0.0/8", description="from our own"),
                Rule(protocol="udp", peer="2001:db8::/32"),
                Rule(protocol="icmp", ports=(8, -1), peer="10.0.0.0/8"),
            ),
            outbound=(Rule(protocol="all", peer="security-group/web"),),
        ),
        by_hand=open_wide,
        vanish=lose_rules,
    ),
)
