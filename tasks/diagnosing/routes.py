"""Routes that lead nowhere, and ways to the internet that are gone."""

from collections.abc import Iterator
from typing import Any

from tasks.diagnosing.causes import Cause
from tasks.diagnosing.evidence import Evidence
from tasks.diagnosing.finding import Finding
from tasks.diagnosing.ways import ways
from tasks.kind import Found

WORLD = "0.0.0.0/0"
MEND = "Raise its blueprint again, which has this route: castra up FILE"


def check(evidence: Evidence) -> Iterator[Finding]:
    """Only in a VPC of the environment's own: the default one is used as it is."""
    tables = list(evidence.of("route-table"))
    gateways = {one.id: one for one in evidence.of("internet-gateway")}
    detached = {one.id for one in gateways.values() if one.state.vpc is None}
    nats = {one.id: one for one in evidence.of("nat-gateway") if one.phase != "failed"}
    for gateway in gateways.values():
        if gateway.state.vpc is None:
            why = "the internet gateway isn't attached to the VPC: nothing comes in from the internet, or gets there"
            behind = {subnet for table in tables for subnet in table.state.subnets}
            yield _finding("internet-gateway-detached", gateway, "network", why, _ill(evidence, behind))
    for table in tables:
        yield from _gone(evidence, table, {*gateways, *nats}, detached)
        yield from _missing(evidence, table, bool(nats))
    for subnet in evidence.of("subnet"):
        if tables and not any(subnet.id in table.state.subnets for table in tables):
            why = "it has no route table of the environment's, so that the VPC's main one holds, which leads nowhere"
            yield _finding("subnet-without-routes", subnet, "network", why, _ill(evidence, {subnet.id}))


def _gone(evidence: Evidence, table: Found[Any], there: set[str], detached: set[str]) -> Iterator[Finding]:
    """Blackholes, and routes through what has failed; those to a gateway that is detached are told of that."""
    for route in (one for one in table.state.routes if one.target not in detached):
        ours = route.target.startswith(("igw-", "nat-"))
        if not route.active or (ours and route.target not in there and evidence.part(route.target) is not None):
            why = f"its route to {route.destination} leads to {evidence.name(route.target)}, which is gone"
            place = "network.nat" if route.target.startswith("nat-") else "network"
            yield _finding("route-leads-nowhere", table, place, why, _ill(evidence, set(table.state.subnets)))


def _missing(evidence: Evidence, table: Found[Any], nats: bool) -> Iterator[Finding]:
    """No way to the internet, where one is meant to be."""
    leads = any(route.destination == WORLD for route in table.state.routes)
    if not leads and table.name == "public":
        why = "it has no route to the internet: nobody reaches what is public, and NAT gateways get nowhere"
        yield _finding("no-way-to-the-internet", table, "network", why, _ill(evidence, set(table.state.subnets)))
    elif not leads and nats:
        why = "there's a NAT gateway, and no route leads there: servers can't fetch what they need from the internet"
        yield _finding("no-way-to-the-internet", table, "network.nat", why, _ill(evidence, set(table.state.subnets)))


def _ill(evidence: Evidence, subnets: set[str]) -> frozenset[str]:
    """Target groups of the servers that stand in these subnets: without packages they may never answer."""
    return frozenset().union(*(way.explained for way in ways(evidence) if subnets & set(way.servers.state.subnets)))


def _finding(cause: Cause, part: Found[Any], place: str, why: str, explains: frozenset[str]) -> Finding:
    return Finding(cause=cause, part=part.key, place=place, why=why, fix=MEND, explains=explains)
