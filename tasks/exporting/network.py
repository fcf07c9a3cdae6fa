"""The section `network`, from the VPC and all that is in it."""

import json
from typing import Any

from blueprints.network import Network
from tasks.exporting.standing import Section, Standing, said
from tasks.network.flow_log import USUAL


def network(standing: Standing, zones: dict[str, str]) -> Section | None:
    """None where nothing stands in any. `zones` are those of subnets of the default VPC, by id."""
    vpc = standing.state("vpc", "main")
    common = said(endpoints=_endpoints(standing) or None, flow_logs=_flow_logs(standing))
    if vpc is None:
        named = sorted(set(zones.values()))
        return {"default": True, "zones": _zones(named, standing.region), **common} if named else None
    subnets = standing.of("subnet")
    letters = sorted(name.removeprefix("public-") for name in subnets if name.startswith("public-"))
    letters.sort(key=lambda letter: letter not in standing.of("nat-gateway"))  # the only gateway is in the first zone
    cidrs = {place: [subnets[f"{place}-{letter}"].state.cidr for letter in letters] for place in ("public", "private")}
    written = {
        "cidr": vpc.cidr,
        "zones": _zones([f"{standing.region}{letter}" for letter in letters], standing.region),
        "nat": _nat(standing, len(letters)),
        "dns_support": vpc.dns_support,
        "dns_hostnames": vpc.dns_hostnames,
        **common,
    }
    return written if _computed(written, standing.region) == cidrs else {**written, "subnets": cidrs}


def _computed(written: Section, region: str) -> dict[str, list[str]]:
    """The subnets' addresses where nothing is said of them."""
    own, places = Network.model_validate(written), ("public", "private")
    return {place: [str(one) for one in own.cidrs(place, region).values()] for place in places}  # type: ignore[arg-type]


def _zones(named: list[str], region: str) -> int | list[str]:
    """How many, where they're the first ones."""
    return len(named) if named == [f"{region}{letter}" for letter in "abcdefgh"[: len(named)]] else named


def _nat(standing: Standing, zones: int) -> str:
    gateways = len(standing.of("nat-gateway"))
    if not gateways:
        return "none"
    return "each" if gateways == zones > 1 else "one"


def _endpoints(standing: Standing) -> list[Section]:
    told: list[Section] = []
    for endpoint in standing.of("gateway-endpoint").values():
        told.append(said(service=endpoint.state.service, policy=_policy(endpoint.state)))
    for endpoint in standing.of("interface-endpoint").values():
        policy, private = _policy(endpoint.state), endpoint.state.private_dns
        told.append(said(service=endpoint.state.service, policy=policy, private_dns=private))
    return told


def _policy(state: Any) -> Any:
    return json.loads(state.policy) if state.policy else None


def _flow_logs(standing: Standing) -> Section | None:
    log = standing.state("flow-log", "main")
    if log is None:
        return None
    own_role = standing.key(log.role) == "role/vpc-flow-logs"
    return said(
        to=log.to,
        traffic=log.traffic.lower(),
        interval=log.interval,
        format=None if log.format == USUAL else log.format,
        role=None if own_role else log.role or None,
    )
