"""Security groups that don't let a load balancer through to its servers, or visitors to the balancer."""

from collections.abc import Iterator
from typing import Any

from tasks.diagnosing.admitting import admits, cidr, firewalls_of, is_over, theirs
from tasks.diagnosing.evidence import Evidence
from tasks.diagnosing.finding import Finding
from tasks.diagnosing.ways import OVER, Way, ways
from tasks.kind import Found

MEND = "Raise its blueprint again, which has this rule: castra up FILE"


def check(evidence: Evidence) -> Iterator[Finding]:
    """What no rule admits. Groups that aren't the environment's may have any rules: of those nothing is said."""
    for way in ways(evidence):
        for over, port in dict.fromkeys([*way.ports, ("tcp", way.check)]):
            yield from _inward(evidence, way, over, port)
            yield from _outward(evidence, way, over, port)
    for balancer in evidence.of("load-balancer", "classic-balancer"):
        yield from _entrances(evidence, balancer)


def _inward(evidence: Evidence, way: Way, over: str, port: int) -> Iterator[Finding]:
    walls = firewalls_of(evidence, way.admitted)
    rules = (rule for one in walls for rule in one.state.inbound)
    within = [cidr(evidence, subnet) for subnet in way.balancer.state.subnets]
    if walls and not admits(rules, over, port, {*way.balancer.state.groups}, within):
        checked = port == way.check
        what = "its health check" + (" and requests" if (over, port) in way.ports else "") if checked else "requests"
        at = "health_check.port" if checked and (over, port) not in way.ports else "port"
        yield Finding(
            cause="servers-admit-no-balancer",
            part=theirs(walls, f"servers-{way.servers.name}").key,
            place=f"{way.place}.{at}",
            why=f"no rule of the servers' security group admits {way.balancer.key} by {over} on port {port}: "
            f"{what} can't get there",
            fix=MEND,
            explains=way.explained,
        )


def _outward(evidence: Evidence, way: Way, over: str, port: int) -> Iterator[Finding]:
    walls = firewalls_of(evidence, way.balancer.state.groups)
    there = [cidr(evidence, subnet) for subnet in way.servers.state.subnets]
    rules = (rule for one in walls for rule in one.state.outbound)
    if walls and not admits(rules, over, port, set(way.admitted), there):
        yield Finding(
            cause="balancer-sends-nothing",
            part=theirs(walls, f"balancer-{way.balancer.name}").key,
            place=f"balancers.{way.balancer.name}",
            why=f"no outbound rule of the balancer's security group lets it speak to {way.place} by {over} "
            f"on port {port}",
            fix=MEND,
            explains=way.explained,
        )


def _entrances(evidence: Evidence, balancer: Found[Any]) -> Iterator[Finding]:
    """Ports that are listened on, and that nobody may come to."""
    walls = firewalls_of(evidence, balancer.state.groups)
    if balancer.kind == "classic-balancer":
        ports = {("tcp", one.port) for one in balancer.state.listeners}
    else:
        listeners = (one.state for one in evidence.of("listener") if one.state.load_balancer == balancer.id)
        ports = {(over, one.port) for one in listeners for over in OVER.get(one.protocol, ("tcp",))}
    inbound = [rule for one in walls for rule in one.state.inbound]
    for over, port in sorted(ports) if walls else ():
        if not any(is_over(rule, over, port) for rule in inbound):
            yield Finding(
                cause="balancer-admits-nobody",
                part=theirs(walls, f"balancer-{balancer.name}").key,
                place=f"balancers.{balancer.name}.listeners",
                why=f"it listens on port {port}, and no rule of its security group admits anybody there by {over}",
                fix=MEND,
            )
