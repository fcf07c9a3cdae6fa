"""One route of a route table, in our words and in AWS's."""

from collections.abc import Iterable, Mapping
from ipaddress import ip_network
from typing import Any

from blueprints.part import Piece

TARGETS = {"igw": "GatewayId", "nat": "NatGatewayId"}
"""How a target of this id is called in a request."""


class RouteState(Piece):
    """`active` is false of a route whose target is gone: what AWS calls a blackhole."""

    destination: str
    target: str
    active: bool = True


def routes_of(told: Iterable[Mapping[str, Any]]) -> tuple[RouteState, ...]:
    """Those made by somebody: not the local and the propagated ones, nor what AWS makes for gateway endpoints."""
    return tuple(
        RouteState(destination=_destination(route), target=_target(route), active=route["State"] != "blackhole")
        for route in told
        if route["Origin"] == "CreateRoute" and not _of_endpoint(route)
    )


def request_of(route: RouteState) -> dict[str, str]:
    """A route as requests take it."""
    return destination_of(route.destination) | {TARGETS[route.target.partition("-")[0]]: route.target}


def destination_of(destination: str) -> dict[str, str]:
    """A destination as requests take it."""
    if destination.startswith("pl-"):
        return {"DestinationPrefixListId": destination}
    return {"DestinationIpv6CidrBlock" if ":" in destination else "DestinationCidrBlock": destination}


def _of_endpoint(route: Mapping[str, Any]) -> bool:
    return "DestinationPrefixListId" in route and str(route.get("GatewayId")).startswith("vpce-")


def _destination(route: Mapping[str, Any]) -> str:
    """A CIDR as Python writes it, or a prefix list's id."""
    cidr = route.get("DestinationCidrBlock") or route.get("DestinationIpv6CidrBlock")
    return str(ip_network(cidr, strict=False)) if cidr else str(route["DestinationPrefixListId"])


def _target(route: Mapping[str, Any]) -> str:
    """The id of what it leads to, of whatever kind: somebody may have made it by hand."""
    ids = (
        value for key, value in route.items() if key.endswith("Id") and not key.startswith(("Dest", "InstanceOwner"))
    )
    return str(next(ids, route.get("CoreNetworkArn", "")))
