"""What is particular to domains of APIs."""

from typing import Any

import pytest

from blueprints.problem import Invalid
from blueprints.reading import build
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.tasks.rows.api import CERTIFICATES, free_domains, http

URL = "https://example.com"
APIS = {
    "shop": {"routes": {"GET /": URL}},
    "orders": {"kind": "rest", "routes": {"GET /": URL}},
    "chat": {"kind": "websocket", "routes": {"$default": URL}},
}


def document(**domain: Any) -> dict[str, Any]:
    given = {"domain": "api.example.com", "certificate": CERTIFICATES[0], "paths": {"": "shop"}} | domain
    return {"name": "e", "region": "eu-west-1", "apis": APIS, "api_domains": {"main": given}}


def test_apis_of_both_kinds_are_reached_by_their_paths_and_move_without_a_gap(scope: Scope) -> None:
    free_domains()
    parts = build(document(paths={"": "shop", "v1/orders": "orders"})).parts()
    raise_all(scope, parts)
    (domain,) = look(scope, KINDS["api-domain"], "main")
    stages = {one.name: one.id for kind in ("api-stage", "rest-stage") for one in KINDS[kind].owned(scope)}
    assert domain.state.mappings == {"": stages["shop"], "v1/orders": stages["orders"]}
    assert domain.outputs["dns_name"].startswith("d-")
    old = {one["ApiMappingKey"]: one["ApiMappingId"] for one in mappings(scope)}
    parts = build(document(paths={"": "orders"})).parts()
    raise_all(scope, parts)
    assert {one["ApiMappingKey"]: one["ApiMappingId"] for one in mappings(scope)} == {"": old[""]}
    assert look_and_plan(scope, parts).settled
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()


def mappings(scope: Scope) -> list[dict[str, Any]]:
    return list(http(scope).get_api_mappings(DomainName="api.example.com")["Items"])


@pytest.mark.parametrize(
    ("domain", "place", "why"),
    [
        ({"domain": "example"}, "main.domain", "isn't of the right form"),
        ({"certificate": CERTIFICATES[0].replace("eu-west-1", "us-east-1")}, "main.certificate", "one of us-east-1"),
        ({"paths": {"": "no"}}, "main.paths.", "there is no API 'no'"),
        ({"paths": {"": "shop", "chat": "chat"}}, "main.paths", "under no common domain"),
        ({"paths": {"/a": "shop"}}, "main.paths", "isn't of the right form"),
    ],
)
def test_what_cant_be_is_told_with_its_place(domain: dict[str, Any], place: str, why: str) -> None:
    with pytest.raises(Invalid) as caught:
        build(document(**domain))
    assert f"api_domains.{place}" in str(caught.value)
    assert why in str(caught.value)


def test_a_domain_that_stands_twice_is_told() -> None:
    twice = document()
    twice["api_domains"]["other"] = twice["api_domains"]["main"]
    with pytest.raises(Invalid, match=r"api_domains\.other\.domain: api_domains\.main has this domain"):
        build(twice)
