"""Security groups that don't let a load balancer through to its servers, or visitors to the balancer."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_network
from typing import Any

from tasks.diagnosing.evidence import Evidence
from tasks.diagnosing.finding import Finding
from tasks.diagnosing.ways import OVER, Way, ways
from tasks.kind import Found
from tasks.network.rule import RuleState

MEND = "Raise its blueprint again, which has this rule: castra up FILE"
WORLD = "0.0.0.0/0"


def check(evidence: Evidence) -> Iterator[Finding]:
    """What no rule admits. Groups that aren't the environment's may have any rules: of those nothing is said."""
    for way in ways(evidence):
        for over, port in dict.fromkeys([*way.ports, ("tcp", way.check)]):
            yield from _inward(evidence, way, over, port)
            yield from _outward(evidence, way, over, port)
    for balancer in evidence.of("load-balancer", "classic-balancer"):
        yield from _entrances(evidence, balancer)


def _inward(evidence: Evidence, way: Way, over: str, port: int) -> Iterator[Finding]:
    walls = _walls(evidence, way.admitted)
    peers = {*way.balancer.state.groups}
    if walls and not _admits(
        (rule for one in walls for rule in one.state.inbound), over, port, peers, _within(evidence, way)
    ):
        checked = port == way.check
        what = "its health check" + (" and requests" if (over, port) in way.ports else "") if checked else "requests"
        at = "health_check.port" if checked and (over, port) not in way.ports else "port"
        yield Finding(
            cause="servers-admit-no-balancer",
            part=_theirs(walls, f"servers-{way.servers.name}").key,
            place=f"{way.place}.{at}",
            why=f"no rule of the servers' security group admits {way.balancer.key} by {over} on port {port}: "
            f"{what} can't get there",
            fix=MEND,
            explains=way.explained,
        )


def _outward(evidence: Evidence, way: Way, over: str, port: int) -> Iterator[Finding]:
    walls = _walls(evidence, way.balancer.state.groups)
    there = [_cidr(evidence, subnet) for subnet in way.servers.state.subnets]
    rules = (rule for one in walls for rule in one.state.outbound)
    if walls and not _admits(rules, over, port, set(way.admitted), there):
        yield Finding(
            cause="balancer-sends-nothing",
            part=_theirs(walls, f"balancer-{way.balancer.name}").key,
            place=f"balancers.{way.balancer.name}",
            why=f"no outbound rule of the balancer's security group lets it speak to {way.place} by {over} "
            f"on port {port}",
            fix=MEND,
            explains=way.explained,
        )


def _entrances(evidence: Evidence, balancer: Found[Any]) -> Iterator[Finding]:
    """Ports that are listened on, and that nobody may come to."""
    walls = _walls(evidence, balancer.state.groups)
    if balancer.kind == "classic-balancer":
        ports = {("tcp", one.port) for one in balancer.state.listeners}
    else:
        listeners = (one.state for one in evidence.of("listener") if one.state.load_balancer == balancer.id)
        ports = {(over, one.port) for one in listeners for over in OVER.get(one.protocol, ("tcp",))}
    inbound = [rule for one in walls for rule in one.state.inbound]
    for over, port in sorted(ports) if walls else ():
        if not any(_is_over(rule, over, port) for rule in inbound):
            yield Finding(
                cause="balancer-admits-nobody",
                part=_theirs(walls, f"balancer-{balancer.name}").key,
                place=f"balancers.{balancer.name}.listeners",
                why=f"it listens on port {port}, and no rule of its security group admits anybody there by {over}",
                fix=MEND,
            )


def _walls(evidence: Evidence, groups: Iterable[str]) -> list[Found[Any]]:
    """The firewalls of these groups; none where one of them isn't the environment's."""
    known = {one.state.group: one for one in evidence.of("firewall")}
    groups = list(groups)
    return [known[group] for group in groups] if all(group in known for group in groups) else []


def _theirs(walls: list[Found[Any]], name: str) -> Found[Any]:
    return next((one for one in walls if one.name == name), walls[0])


def _within(evidence: Evidence, way: Way) -> list[str]:
    return [_cidr(evidence, subnet) for subnet in way.balancer.state.subnets]


def _cidr(evidence: Evidence, subnet: str) -> str:
    """A subnet's addresses; nothing of one that isn't the environment's."""
    return next((one.state.cidr for one in evidence.of("subnet") if one.id == subnet), "")


def _admits(rules: Iterable[RuleState], over: str, port: int, groups: set[str], cidrs: list[str]) -> bool:
    """Whether a rule lets one of these groups, or all of these networks, through."""
    fit = [rule for rule in rules if _is_over(rule, over, port)]
    return any(rule.peer in groups or rule.peer.startswith("pl-") for rule in fit) or all(
        any(_holds(rule.peer, cidr) for rule in fit) for cidr in cidrs
    )


def _is_over(rule: RuleState, over: str, port: int) -> bool:
    return rule.protocol in ("all", over) and (rule.ports is None or rule.ports[0] <= port <= rule.ports[1])


def _holds(outer: str, cidr: str) -> bool:
    """Whether a network lies in another; one that isn't known, in the whole world only."""
    if "/" not in outer or ":" in outer:
        return False
    return outer == WORLD or (bool(cidr) and ip_network(cidr).subnet_of(ip_network(outer)))  # type: ignore[arg-type]
