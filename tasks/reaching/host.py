"""A machine as it is seen by somebody who wants to reach it, and which one a name means. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import ip_address, ip_network

from tasks.errors import CastraError, Invalid, Problem
from tasks.network.rule import RuleState

SSH = 22
INSIDE = tuple(map(ip_network, ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")))
"""Networks that nobody comes from over the internet."""
USERS = {
    "bitnami": "bitnami",
    "ubuntu": "ubuntu",
    "debian": "admin",
    "rocky": "rocky",
    "fedora": "fedora",
    **dict.fromkeys(("al2023", "amzn", "amazon linux", "rhel", "red hat", "suse", "centos"), "ec2-user"),
}
"""Words in an image's name or description, to whom one logs in as.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/managing-users.html
"""
CORE = "AmazonSSMManagedInstanceCore"


@dataclass(frozen=True)
class Host:
    """A machine of the environment, with all that says how it can be reached.

    `part` is what it belongs to, `inbound` all rules of its groups, `user` whom its image is for, if that's known.
    `allowed`: whether its role lets Session Manager in. `online`: whether its agent tells that it is there.
    """

    id: str
    part: str
    state: str
    launched: datetime
    healthy: bool
    private: str
    public: str = ""
    groups: frozenset[str] = frozenset()
    inbound: tuple[RuleState, ...] = ()
    key_pair: str = ""
    user: str = ""
    windows: bool = False
    allowed: bool = False
    online: bool = False

    def __str__(self) -> str:
        return f"{self.part} ({self.id})"

    @property
    def from_outside(self) -> tuple[str, ...]:
        """The networks and prefix lists outside that are admitted by SSH; none where it has no public address."""
        peers = dict.fromkeys(rule.peer for rule in self.inbound if _is_ssh(rule)) if self.public else ()
        return tuple(peer for peer in peers if peer.startswith("pl-") or ("/" in peer and not _inside(peer)))

    def admits(self, other: "Host") -> bool:
        """Whether another machine may come to it by SSH."""
        return any(_is_ssh(rule) and _is_from(rule.peer, other) for rule in self.inbound)


def chosen(hosts: Sequence[Host], name: str, index: int | None) -> Host:
    """The machine of this name: an instance's id, a part's name, or its key. Raises CastraError.

    Of several the healthy come first, and of those the newest; `index` counts from 1.
    """
    named = [host for host in hosts if name in (host.id, host.part, host.part.rpartition("/")[2])]
    parts = sorted({host.part for host in named})
    if not named:
        known = ", ".join(sorted({host.part for host in hosts})) or "none"
        raise CastraError(
            name, "no machine of that name stands", f"Name one of these parts, or an instance's id: {known}"
        )
    if len(parts) > 1:
        raise Invalid("castra ssh", [Problem("MACHINE", f"{name} is {' and '.join(parts)}", f"Write {parts[0]}, say")])
    ordered = sorted(
        named, key=lambda host: (host.healthy, host.state == "running", host.launched, host.id), reverse=True
    )
    number = 1 if index is None else index
    if not 1 <= number <= len(ordered):
        raise Invalid("castra ssh", [Problem("--index", f"of {parts[0]} there are {len(ordered)}", "Count from 1")])
    return ordered[number - 1]


def user_of(image: Iterable[str]) -> str:
    """Whom one logs in as, by what an image says of itself: its name, its description; empty where it doesn't say."""
    told = " ".join(image).lower()
    return next((user for word, user in USERS.items() if word in told), "")


def _is_ssh(rule: RuleState) -> bool:
    return rule.protocol in ("tcp", "all") and (rule.ports is None or rule.ports[0] <= SSH <= rule.ports[1])


def _is_from(peer: str, host: Host) -> bool:
    if "/" not in peer:
        return peer in host.groups
    return bool(host.private) and ip_address(host.private) in ip_network(peer)


def _inside(peer: str) -> bool:
    network = ip_network(peer)
    return any(network.subnet_of(one) for one in INSIDE if one.version == network.version)  # type: ignore[arg-type]
