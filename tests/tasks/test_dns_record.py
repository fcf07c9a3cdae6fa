"""DNS records: which zone they are in, whose they are, and what of others stays."""

import pytest

from tasks.delivery.dns_record import DnsRecordKind
from tasks.delivery.zones import zone_of
from tasks.errors import CastraError, Invalid
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.tasks.rows.delivery import CONTROL, PAGES, RECORD, SITE, at, clear, upsert, zone
from tests.tasks.rows.network import but

PARTS = (PAGES, CONTROL, SITE, RECORD)
KINDS = {part.kind for part in PARTS}


@pytest.fixture(autouse=True)
def home(scope: Scope) -> str:
    """The id of the zone."""
    return zone()


def test_it_leads_to_the_distribution_by_both_protocols_and_tells_whose_it_is(scope: Scope, home: str) -> None:
    raise_all(scope, PARTS, among=KINDS)
    (site,) = [
        one["DomainName"]
        for one in scope.client("cloudfront").list_distributions()["DistributionList"]["Items"]
        if one["Comment"].startswith(f"{scope.environment}--")
    ]
    mark = f"{scope.environment}--site--eu-west-1._castra.example.com"
    records = {one["Type"]: one for one in at(scope, f"{home}/{mark}/www.example.com")}
    assert set(records) == {"A", "AAAA", "TXT"}
    assert {records[type]["AliasTarget"]["DNSName"] for type in ("A", "AAAA")} == {f"{site}."}
    assert records["TXT"]["ResourceRecords"][0]["Value"] == (
        f'"castra:environment={scope.environment} castra:region=eu-west-1 castra:part=dns-record/site"'
        ' "www.example.com"'
    )


def test_a_domain_that_leads_elsewhere_is_left_alone_until_it_is_handed_over(scope: Scope, home: str) -> None:
    elsewhere = {"Name": "www.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    upsert(scope, home, elsewhere)
    with pytest.raises(CastraError, match=r"www\.example\.com leads somewhere already") as error:
        raise_all(scope, PARTS, among=KINDS)
    mark, _, text = error.value.way_out.partition("by a TXT record ")[2].partition(" with ")
    assert len(at(scope, f"{home}/{mark}/www.example.com")) == 1
    upsert(scope, home, {"Name": mark, "Type": "TXT", "TTL": 60, "ResourceRecords": [{"Value": text}]})
    assert [step.action for step in raise_all(scope, PARTS, among=KINDS).changes] == ["update"]
    assert look_and_plan(scope, PARTS, among=KINDS).settled


def test_struck_it_goes_before_its_distribution_and_what_was_led_elsewhere_stays(scope: Scope, home: str) -> None:
    raise_all(scope, PARTS, among=KINDS)
    scope.look_afresh()
    (found,) = DnsRecordKind().owned(scope)
    clear(scope.client("route53"), home, [one for one in at(scope, found.id) if one["Type"] == "A"])
    elsewhere = {"Name": "www.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.7"}]}
    upsert(scope, home, elsewhere)
    plan = raise_all(scope, (), among=KINDS)
    going = [removal.part for removal in plan.removals]
    assert going.index("dns-record/site") < going.index("distribution/site")
    assert [one["Type"] for one in at(scope, found.id)] == ["A"]


def test_a_domain_without_a_zone_is_told_with_its_place(scope: Scope) -> None:
    lost = but(RECORD, domain="www.example.org", zone="zone:www.example.org").model_copy(update={"where": "sites.w"})
    with pytest.raises(Invalid) as error:
        look_and_plan(scope, (PAGES, CONTROL, SITE, lost), among=KINDS)
    (problem,) = error.value.problems
    assert problem.path == "sites.w"
    assert "has no public hosted zone that www.example.org is in" in problem.why


def test_the_zone_that_fits_best_is_the_domains() -> None:
    zones = {"example.com": "Z1", "shop.example.com": "Z2", "com": "Z3"}
    found = {
        domain: zone_of(zones, domain) for domain in ("a.shop.example.com", "www.example.com", "ample.com", "a.org")
    }
    assert found == {"a.shop.example.com": "Z2", "www.example.com": "Z1", "ample.com": "Z3", "a.org": None}
