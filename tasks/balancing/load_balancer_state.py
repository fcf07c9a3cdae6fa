"""What is wanted of load balancers and what AWS tells of them, in one vocabulary for both types."""

from collections.abc import Mapping
from typing import Any

from blueprints.health import AccessLogs
from blueprints.load_balancers import LoadBalancer
from tasks.kind import Fixed, State, Unordered

SWITCHES = {
    "deletion_protection": "deletion_protection.enabled",
    "drop_invalid_headers": "routing.http.drop_invalid_header_fields.enabled",
    "cross_zone": "load_balancing.cross_zone.enabled",
}
IDLE = "idle_timeout.timeout_seconds"
LOGS = "access_logs.s3"
DEFAULTS: dict[str, dict[str, Any]] = {
    "application": {"idle_timeout": 60, "drop_invalid_headers": True},
    "network": {"cross_zone": False},
}
"""What only one of the types has, and what is wanted of it where the part says nothing."""


class AddressState(State):
    """A static address of a network load balancer, and the subnet that it's in."""

    subnet: str
    address: str


class AccessLogsState(State):
    """Where requests are written down."""

    bucket: str
    prefix: str


class LoadBalancerState(State):
    """https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
    https://docs.aws.amazon.com/elasticloadbalancing/latest/network/network-load-balancers.html

    What the type doesn't have is None. A zone can come or go with its address; AWS can't give an address to one that
    stands, or take it: `static` says whether there are any.
    """

    type: Fixed[str] = "application"
    vpc: Fixed[str]
    scheme: Fixed[str]
    static: Fixed[bool] = False
    subnets: Unordered[str]
    addresses: Unordered[AddressState] = ()
    groups: Unordered[str]
    idle_timeout: int | None = None
    deletion_protection: bool
    drop_invalid_headers: bool | None = None
    cross_zone: bool | None = None
    access_logs: AccessLogsState | None = None


def wanted_logs(logs: AccessLogs | None) -> AccessLogsState | None:
    """Access logs, if any are asked for."""
    return AccessLogsState(**logs.model_dump()) if logs else None


def wanted_state(part: LoadBalancer, ids: Mapping[str, str]) -> LoadBalancerState:
    """The part."""
    subnets = tuple(ids[subnet] for subnet in part.subnets)
    addresses = tuple(ids[address] for address in part.addresses)
    own = {
        name: default if getattr(part, name) is None else getattr(part, name)
        for name, default in DEFAULTS[part.type].items()
    }
    return LoadBalancerState(
        type=part.type,
        vpc=ids[part.vpc],
        scheme="internet-facing" if part.public else "internal",
        static=bool(addresses),
        subnets=subnets,
        addresses=tuple(
            AddressState(subnet=subnet, address=address)
            for subnet, address in zip(subnets, addresses, strict=bool(addresses))
        ),
        groups=tuple(ids[group] for group in part.groups),
        deletion_protection=part.deletion_protection,
        access_logs=wanted_logs(part.access_logs),
        **own,
    )


def told_state(balancer: Mapping[str, Any], attributes: Mapping[str, str]) -> LoadBalancerState:
    """What AWS tells: the balancer as it's described, and its attributes."""
    own: dict[str, Any] = {
        name: attributes.get(SWITCHES.get(name, "")) == "true" for name in DEFAULTS[balancer["Type"]]
    }
    if "idle_timeout" in own:
        own["idle_timeout"] = int(attributes.get(IDLE, "60"))
    logs = {name: attributes.get(f"{LOGS}.{name}", "") for name in AccessLogsState.model_fields}
    addresses = tuple(
        AddressState(subnet=one["SubnetId"], address=one["AllocationId"]) for one in static_addresses(balancer)
    )
    return LoadBalancerState(
        type=balancer["Type"],
        vpc=balancer["VpcId"],
        scheme=balancer["Scheme"],
        static=bool(addresses),
        subnets=tuple(zone["SubnetId"] for zone in balancer["AvailabilityZones"]),
        addresses=addresses,
        groups=tuple(balancer.get("SecurityGroups", ())),
        deletion_protection=attributes.get(SWITCHES["deletion_protection"]) == "true",
        access_logs=AccessLogsState(**logs) if attributes.get(f"{LOGS}.enabled") == "true" else None,
        **own,
    )


def static_addresses(balancer: Mapping[str, Any]) -> list[dict[str, str]]:
    """Its elastic addresses, each with its subnet. A network load balancer without any has others, which AWS gives."""
    return [
        {**address, "SubnetId": zone["SubnetId"]}
        for zone in balancer["AvailabilityZones"]
        for address in zone.get("LoadBalancerAddresses", ())
        if address.get("AllocationId")
    ]


def places(wanted: LoadBalancerState) -> dict[str, Any]:
    """Its subnets, as the calls that make and move it take them."""
    if not wanted.addresses:
        return {"Subnets": list(wanted.subnets)}
    return {"SubnetMappings": [{"SubnetId": one.subnet, "AllocationId": one.address} for one in wanted.addresses]}


def settings(wanted: LoadBalancerState, changed: frozenset[str]) -> dict[str, str]:
    """The attributes among what changed, that its type has."""
    told: dict[str, str] = {}
    if wanted.idle_timeout is not None and "idle_timeout" in changed:
        told[IDLE] = str(wanted.idle_timeout)
    for name, key in SWITCHES.items():
        if name in changed and getattr(wanted, name) is not None:
            told[key] = "true" if getattr(wanted, name) else "false"
    if "access_logs" in changed:
        told[f"{LOGS}.enabled"] = "true" if wanted.access_logs else "false"
        for name, value in wanted.access_logs.model_dump().items() if wanted.access_logs else ():
            told[f"{LOGS}.{name}"] = value
    return told
