"""The section `servers`, from scaling groups and all that belongs to them."""

import re
from typing import Any

from tasks.compute.belongings import MOVED
from tasks.exporting.machines import booted, may, placement
from tasks.exporting.scaling import scaling, schedule
from tasks.exporting.standing import Section, Standing, said
from tasks.kind import Found

CHECKED = re.compile(r"^(HTTP|HTTPS|TCP|SSL):(\d+)(/.*)?$")


def servers(standing: Standing, zones: dict[str, str]) -> dict[str, Section]:
    """Each group, by name."""
    return {name: _group(standing, name, group, zones) for name, group in standing.of("scaling-group").items()}


def _group(standing: Standing, name: str, group: Found[Any], zones: dict[str, str]) -> Section:
    template = standing.state("launch-template", name)
    state = group.state
    written: Section = booted(standing, template, f"servers-{name}") if template else {}
    volumes = [said(**volume.model_dump()) for volume in template.volumes] if template else []
    return said(
        **written,
        **may(standing, name),
        **_mix(state),
        **_behind(standing, name, state),
        volumes=volumes or None,
        placement=placement(standing, state.subnets, zones),
        count=_count(standing, group),
        grace=state.grace,
        scaling=scaling(standing, name) or None,
        schedule=schedule(standing, name) or None,
    )


def _count(standing: Standing, group: Found[Any]) -> Section:
    """Bounds that a schedule moves are as they are now: they count only for a new group."""
    now = standing.groups.get(group.id, {"MinSize": 0, "MaxSize": 0})
    least = now["MinSize"] if group.state.min == MOVED else group.state.min
    most = now["MaxSize"] if group.state.max == MOVED else group.state.max
    return {"min": min(least, most), "max": most}


def _mix(state: Any) -> Section:
    mixed = state.mixed
    if mixed is None:
        return {}
    spot = None
    if mixed.on_demand_percentage < 100:
        percent, base = 100 - mixed.on_demand_percentage, mixed.on_demand_base
        spot = {"percent": percent, "base": base, "strategy": mixed.spot_strategy}
    return said(instance_types=[said(type=one.type, weight=one.weight) for one in mixed.types], spot=spot)


def _behind(standing: Standing, name: str, state: Any) -> Section:
    """Port, check and the like, as the target groups have them; what classic balancers have is in those themselves."""
    groups = [one.state for one in standing.of("target-group").values() if one.id in state.target_groups]
    if groups:
        by_http = [one for one in groups if one.protocol in ("HTTP", "HTTPS")]
        first = (by_http or groups)[0]
        sticky = first.stickiness if isinstance(first.stickiness, int) else None
        return said(
            port=first.port,
            health_check=_check(first.health_check),
            stickiness=sticky,
            deregistration_delay=first.deregistration_delay,
        )
    classic = [one.state for one in standing.of("classic-balancer").values() if one.id in state.classic_balancers]
    for one in classic:
        port = one.listeners[0].target_port
        sticky = max((each.sticky for each in one.listeners), default=0)
        check = _classic_check(one.health_check, port)
        return said(port=port, health_check=check, stickiness=max(sticky, 0), deregistration_delay=one.draining)
    return {}


def _check(check: Any) -> Section:
    told: Section = check.model_dump()
    port = told["port"]
    unasked = ("path", "codes") if told["protocol"] == "TCP" else ()
    kept = {field: value for field, value in told.items() if field not in unasked}
    return kept | {"port": int(port) if port.isdigit() else port}


def _classic_check(check: Any, target: int) -> Section:
    told: Section = check.model_dump(exclude={"target"})
    if found := CHECKED.match(check.target):
        port = "traffic-port" if int(found[2]) == target else int(found[2])
        told |= said(protocol=found[1], port=port, path=found[3])
    return told
