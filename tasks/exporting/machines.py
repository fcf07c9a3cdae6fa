"""What groups of servers and instances have in common: who may reach them, what they may do, what they boot from."""

import json
from typing import Any

from tasks.exporting.booting import booted as booting
from tasks.exporting.granted import granted
from tasks.exporting.standing import Section, Standing, said

GRANTED = "granted"
"""The policy of what `can` says."""


def admits(standing: Standing, group: str) -> list[Section] | None:
    """Who may reach a security group beside load balancers, an entry for each port and protocol."""
    wall = standing.state("firewall", group)
    told: dict[tuple[int, str], Section] = {}
    for rule in wall.inbound if wall else ():
        peer = standing.key(rule.peer)
        if peer.startswith("security-group/balancer-") or rule.ports is None:
            continue  # the balancer's own section says so; what has no ports, no section says
        entry = told.setdefault((rule.ports[0], rule.protocol), {"port": rule.ports[0], "protocol": rule.protocol})
        if named := standing.peer(rule):
            entry.setdefault(named[0], []).append(named[1])
    return list(told.values()) or None


def may(standing: Standing, role: str) -> Section:
    """What their role lets them do; nothing where they have none."""
    state = standing.state("role", role)
    if state is None:
        return {}
    managed = [policy(standing, arn) for arn in state.managed]
    can = granted(standing, state.policies.get(GRANTED, ""))
    return {
        "can": can,
        "policies": {name: json.loads(text) for name, text in state.policies.items() if not (can and name == GRANTED)},
        "managed_policies": managed,
        "permissions_boundary": policy(standing, state.permissions_boundary) if state.permissions_boundary else None,
    }


def policy(standing: Standing, arn: str) -> str:
    """`policy/<name>` for one of the environment's own."""
    return standing.key(arn).removeprefix("managed-")


def booted(standing: Standing, state: Any, group: str) -> Section:
    """The image, by its id or by the snapshot that it was registered from; key pair, type, and what they run first."""
    return {
        "image": image(standing, state.image, group),
        "instance_type": state.instance_type,
        "key_pair": standing.name(state.key_pair) if state.key_pair else None,
        **booting(standing, state.user_data),
        "monitoring": state.monitoring,
        "shutdown": state.shutdown,
        "admits": admits(standing, group),
    }


def image(standing: Standing, id: str, group: str) -> Section:
    """By its id, unless it is a part of the environment: then by its name, or by the snapshot that it's made from."""
    key = standing.key(id)
    if key == f"image/{group}":
        return {"from_snapshot": from_snapshot(standing, group)}
    return {"id": id} if key == id else {"built": standing.name(id)}


def images(standing: Standing) -> dict[str, Section]:
    """Those that are parts of the environment, but for those that are given where they're booted from."""
    given = ("servers-", "instance-")
    booted_from = {one.state.image for kind in ("launch-template", "instance") for one in standing.of(kind).values()}
    return {
        name: {"from_snapshot": from_snapshot(standing, name)}
        for name, one in standing.of("image").items()
        if not (name.startswith(given) and one.id in booted_from)
    }


def from_snapshot(standing: Standing, name: str) -> Section:
    """What an image is registered from; a copy, where that stands in between."""
    state, copied = standing.state("image", name), standing.state("snapshot", name)
    region, _, source = copied.source.partition("/") if copied else ("", "", state.snapshot)
    far = region if region != standing.region else ""
    return said(
        snapshot=source,
        region=far or None,
        encrypt=True if copied and not (far or copied.kms_key) else None,
        kms_key=(copied.kms_key if copied else "") or None,
        architecture=state.architecture,
        boot_mode=state.boot_mode or None,
        ena=state.ena,
        root_device=state.root_device,
    )


def placement(standing: Standing, subnets: Any, zones: dict[str, str]) -> str:
    """Which subnets they stand in; in the default VPC all are public."""
    return "private" if any(standing.key(one).startswith("subnet/private-") for one in subnets) else "public"
