"""Hosted zones of Route 53: which one a domain belongs to, and what stands in it."""

from collections.abc import Iterable, Iterator
from typing import Any

from tasks.scope import Scope

CLOUDFRONT = "Z2FDTNDATAQYW2"
"""The zone of every distribution. https://docs.aws.amazon.com/Route53/latest/APIReference/API_AliasTarget.html"""


def public_zones(scope: Scope) -> dict[str, str]:
    """The account's public zones, by name without its last dot, to their ids; listed once a survey."""
    return scope.listed("hosted zones", lambda: dict(_public_zones(scope)))


def zone_of(zones: dict[str, str], domain: str) -> str | None:
    """The id of the zone that a domain is in: the longest that fits, as DNS itself has it."""
    labels = domain.split(".")
    names = (".".join(labels[start:]) for start in range(len(labels)))
    return next((zones[name] for name in names if name in zones), None)


def zones_of(scope: Scope, lookups: Iterable[str]) -> dict[str, str]:
    """Lookups such as `zone:www.example.com` to the ids of zones, where there are any. One listing for all."""
    asked = list(lookups)
    zones = public_zones(scope) if asked else {}
    found = {lookup: zone_of(zones, lookup.partition(":")[2]) for lookup in asked}
    return {lookup: zone for lookup, zone in found.items() if zone}


def records_from(scope: Scope, zone: str, name: str) -> Iterator[dict[str, Any]]:
    """The records of a zone from a name on, in DNS's order: those below it follow at once. Names have no last dot."""
    start = {"StartRecordName": name}
    while True:
        page = scope.client("route53").list_resource_record_sets(HostedZoneId=zone, **start)
        for record in page["ResourceRecordSets"]:
            yield record | {"Name": plain(record["Name"])}
        if not page["IsTruncated"]:
            return
        start = {"StartRecordName": page["NextRecordName"], "StartRecordType": page["NextRecordType"]}


def record_at(scope: Scope, zone: str, name: str, type: str) -> dict[str, Any] | None:
    """The record of this name and type, as it must be named to be deleted; None if there's none."""
    page = scope.client("route53").list_resource_record_sets(
        HostedZoneId=zone, StartRecordName=name, StartRecordType=type, MaxItems="1"
    )
    records = (one for one in page["ResourceRecordSets"] if (plain(one["Name"]), one["Type"]) == (name, type))
    return next(records, None)


def change(scope: Scope, zone: str, changes: list[tuple[str, dict[str, Any]]]) -> None:
    """Change a zone in one call: all of it is done, or nothing. Each is an action of Route 53's with its record."""
    batch = {"Changes": [{"Action": action, "ResourceRecordSet": record} for action, record in changes]}
    if changes:
        scope.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def plain(name: str) -> str:
    """A name as people write it: Route 53 ends it with a dot, and tells a star by its number."""
    return name.rstrip(".").replace("\\052", "*")


def _public_zones(scope: Scope) -> Iterator[tuple[str, str]]:
    """The first of several of one name: DNS itself follows one of them, and the API doesn't say which."""
    zones = list(scope.pages("route53", "list_hosted_zones", "HostedZones"))
    for zone in sorted(zones, key=lambda one: str(one["Id"]), reverse=True):
        if not zone.get("Config", {}).get("PrivateZone"):
            yield plain(zone["Name"]), zone["Id"].rpartition("/")[2]
