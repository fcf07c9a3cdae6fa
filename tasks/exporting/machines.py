"""What groups of servers and instances have in common: who may reach them, what they may do, what they boot from."""

import json
import re
from ipaddress import ip_network
from typing import Any

from tasks.exporting.standing import Section, Standing

SECTIONS = {"servers": "servers", "instance": "instances"}


def admits(standing: Standing, group: str) -> list[Section] | None:
    """Who may reach a security group beside load balancers, an entry for each port and protocol."""
    wall = standing.state("firewall", group)
    told: dict[tuple[int, str], Section] = {}
    for rule in wall.inbound if wall else ():
        peer = standing.key(rule.peer)
        if peer.startswith("security-group/balancer-") or rule.ports is None:
            continue  # the balancer's own section says so; what has no ports, no section says
        entry = told.setdefault((rule.ports[0], rule.protocol), {"port": rule.ports[0], "protocol": rule.protocol})
        if found := re.match(r"security-group/(servers|instance)-(.+)$", peer):
            entry.setdefault(SECTIONS[found[1]], []).append(found[2])
        elif not peer.startswith(("security-group/", "sg-", "pl-")):
            entry.setdefault("networks", []).append(str(ip_network(rule.peer)))
    return list(told.values()) or None


def may(standing: Standing, role: str) -> Section:
    """What their role lets them do; nothing where they have none."""
    state = standing.state("role", role)
    if state is None:
        return {}
    managed = [policy(standing, arn) for arn in state.managed]
    return {
        "policies": {name: json.loads(text) for name, text in state.policies.items()},
        "managed_policies": managed,
        "permissions_boundary": policy(standing, state.permissions_boundary) if state.permissions_boundary else None,
    }


def policy(standing: Standing, arn: str) -> str:
    """`policy/<name>` for one of the environment's own."""
    return standing.key(arn).removeprefix("managed-")


def booted(standing: Standing, state: Any, group: str) -> Section:
    """The image, by its id or by the snapshot that it was registered from; key pair, type, and what they run first."""
    return {
        "image": image(standing, state.image),
        "instance_type": state.instance_type,
        "key_pair": standing.name(state.key_pair) if state.key_pair else None,
        "bootstrap": {"text": state.user_data} if state.user_data else None,
        "monitoring": state.monitoring,
        "shutdown": state.shutdown,
        "admits": admits(standing, group),
    }


def image(standing: Standing, id: str) -> Section:
    """By its id, unless it is a part of the environment."""
    return {"id": id} if standing.key(id) == id else {"built": standing.name(id)}


def placement(standing: Standing, subnets: Any, zones: dict[str, str]) -> str:
    """Which subnets they stand in; in the default VPC all are public."""
    return "private" if any(standing.key(one).startswith("subnet/private-") for one in subnets) else "public"
