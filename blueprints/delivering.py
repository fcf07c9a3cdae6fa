"""What stands in front of a site that CloudFront delivers: the parts, from its bucket outwards."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from blueprints.delivery import Certificate, Distribution, DnsRecord, EdgeFunction, OriginAccessControl
from blueprints.part import Id, Lookup, Part, Ready

FOLDERS = """function handler(event) {
  var request = event.request;
  if (request.uri.endsWith("/")) {
    request.uri += INDEX;
  }
  return request;
}
"""
"""S3 behind CloudFront knows no folders: what is shown for one is asked for by its own name."""


def delivered(
    name: str, where: str, domains: Sequence[str], *, index: str, fallback: str | None, **pages: Any
) -> Iterator[Part]:
    """A distribution in front of `bucket/<name>`, and for its own domains a certificate and records.

    `pages` are fields of the distribution. With a fallback, it needs no function for the addresses of folders.
    """
    control, function, certificate = OriginAccessControl(name=name, where=where), None, None
    yield control
    if fallback is None:
        function = EdgeFunction(name=name, where=where, code=FOLDERS.replace("INDEX", json.dumps(index)))
        yield function
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
        function=Id(function.key) if function else None,
        index=index,
        fallback=fallback,
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
