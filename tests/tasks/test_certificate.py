"""Certificates: where they are, how ACM sees whose their domains are, and who waits for them."""

from contextlib import suppress

import pytest
from botocore.exceptions import ClientError
from moto.acm.models import acm_backends
from pydantic import ValidationError

from blueprints.part import Ready
from tasks.delivery.certificate import CertificateKind
from tasks.errors import CastraError
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.tasks.rows.delivery import CONTROL, NAMES, PAGES, RECORD, SITE, acm, validating, zone
from tests.tasks.rows.network import but

NAMED = but(SITE, aliases=("www.example.com",), certificate=Ready("certificate/site"))
PARTS = (NAMES, PAGES, CONTROL, NAMED, RECORD)
KINDS = {part.kind for part in PARTS}


@pytest.fixture(autouse=True)
def home(scope: Scope) -> str:
    """The id of the zone. No certificate of another test needs anything in it."""
    for one in acm(scope).list_certificates()["CertificateSummaryList"]:
        with suppress(ClientError):
            acm(scope).delete_certificate(CertificateArn=one["CertificateArn"])
    return zone()


def raised(scope: Scope, *parts: object) -> str:
    """Raise them; the certificate's id."""
    raise_all(scope, parts or PARTS, among=KINDS)  # type: ignore[arg-type]
    scope.look_afresh()
    (found,) = CertificateKind().owned(scope)
    return found.id


def test_it_is_of_us_east_1_and_issued_by_records_in_the_zone_before_its_distribution_is_made(scope: Scope) -> None:
    id = raised(scope)
    told = acm(scope).describe_certificate(CertificateArn=id)["Certificate"]
    assert id.split(":")[3] == "us-east-1"
    assert (told["DomainName"], told["Status"]) == ("www.example.com", "ISSUED")
    assert set(told["SubjectAlternativeNames"]) == {"www.example.com", "*.example.com"}
    assert len(validating(scope, id)) == 2
    assert look_and_plan(scope, PARTS, among=KINDS).settled
    raise_all(scope, (), among=KINDS)
    assert validating_records(scope) == []


def validating_records(scope: Scope) -> list[str]:
    records = scope.client("route53").list_resource_record_sets(HostedZoneId=zone_of(scope))["ResourceRecordSets"]
    return [one["Name"] for one in records if one["Type"] == "CNAME"]


def zone_of(scope: Scope) -> str:
    (id,) = [
        one["Id"] for one in scope.client("route53").list_hosted_zones()["HostedZones"] if one["Name"] == "example.com."
    ]
    return str(id)


def test_replaced_it_stands_beside_the_old_one_until_the_distribution_has_the_new(scope: Scope) -> None:
    old = raised(scope)
    now = but(NAMES, also=("example.com",), zones=("zone:www.example.com", "zone:example.com"))
    plan = raise_all(scope, (now, *PARTS[1:]), among=KINDS)
    actions = {step.part: step.action for step in plan.changes}
    assert (actions["certificate/site"], actions["distribution/site"]) == ("replace", "update")
    assert look_and_plan(scope, (now, *PARTS[1:]), among=KINDS).settled
    (left,) = list(CertificateKind().owned(scope))
    assert left.id != old
    raise_all(scope, (), among=KINDS)


def test_a_record_that_another_certificate_needs_stays(scope: Scope) -> None:
    id = raised(scope, NAMES)
    other = acm(scope).request_certificate(DomainName="*.example.com", ValidationMethod="DNS")["CertificateArn"]
    CertificateKind().delete(scope, id)
    assert [name.partition(".")[2] for name in validating_records(scope)] == ["example.com."]
    acm(scope).delete_certificate(CertificateArn=other)


def test_one_that_will_never_be_issued_says_why_and_is_replaced(scope: Scope) -> None:
    id = raised(scope, NAMES)
    acm_backends[scope.account]["us-east-1"]._certificates[id].status = "VALIDATION_TIMED_OUT"
    with pytest.raises(CastraError, match="won't be issued: VALIDATION_TIMED_OUT"):
        CertificateKind().ready(scope, id)
    (step,) = look_and_plan(scope, (NAMES,), among=["certificate"]).changes
    assert (step.action, step.because) == ("replace", "has failed and will never be ready")


def test_each_domain_has_its_zone() -> None:
    with pytest.raises(ValidationError, match="a zone for each of its domains"):
        but(NAMES, also=("shop.example.com",))
