"""What names a place in a network: a VPC, a subnet, a security group."""

from typing import Annotated

from blueprints.part import Id, Lookup, asking, of

VpcId = Annotated[Id, of("vpc")] | Annotated[Lookup, asking("default-vpc")]
SubnetId = Annotated[Id, of("subnet")] | Annotated[Lookup, asking("default-subnet", "id")]
GroupId = Annotated[Id, of("security-group")] | Annotated[Lookup, asking("id")]


def default_vpc() -> Lookup:
    """The VPC that AWS makes in each region of an account."""
    return Lookup("default-vpc:")


def default_subnet(zone: str) -> Lookup:
    """The subnet that AWS makes in each zone of it."""
    return Lookup(f"default-subnet:{zone}")


def as_it_is(id: str) -> Lookup:
    """What stands already, by its own id in AWS, whoever made it."""
    return Lookup(f"id:{id}")
