"""Whom security groups of the environment admit. Pure."""

from collections.abc import Iterable
from ipaddress import ip_network
from typing import Any

from tasks.diagnosing.evidence import Evidence
from tasks.kind import Found
from tasks.network.rule import RuleState

WORLD = "0.0.0.0/0"


def firewalls_of(evidence: Evidence, groups: Iterable[str]) -> list[Found[Any]]:
    """The firewalls of these groups; none where one of them isn't the environment's."""
    known = {one.state.group: one for one in evidence.of("firewall")}
    groups = list(groups)
    return [known[group] for group in groups] if all(group in known for group in groups) else []


def theirs(walls: list[Found[Any]], name: str) -> Found[Any]:
    """Of these firewalls, the one of this name; else the first."""
    return next((one for one in walls if one.name == name), walls[0])


def cidr(evidence: Evidence, subnet: str) -> str:
    """A subnet's addresses; nothing of one that isn't the environment's."""
    return next((one.state.cidr for one in evidence.of("subnet") if one.id == subnet), "")


def admits(rules: Iterable[RuleState], over: str, port: int, groups: set[str], cidrs: list[str]) -> bool:
    """Whether a rule lets one of these groups, or all of these networks, through."""
    fit = [rule for rule in rules if is_over(rule, over, port)]
    return any(rule.peer in groups or rule.peer.startswith("pl-") for rule in fit) or all(
        any(_holds(rule.peer, cidr) for rule in fit) for cidr in cidrs
    )


def is_over(rule: RuleState, over: str, port: int) -> bool:
    """Whether a rule is for this protocol and port."""
    return rule.protocol in ("all", over) and (rule.ports is None or rule.ports[0] <= port <= rule.ports[1])


def _holds(outer: str, cidr: str) -> bool:
    """Whether a network lies in another; one that isn't known, in the whole world only."""
    if "/" not in outer or ":" in outer:
        return False
    return outer == WORLD or (bool(cidr) and ip_network(cidr).subnet_of(ip_network(outer)))  # type: ignore[arg-type]
