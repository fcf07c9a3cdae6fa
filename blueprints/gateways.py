"""The ways out of a network: gateways, addresses, and the routes that lead there."""

from ipaddress import IPv4Network, IPv6Network
from typing import Annotated, ClassVar

from blueprints.part import Id, Part, Piece, of
from blueprints.places import SubnetId, VpcId


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
