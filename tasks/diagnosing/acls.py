"""Network ACLs that deny what passes between a load balancer and its servers, or between them and the internet.

Castra makes none: whatever denies was put there by somebody.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import ip_network

from tasks.diagnosing.evidence import Acl, Entry, Evidence
from tasks.diagnosing.finding import Finding
from tasks.diagnosing.ways import ways

WORLD = "0.0.0.0/0"
BACK = 32768  # of the ports that answers go back to: every system's are among those from here on
TCP = "6"


@dataclass(frozen=True)
class Step:
    """A packet that leaves or enters a subnet: to or from whom, and to which port, and what for."""

    subnet: str
    egress: bool
    port: int
    peer: str
    back: bool
    explains: frozenset[str]


def check(evidence: Evidence) -> Iterator[Finding]:
    """One finding for each entry of an ACL that denies something."""
    acls = {subnet: acl for acl in evidence.acls for subnet in acl.subnets}
    denied: dict[tuple[str, int, bool], list[Step]] = {}
    entries: dict[tuple[str, int, bool], Entry | None] = {}
    for step in dict.fromkeys(_steps(evidence)):
        acl = acls.get(step.subnet)
        entry = _decides(acl, step) if acl else None
        if acl and (entry is None or not entry.allows):
            key = (acl.id, entry.number if entry else 0, step.egress)
            denied.setdefault(key, []).append(step)
            entries[key] = entry
    for (acl_id, _, egress), steps in denied.items():
        yield _told(evidence, acl_id, entries[acl_id, _, egress], steps)


def _steps(evidence: Evidence) -> Iterator[Step]:
    cidrs = {one.id: one.state.cidr for one in evidence.of("subnet")}
    for way in ways(evidence):
        ports = {port for over, port in way.ports if over == "tcp"} | {way.check}
        for here in way.balancer.state.subnets:
            for there in way.servers.state.subnets:
                if here != there and here in cidrs and there in cidrs:
                    for port in sorted(ports):
                        yield from _there_and_back(here, cidrs[here], there, cidrs[there], port, way.explained)
    yield from _from_the_world(evidence)


def _there_and_back(here: str, from_: str, there: str, to: str, port: int, explains: frozenset[str]) -> Iterator[Step]:
    yield Step(here, True, port, to, False, explains)
    yield Step(there, False, port, from_, False, explains)
    yield Step(there, True, BACK, from_, True, explains)
    yield Step(here, False, BACK, to, True, explains)


def _from_the_world(evidence: Evidence) -> Iterator[Step]:
    """Visitors of balancers that are public."""
    for balancer in evidence.of("load-balancer", "classic-balancer"):
        if balancer.state.scheme != "internal":
            for listener in evidence.of("listener"):
                if listener.state.load_balancer == balancer.id:
                    for subnet in balancer.state.subnets:
                        yield Step(subnet, False, listener.state.port, WORLD, False, frozenset())
                        yield Step(subnet, True, BACK, WORLD, True, frozenset())


def _decides(acl: Acl, step: Step) -> Entry | None:
    """The first entry that is for this packet; None where there is none, which denies it, too."""
    fit = (one for one in acl.entries if one.egress == step.egress and _is_for(one, step))
    return next(fit, None)


def _is_for(entry: Entry, step: Step) -> bool:
    if entry.protocol not in ("-1", TCP) or ":" in entry.peer or not entry.peer:
        return False
    if entry.ports is not None and not entry.ports[0] <= step.port <= entry.ports[1]:
        return False
    return ip_network(step.peer).subnet_of(ip_network(entry.peer, strict=False))  # type: ignore[arg-type]


def _told(evidence: Evidence, acl: str, entry: Entry | None, steps: list[Step]) -> Finding:
    first = steps[0]
    way = f"{'to' if first.egress else 'from'} {'anywhere' if first.peer == WORLD else first.peer}"
    what = f"answers on ports from {BACK} on" if first.back else f"tcp on port {first.port}"
    rule = f"rule {entry.number}" if entry and entry.number < 32767 else "no rule that allows it, and so its last one,"
    places = sorted({evidence.name(step.subnet) for step in steps})
    return Finding(
        cause="acl-denies",
        part=places[0],
        place="network",
        why=f"of network ACL {acl}, which {' and '.join(places)} {'has' if len(places) == 1 else 'have'}, "
        f"{rule} denies {what} {way}",
        fix=f"Castra makes no network ACLs: change that one, or give its subnets the VPC's default one, which allows "
        f"all, if nobody has changed it ({'outbound' if first.egress else 'inbound'} {what} {way} must be allowed)",
        explains=frozenset().union(*(step.explains for step in steps)),
    )
