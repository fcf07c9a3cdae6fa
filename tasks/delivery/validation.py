"""The records by which ACM sees that a domain is ours. https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html

A record is the same for all certificates of a domain in an account, and for the domain with a star before it.
"""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from tasks.delivery.zones import change, plain, public_zones, record_at, zone_of
from tasks.scope import Scope

HOME = "us-east-1"  # where CloudFront looks for certificates
SECONDS = 300
Records = Mapping[str, tuple[str, str]]
"""By domain: the name of its record, without the last dot, and its value."""


def records_of(certificate: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Those that ACM asks for; a certificate that was just requested has none for some seconds."""
    asked = certificate.get("DomainValidationOptions", ())
    named = {one["DomainName"]: one["ResourceRecord"] for one in asked if "ResourceRecord" in one}
    return {domain: (plain(record["Name"]), record["Value"]) for domain, record in named.items()}


def standing(scope: Scope, records: Records) -> list[str]:
    """The domains whose records stand in the account's zones."""
    return [domain for domain, (name, value) in records.items() if _found(scope, name, value)]


def write(scope: Scope, records: Records) -> None:
    """Write all of them, one change a zone."""
    batches: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for name, value in records.values():
        if zone := zone_of(public_zones(scope), name):
            batches[zone][name] = {
                "Name": f"{name}.",
                "Type": "CNAME",
                "TTL": SECONDS,
                "ResourceRecords": [{"Value": value}],
            }
    for zone, batch in batches.items():
        change(scope, zone, [("UPSERT", record) for record in batch.values()])


def take_away(scope: Scope, arn: str, records: Records) -> None:
    """Delete those that no other certificate of us-east-1 and of the environment's own region needs."""
    needed = {
        domain.removeprefix("*.")
        for region in {HOME, scope.region}
        for one in scope.pages("acm", "list_certificates", "CertificateSummaryList", region=region)
        if one["CertificateArn"] != arn
        for domain in (one["DomainName"], *one.get("SubjectAlternativeNameSummaries", ()))
    }
    batches: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
    for domain, (name, value) in records.items():
        found = _found(scope, name, value) if domain.removeprefix("*.") not in needed else None
        if found:
            batches[found[0]][name] = found[1]
    for zone, batch in batches.items():
        change(scope, zone, [("DELETE", record) for record in batch.values()])


def _found(scope: Scope, name: str, value: str) -> tuple[str, dict[str, Any]] | None:
    """A record with its zone, if it stands as ACM wants it."""
    zone = zone_of(public_zones(scope), name)
    record = record_at(scope, zone, name, "CNAME") if zone else None
    values = [one["Value"].rstrip(".") for one in record.get("ResourceRecords", ())] if record else []
    return (zone, record) if zone and record and values == [value.rstrip(".")] else None
