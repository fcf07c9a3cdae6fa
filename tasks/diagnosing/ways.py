"""The ways from load balancers to servers: through which groups and subnets, to which ports."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tasks.balancing.actions import ForwardState
from tasks.diagnosing.evidence import Evidence
from tasks.kind import Found

CHECKED = re.compile(r"^\w+:(\d+)")  # a classic balancer's check: `HTTP:8080/healthz`
OVER = {"UDP": ("udp",), "TCP_UDP": ("tcp", "udp")}


@dataclass(frozen=True)
class Way:
    """From one balancer to one group of servers. `group` is the target group; classic balancers have none.

    `ports` are those of requests, over `tcp` or `udp`; `check` is the one that the health check goes to.
    """

    balancer: Found[Any]
    servers: Found[Any]
    group: Found[Any] | None
    ports: tuple[tuple[str, int], ...]
    check: int
    admitted: frozenset[str]  # security groups of the servers

    @property
    def explained(self) -> frozenset[str]:
        """What is ill where this way is blocked."""
        return frozenset({self.group.key if self.group else self.balancer.key})

    @property
    def place(self) -> str:
        """The servers in the blueprint."""
        return f"servers.{self.servers.name}"


def ways(evidence: Evidence) -> Iterator[Way]:
    """All that there are now."""
    balancers = {one.id: one for one in evidence.of("load-balancer", "classic-balancer")}
    by_group = fronts(evidence)
    for servers in evidence.of("scaling-group"):
        groups = _groups(evidence, servers)
        for group in evidence.of("target-group"):
            if group.id in servers.state.target_groups:
                port, check = group.state.port, group.state.health_check.port
                ports = tuple((over, port) for over in OVER.get(group.state.protocol, ("tcp",)))
                to = port if check == "traffic-port" else int(check)
                for front in sorted(by_group.get(group.id, set()) & set(balancers)):
                    yield Way(balancers[front], servers, group, ports, to, groups)
        for id in servers.state.classic_balancers:
            if (balancer := balancers.get(id)) and (found := CHECKED.match(balancer.state.health_check.target)):
                ports = tuple({("tcp", one.target_port) for one in balancer.state.listeners})
                yield Way(balancer, servers, None, ports, int(found[1]), groups)


def fronts(evidence: Evidence) -> dict[str, set[str]]:
    """Each target group to the balancers whose listeners and rules send to it."""
    found: dict[str, set[str]] = {}
    listeners = {one.id: one.state.load_balancer for one in evidence.of("listener")}
    for one in evidence.of("listener", "listener-rule"):
        balancer = listeners.get(one.id if one.kind == "listener" else one.state.listener)
        for action in one.state.actions:
            for share in action.shares if isinstance(action, ForwardState) else ():
                if balancer:
                    found.setdefault(share.target_group, set()).add(balancer)
    return found


def _groups(evidence: Evidence, servers: Found[Any]) -> frozenset[str]:
    """The security groups of what a group of servers launches, and of those that it has launched."""
    templates = (one for one in evidence.of("launch-template") if one.id == servers.state.template)
    launched = (machine.groups for machine in evidence.machines if machine.part == servers.key)
    return frozenset().union(*(one.state.groups for one in templates), *launched)
