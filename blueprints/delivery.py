"""Delivery: distributions of CloudFront, and who they are at their origin."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from blueprints.part import Id, Lookup, Part, Ready, asking, of
from blueprints.storage import BucketId

PriceClass = Literal["100", "200", "all"]
Domain = Annotated[str, Field(pattern=r"^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}$", max_length=253)]
PageKey = Annotated[str, Field(pattern=r"^[^/ ][^ ]*$", max_length=255)]
CertificateArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:acm:us-east-1:[0-9]{12}:certificate/.+$")]


class Certificate(Part):
    """A certificate of ACM in us-east-1, where CloudFront looks for them, validated by records in zones of Route 53.

    `zones` are lookups such as `zone:www.example.com`, of the zones in which the validating records are written.
    """

    kind: ClassVar[str] = "certificate"
    domain: Domain
    also: tuple[Domain, ...] = Field(default=(), max_length=9)
    zones: tuple[Annotated[Lookup, asking("zone")], ...]

    @property
    def domains(self) -> tuple[str, ...]:
        """All that it is for."""
        return tuple(sorted({self.domain, *self.also}))

    @model_validator(mode="after")
    def _zoned(self) -> "Certificate":
        if {lookup.partition(":")[2] for lookup in self.zones} != set(self.domains):
            raise ValueError("should look up a zone for each of its domains")
        return self


class OriginAccessControl(Part):
    """Who a distribution is at its origin: it signs what it asks a bucket, so that the bucket need not be public."""

    kind: ClassVar[str] = "origin-access-control"
    signing: Literal["always", "never", "no-override"] = "always"


class EdgeFunction(Part):
    """A few lines of JavaScript that CloudFront runs with each request. AWS takes 10 KB."""

    kind: ClassVar[str] = "edge-function"
    code: str = Field(min_length=1, max_length=10_240)


class Distribution(Part):
    """A distribution of CloudFront in front of a bucket.

    `index` is shown at `/`. `fallback` is shown, as if all were well, for whatever isn't there: an application of one
    page finds its way by itself. `error` is shown with status 404 instead. Aliases need a certificate of us-east-1.
    `function` sees what visitors ask for, and may ask for something else.
    """

    kind: ClassVar[str] = "distribution"
    bucket: BucketId
    access_control: Annotated[Id, of("origin-access-control")]
    path: Annotated[str, Field(pattern=r"^(/[^/]+)*$", max_length=255)] = ""
    index: PageKey = "index.html"
    fallback: PageKey | None = None
    error: PageKey | None = None
    aliases: tuple[Domain, ...] = ()
    certificate: Annotated[Ready, of("certificate")] | CertificateArn | None = None
    price_class: PriceClass = "100"
    function: Annotated[Id, of("edge-function")] | None = None

    @model_validator(mode="after")
    def _fits(self) -> "Distribution":
        if self.aliases and not self.certificate:
            raise ValueError("has aliases, which need a certificate")
        if self.fallback and self.error:
            raise ValueError("should have fallback or error, not both")
        return self


class DnsRecord(Part):
    """A domain that leads to a distribution: its records A and AAAA, in a zone of Route 53.

    `zone` is a lookup such as `zone:www.example.com`: the account's public zone that the domain is in.
    """

    kind: ClassVar[str] = "dns-record"
    domain: Domain
    zone: Annotated[Lookup, asking("zone")]
    target: Annotated[Id, of("distribution")]
