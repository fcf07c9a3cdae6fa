"""Network ACLs that deny what passes between balancers, servers, databases and caches, or them and the internet.

Castra makes none: whatever denies was put there by somebody.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Network

from tasks.diagnosing.accesses import accesses
from tasks.diagnosing.evidence import Acl, Entry, Evidence
from tasks.diagnosing.finding import Finding
from tasks.diagnosing.ways import ways

WORLD = "0.0.0.0/0"
BACK = 32768  # of the ports that answers go back to: every system's are among those from here on
HTTPS = 443
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
    for way in ways(evidence):
        ports = {port for over, port in way.ports if over == "tcp"} | {way.check}
        yield from _between(evidence, way.balancer.state.subnets, way.servers.state.subnets, ports, way.explained)
    for access in accesses(evidence):
        yield from _between(evidence, access.subnets, access.behind, {access.port}, frozenset())
    yield from _from_the_world(evidence)
    yield from _to_the_world(evidence)


def _between(
    evidence: Evidence, here: Iterable[str], there: Iterable[str], ports: set[int], explains: frozenset[str]
) -> Iterator[Step]:
    """From each subnet to each other one, and the answers back. What stays in a subnet passes no ACL."""
    cidrs = {one.id: one.state.cidr for one in evidence.of("subnet")}
    there = [subnet for subnet in there if subnet in cidrs]
    for one, other in ((one, other) for one in here if one in cidrs for other in there if other != one):
        for port in sorted(ports):
            yield Step(one, True, port, cidrs[other], False, explains)
            yield Step(other, False, port, cidrs[one], False, explains)
        yield Step(other, True, BACK, cidrs[one], True, explains)
        yield Step(one, False, BACK, cidrs[other], True, explains)


def _from_the_world(evidence: Evidence) -> Iterator[Step]:
    """Visitors of balancers that are public."""
    listened: dict[str, set[int]] = {
        one.id: {listener.port for listener in one.state.listeners} for one in evidence.of("classic-balancer")
    }
    for listener in evidence.of("listener"):
        listened.setdefault(listener.state.load_balancer, set()).add(listener.state.port)
    for balancer in evidence.of("load-balancer", "classic-balancer"):
        for subnet in balancer.state.subnets if balancer.state.scheme != "internal" else ():
            for port in sorted(listened.get(balancer.id, ())):
                yield Step(subnet, False, port, WORLD, False, frozenset())
                yield Step(subnet, True, BACK, WORLD, True, frozenset())


def _to_the_world(evidence: Evidence) -> Iterator[Step]:
    """What machines and functions fetch from the internet over HTTPS, by a NAT gateway or without."""
    nats = {one.id: one.state.subnet for one in evidence.of("nat-gateway")}
    cidrs = {one.id: one.state.cidr for one in evidence.of("subnet")}
    leads = {
        subnet: route.target
        for table in evidence.of("route-table")
        for route in table.state.routes
        for subnet in table.state.subnets
        if route.destination == WORLD and route.active
    }
    for subnet, explains in _inhabited(evidence).items():
        if subnet in leads and subnet in cidrs:
            yield Step(subnet, True, HTTPS, WORLD, False, explains)
            yield Step(subnet, False, BACK, WORLD, True, explains)
            gateway = nats.get(leads[subnet], subnet)
            if gateway != subnet:
                yield Step(gateway, False, HTTPS, cidrs[subnet], False, explains)
                yield Step(gateway, True, HTTPS, WORLD, False, explains)
                yield Step(gateway, False, BACK, WORLD, True, explains)
                yield Step(gateway, True, BACK, cidrs[subnet], True, explains)


def _inhabited(evidence: Evidence) -> dict[str, frozenset[str]]:
    """Subnets that something stands in which may ask the internet, and the target groups that are ill without it."""
    found: dict[str, frozenset[str]] = {}
    for one in evidence.of("scaling-group", "function"):
        found |= dict.fromkeys(one.state.subnets, frozenset[str]())
    found |= {one.state.subnet: frozenset[str]() for one in evidence.of("instance")}
    for way in ways(evidence):
        for subnet in way.servers.state.subnets:
            found[subnet] = found.get(subnet, frozenset()) | way.explained
    return found


def _decides(acl: Acl, step: Step) -> Entry | None:
    """The first entry that is for this packet; None where there is none, which denies it, too."""
    fit = (one for one in acl.entries if one.egress == step.egress and _is_for(one, step))
    return next(fit, None)


def _is_for(entry: Entry, step: Step) -> bool:
    """Of the internet, it's enough to be let speak with some of it: who is let in, or reached, may be chosen."""
    if entry.protocol not in ("-1", TCP) or ":" in entry.peer or not entry.peer:
        return False
    if entry.ports is not None and not entry.ports[0] <= step.port <= entry.ports[1]:
        return False
    peer = IPv4Network(entry.peer, strict=False)
    if step.peer == WORLD and entry.allows:
        return not peer.is_private
    return IPv4Network(step.peer).subnet_of(peer)


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
