"""What names a place in a network: a VPC, a subnet, a security group."""

from typing import Annotated

from blueprints.part import Id, of

VpcId = Annotated[Id, of("vpc")]
SubnetId = Annotated[Id, of("subnet")]
GroupId = Annotated[Id, of("security-group")]
