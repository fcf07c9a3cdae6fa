"""The network of an environment: the section that people write, and the parts it unfolds into."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprints.part import Id, Part, Piece, of

VpcId = Annotated[Id, of("vpc")]
SubnetId = Annotated[Id, of("subnet")]
GroupId = Annotated[Id, of("security-group")]


class Vpc(Part):
    """A virtual private cloud."""

    kind: ClassVar[str] = "vpc"
    cidr: IPv4Network
    dns_support: bool = True
    dns_hostnames: bool = True


class Subnet(Part):
    """A subnet in one zone; `public_addresses` gives instances started in it a public address."""

    kind: ClassVar[str] = "subnet"
    vpc: VpcId
    cidr: IPv4Network
    zone: str
    public_addresses: bool = False


class InternetGateway(Part):
    """The way between a VPC and the internet, attached to the VPC."""

    kind: ClassVar[str] = "internet-gateway"
    vpc: VpcId


class Address(Part):
    """An elastic IP address."""

    kind: ClassVar[str] = "address"


class NatGateway(Part):
    """The way out for what has no public address. Needs its subnet's way to the internet to be there first."""

    kind: ClassVar[str] = "nat-gateway"
    subnet: SubnetId
    address: Annotated[Id, of("address")]
    internet_gateway: Annotated[Id, of("internet-gateway")]


class Route(Piece):
    """Where to go for a destination: through an internet gateway or a NAT gateway."""

    destination: IPv4Network | IPv6Network
    target: Annotated[Id, of("internet-gateway", "nat-gateway")]


class RouteTable(Part):
    """Routes, and the subnets that they are for. The VPC's own local route, and those of endpoints, aren't named."""

    kind: ClassVar[str] = "route-table"
    vpc: VpcId
    routes: tuple[Route, ...] = ()
    subnets: tuple[SubnetId, ...] = ()


class GatewayEndpoint(Part):
    """A private way to S3 or DynamoDB, free of charge, by routes in these tables."""

    kind: ClassVar[str] = "gateway-endpoint"
    vpc: VpcId
    service: Literal["s3", "dynamodb"]
    route_tables: tuple[Annotated[Id, of("route-table")], ...]


class SecurityGroup(Part):
    """What interfaces belong to. Its rules are another part (`firewall`), so two groups may admit each other."""

    kind: ClassVar[str] = "security-group"
    vpc: VpcId
    description: str = Field(default="Made by Castra", max_length=255)


class Rule(Piece):
    """What is admitted: a protocol, ports, and the peer: a network or another group.

    `protocol`: tcp, udp, icmp, icmpv6, or all. `ports`: first and last, None for protocols without ports (and for all).
    """

    protocol: Literal["tcp", "udp", "icmp", "icmpv6", "all"] = "tcp"
    ports: tuple[int, int] | None = None
    peer: GroupId | IPv4Network | IPv6Network
    description: str = Field(default="", max_length=255)


class Firewall(Part):
    """All rules of one security group, in and out. Rules that aren't named are removed, AWS's own outbound rule too."""

    kind: ClassVar[str] = "firewall"
    group: GroupId
    inbound: tuple[Rule, ...] = ()
    outbound: tuple[Rule, ...] = ()
