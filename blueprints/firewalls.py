"""Security groups, and what they admit."""

from ipaddress import IPv4Network, IPv6Network
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from blueprints.part import Part, Piece
from blueprints.places import GroupId, VpcId

DESCRIBED = r"^[a-zA-Z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*$"  # what EC2 takes in descriptions of groups and rules


class SecurityGroup(Part):
    """What interfaces belong to. Its rules are another part (`firewall`), so two groups may admit each other."""

    kind: ClassVar[str] = "security-group"
    vpc: VpcId
    description: str = Field(default="Made by Castra", min_length=1, max_length=255, pattern=DESCRIBED)


class Rule(Piece):
    """What is admitted: a protocol, ports, and the peer: a network or another group.

    `protocol`: tcp, udp, icmp, icmpv6, or all. `ports`: first and last, None for protocols without ports (and for all).
    """

    protocol: Literal["tcp", "udp", "icmp", "icmpv6", "all"] = "tcp"
    ports: tuple[int, int] | None = None
    peer: GroupId | IPv4Network | IPv6Network
    description: str = Field(default="", max_length=255, pattern=DESCRIBED)


class Firewall(Part):
    """All rules of one security group, in and out. Rules that aren't named are removed, AWS's own outbound rule too."""

    kind: ClassVar[str] = "firewall"
    group: GroupId
    inbound: tuple[Rule, ...] = ()
    outbound: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _named_after_its_group(self) -> Self:
        """A group has one firewall, found by the group's tags."""
        if self.group != f"security-group/{self.name}":
            raise ValueError(f"{self.key} should be named after its group, {self.group}")
        return self


ANYWHERE = (IPv4Network("0.0.0.0/0"), IPv6Network("::/0"))
