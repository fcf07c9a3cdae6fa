"""What stands in front of a site that CloudFront delivers: the parts, from its bucket outwards."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from blueprints.delivery import Certificate, Distribution, DnsRecord, OriginAccessControl
from blueprints.part import Id, Lookup, Part, Ready


def delivered(name: str, where: str, domains: Sequence[str], **pages: Any) -> Iterator[Part]:
    """A distribution in front of `bucket/<name>`, and for its own domains a certificate and records.

    `pages` are fields of the distribution: its index, say.
    """
    control, certificate = OriginAccessControl(name=name, where=where), None
    yield control
    if domains:
        zones = tuple(zone_of(domain) for domain in sorted(set(domains)))
        certificate = Certificate(name=name, where=where, domain=domains[0], also=tuple(domains[1:]), zones=zones)
        yield certificate
    site = Distribution(
        name=name,
        where=where,
        bucket=Id(f"bucket/{name}"),
        access_control=Id(control.key),
        aliases=tuple(domains),
        certificate=Ready(certificate.key) if certificate else None,
        **pages,
    )
    yield site
    for domain in domains:
        yield DnsRecord(name=label(domain), where=where, domain=domain, zone=zone_of(domain), target=Id(site.key))


def zone_of(domain: str) -> Lookup:
    """The zone that a domain is in, as AWS is asked for it."""
    return Lookup(f"zone:{domain}")


def label(domain: str) -> str:
    """A domain as a part's name: `www-example-com`."""
    return re.sub("-+", "-", domain.replace("*", "any").replace(".", "-"))
