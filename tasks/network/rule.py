"""One rule of a security group, in our words and in AWS's."""

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Annotated, Any

from pydantic import AfterValidator

from blueprints.part import Piece

ALL_PORTS = {"tcp": (0, 65535), "udp": (0, 65535), "icmp": (-1, -1), "icmpv6": (-1, -1)}
"""How AWS tells that a protocol's ports aren't limited."""


class RuleState(Piece):
    """`ports` is None where all are meant; for ICMP they are the type and the code. `peer`: a CIDR or an id."""

    protocol: str
    ports: tuple[int, int] | None = None
    peer: str
    description: str = ""

    @property
    def admits(self) -> tuple[str, tuple[int, int], str]:
        """What AWS tells rules apart by: a description isn't part of it."""
        return self.protocol, self.ports or (-1, -1), self.peer


def _one_each(rules: tuple[RuleState, ...]) -> tuple[RuleState, ...]:
    by_what = {rule.admits: rule for rule in rules}
    return tuple(by_what[what] for what in sorted(by_what))


Rules = Annotated[tuple[RuleState, ...], AfterValidator(_one_each)]
"""Rules in order, one for each protocol, ports and peer: AWS keeps no two."""

BORN = {RuleState(protocol="all", peer=peer) for peer in ("0.0.0.0/0", "::/0")}
"""The outbound rules that AWS gives a new group; the second one in VPCs with IPv6."""


def rule_of(protocol: str, ports: tuple[int, int] | None, peer: str, description: str = "") -> RuleState:
    """A rule in its one form: `ports` None where the protocol has none, or all are meant."""
    limited = protocol != "all" and ports != ALL_PORTS.get(protocol)
    return RuleState(protocol=protocol, ports=ports if limited else None, peer=peer, description=description)


def rules_of(permissions: list[Mapping[str, Any]]) -> tuple[RuleState, ...]:
    """What AWS tells of one direction of a group."""
    return tuple(rule for permission in permissions for rule in _told(permission))


def _told(permission: Mapping[str, Any]) -> Iterator[RuleState]:
    """AWS tells rules of one protocol and the same ports as one, with all their peers."""
    protocol = "all" if permission["IpProtocol"] == "-1" else permission["IpProtocol"]
    ports = (permission["FromPort"], permission["ToPort"]) if "FromPort" in permission else None
    for peers in ("IpRanges", "Ipv6Ranges", "UserIdGroupPairs", "PrefixListIds"):
        for peer in permission.get(peers, ()):
            cidr = peer.get("CidrIp") or peer.get("CidrIpv6")
            name = str(ip_network(cidr, strict=False)) if cidr else peer.get("GroupId") or peer["PrefixListId"]
            yield rule_of(protocol, ports, name, peer.get("Description", ""))


def permission_of(rule: RuleState) -> dict[str, Any]:
    """A rule as requests take it. One without a description leaves that out, which also removes one."""
    described = {"Description": rule.description} if rule.description else {}
    peers, name = _peer(rule.peer)
    permission = {
        "IpProtocol": "-1" if rule.protocol == "all" else rule.protocol,
        peers: [{name: rule.peer} | described],
    }
    if rule.protocol == "all":
        return permission
    first, last = rule.ports or ALL_PORTS.get(rule.protocol, (-1, -1))
    return permission | {"FromPort": first, "ToPort": last}


def _peer(peer: str) -> tuple[str, str]:
    """In which list of a request a peer stands, and under which name."""
    if peer.startswith("sg-"):
        return "UserIdGroupPairs", "GroupId"
    if peer.startswith("pl-"):
        return "PrefixListIds", "PrefixListId"
    return ("Ipv6Ranges", "CidrIpv6") if ":" in peer else ("IpRanges", "CidrIp")
