"""Domains of one's own for APIs: the section that people write, and the part it unfolds into."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from blueprints.apis import Api
from blueprints.part import Id, Part, Piece, of
from blueprints.problem import Problem
from blueprints.rest import Rest

Domain = Annotated[str, Field(pattern=r"^(\*\.)?([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}$", max_length=253)]
CertificateArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$")]
MappedPath = Annotated[str, Field(pattern=r"^([A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*)?$", max_length=300)]


class ApiDomain(Part):
    """A domain of one's own, and which stage of which API is reached by which path; an empty one is for all others."""

    kind: ClassVar[str] = "api-domain"
    domain: Domain
    certificate: CertificateArn
    mappings: dict[MappedPath, Annotated[Id, of("api-stage", "rest-stage")]] = Field(default_factory=dict)


class OwnDomain(Piece):
    """A domain of your own, by which APIs are reached. A DNS record must lead to it: `castra show` tells where to."""

    domain: Domain = Field(description="Such as api.example.com, or *.example.com.")
    certificate: CertificateArn = Field(description="ARN of its certificate in ACM, in the environment's region.")
    paths: dict[MappedPath, str] = Field(
        min_length=1, description="APIs by the path that they are reached under; an empty one is for all others."
    )

    def problems(self, name: str, apis: Mapping[str, Any], region: str) -> Iterator[Problem]:
        """What doesn't fit together."""
        where = f"api_domains.{name}"
        if (there := self.certificate.split(":")[3]) != region:
            yield Problem(f"{where}.certificate", f"is one of {there}", f"Name one of {region}")
        kinds = set()
        for path, api in self.paths.items():
            if api not in apis:
                way_out = f"Name one of: {', '.join(apis)}" if apis else "Describe it there"
                yield Problem(f"{where}.paths.{path}", f"there is no API {api!r} in the section apis", way_out)
            else:
                kinds.add(apis[api].kind == "websocket")
        if len(kinds) > 1:
            why = "AWS has WebSocket APIs and others under no common domain"
            yield Problem(f"{where}.paths", why, "Give the WebSocket APIs a domain of their own")

    def part(self, name: str, apis: Mapping[str, Api | Rest]) -> ApiDomain:
        """As a part has it."""
        stages = {
            path: f"{'rest' if isinstance(apis[api], Rest) else 'api'}-stage/{api}" for path, api in self.paths.items()
        }
        given = {"domain": self.domain, "certificate": self.certificate, "mappings": stages}
        return ApiDomain.model_validate({"name": name, "where": f"api_domains.{name}", **given})


def taken_twice(domains: Mapping[str, OwnDomain]) -> Iterator[Problem]:
    """A domain that stands twice."""
    owners: dict[str, str] = {}
    for name, one in domains.items():
        if (owner := owners.setdefault(one.domain, name)) != name:
            why = f"api_domains.{owner} has this domain"
            yield Problem(f"api_domains.{name}.domain", why, "Put all paths of a domain into one")
