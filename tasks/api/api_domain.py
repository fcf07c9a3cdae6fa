"""Domains of one's own, by which APIs are reached."""

from collections.abc import Iterator, Mapping
from typing import Any

from blueprints.api_domains import ApiDomain
from tasks.api.listing import GONE, HTTP
from tasks.api.tagging import TaggedByPath
from tasks.errors import gone_is_fine
from tasks.kind import Fixed, Found, Phase, State
from tasks.retry import when_released
from tasks.scope import Scope
from tasks.waiting import wait_until

TLS = "TLS_1_2"
PHASES: dict[str, Phase] = {"AVAILABLE": "standing"}


class ApiDomainState(State):
    """`mappings` are by path, each an API's stage, `api/stage`.

    https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-custom-domain-names.html
    """

    domain: Fixed[str]
    endpoint: Fixed[str] = "REGIONAL"
    certificate: str
    tls: str = TLS
    mappings: dict[str, str]


class ApiDomainKind(TaggedByPath[ApiDomain, ApiDomainState]):
    """Domains of one's own, by which APIs are reached."""

    name = "api-domain"
    whole_at_birth = False
    actions = (
        "apigateway:DELETE",
        "apigateway:GET",
        "apigateway:PATCH",
        "apigateway:POST",
    )

    def owned(self, scope: Scope) -> Iterator[Found[ApiDomainState]]:
        """GetDomainNames tells tags; a call a domain of ours for its mappings."""
        for domain in scope.pages(HTTP, "get_domain_names", "Items"):
            tags, id = domain.get("Tags") or {}, domain["DomainName"]
            if scope.owns(tags) and (name := self.named_in(tags)):
                (config,) = domain["DomainNameConfigurations"]
                state = ApiDomainState(
                    domain=id,
                    endpoint=config.get("EndpointType", ""),
                    certificate=config.get("CertificateArn", ""),
                    tls=config.get("SecurityPolicy", ""),
                    mappings={one.get("ApiMappingKey") or "": _stage(one) for one in _mappings(scope, id)},
                )
                phase = PHASES.get(config.get("DomainNameStatus", "AVAILABLE"), "pending")
                outputs = {"dns_name": config["ApiGatewayDomainName"], "dns_zone": config["HostedZoneId"]}
                yield Found(self.name, name, id, state, tags, phase, outputs=outputs)

    def wanted(self, part: ApiDomain, ids: Mapping[str, str]) -> ApiDomainState:
        """See the base."""
        mappings = {path: ids[stage] for path, stage in part.mappings.items()}
        return ApiDomainState(domain=part.domain, certificate=part.certificate, mappings=mappings)

    def create(self, scope: Scope, name: str, wanted: ApiDomainState) -> str:
        """A domain is there once in a region. AWS takes one such call in 30 s: botocore waits for that."""
        scope.client(HTTP, once=True).create_domain_name(
            DomainName=wanted.domain,
            DomainNameConfigurations=[_config(wanted)],
            Tags=self.birth_tags(scope, name, wanted),
        )
        _map(scope, wanted)
        return wanted.domain

    def ready(self, scope: Scope, id: str) -> None:
        """Usually at once; a new certificate takes a minute or two."""
        wait_until(scope, lambda: _status(scope, id) == "AVAILABLE", f"domain {id}", 900)

    def update(self, scope: Scope, id: str, wanted: ApiDomainState, changed: frozenset[str]) -> None:
        """Mappings are changed in place; those that come are made before others go."""
        if changed & {"certificate", "tls"}:
            scope.client(HTTP).update_domain_name(DomainName=id, DomainNameConfigurations=[_config(wanted)])
        if "mappings" in changed:
            _map(scope, wanted)

    def delete(self, scope: Scope, id: str) -> None:
        """Takes its mappings along."""
        with gone_is_fine(GONE):
            for one in _mappings(scope, id):
                with gone_is_fine(GONE):
                    scope.client(HTTP).delete_api_mapping(DomainName=id, ApiMappingId=one["ApiMappingId"])
            when_released(f"domain {id}", scope.client(HTTP).delete_domain_name, DomainName=id)

    def _path(self, id: str) -> str:
        return f"/domainnames/{id}"


# ---------------------------------------------------------------------- AWS's words and ours


def _config(wanted: ApiDomainState) -> dict[str, str]:
    return {
        "CertificateArn": wanted.certificate,
        "EndpointType": wanted.endpoint,
        "SecurityPolicy": wanted.tls,
    }


def _mappings(scope: Scope, domain: str) -> list[dict[str, Any]]:
    """A domain's, page by page, for which botocore has no paginator; none if it went since it was listed."""
    found, more = [], {"DomainName": domain}
    with gone_is_fine(GONE):
        while True:
            page = scope.client(HTTP).get_api_mappings(**more)
            found += page.get("Items", [])
            if not page.get("NextToken"):
                break
            more["NextToken"] = page["NextToken"]
    return found


def _stage(mapping: Mapping[str, Any]) -> str:
    return f"{mapping['ApiId']}/{mapping['Stage']}"


def _map(scope: Scope, wanted: ApiDomainState) -> None:
    there = {one.get("ApiMappingKey") or "": one for one in _mappings(scope, wanted.domain)}
    for path, stage in wanted.mappings.items():
        api, _, name = stage.partition("/")
        said = {"DomainName": wanted.domain, "ApiId": api, "Stage": name}
        if path not in there:
            scope.client(HTTP, once=True).create_api_mapping(**said, ApiMappingKey=path)
        elif _stage(there[path]) != stage:
            scope.client(HTTP).update_api_mapping(**said, ApiMappingId=there[path]["ApiMappingId"])
    for path, one in there.items():
        if path not in wanted.mappings:
            with gone_is_fine(GONE):
                scope.client(HTTP).delete_api_mapping(DomainName=wanted.domain, ApiMappingId=one["ApiMappingId"])


def _status(scope: Scope, domain: str) -> str:
    told = scope.client(HTTP).get_domain_name(DomainName=domain)
    return str(told["DomainNameConfigurations"][0].get("DomainNameStatus", "AVAILABLE"))
