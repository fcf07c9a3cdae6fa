"""Distributions: what CloudFront is told, what of it isn't Castra's business, and the minutes that it takes."""

from typing import Any

import pytest
from pydantic import ValidationError

from blueprints.delivery import Distribution
from tasks.delivery.distribution import DistributionKind
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.tasks.rows.delivery import CERTIFICATE, CONTROL, FUNCTION, PAGES, SITE, change
from tests.tasks.rows.network import but

KINDS = ("bucket", "origin-access-control", "distribution")


def raised(scope: Scope, site: Distribution = SITE) -> str:
    """Its id."""
    raise_all(scope, (PAGES, CONTROL, site), among=KINDS)
    scope.look_afresh()
    (found,) = DistributionKind().owned(scope)
    return found.id


def config(scope: Scope, id: str) -> Any:
    return scope.client("cloudfront").get_distribution_config(Id=id.rpartition("/")[2])["DistributionConfig"]


def test_it_asks_its_bucket_as_its_access_control_and_visitors_come_by_tls(scope: Scope) -> None:
    told = config(scope, raised(scope))
    (origin,) = told["Origins"]["Items"]
    (control,) = [
        one["Id"]
        for one in scope.client("cloudfront").list_origin_access_controls()["OriginAccessControlList"]["Items"]
        if one["Name"] == f"{scope.environment}--site--eu-west-1"
    ]
    bucket = f"{scope.bucket_name('pages')}.s3.eu-west-1.amazonaws.com"
    assert (origin["DomainName"], origin["OriginAccessControlId"]) == (bucket, control)
    assert origin["S3OriginConfig"] == {"OriginAccessIdentity": ""}
    assert told["DefaultCacheBehavior"]["ViewerProtocolPolicy"] == "redirect-to-https"
    assert told["ViewerCertificate"]["CloudFrontDefaultCertificate"]
    assert (told["DefaultRootObject"], told["PriceClass"], told["Enabled"]) == ("index.html", "PriceClass_100", True)
    errors = {one["ErrorCode"]: (one["ResponsePagePath"], one["ResponseCode"]) for one in errors_of(told)}
    assert errors == {403: ("/index.html", "200"), 404: ("/index.html", "200")}


def errors_of(told: Any) -> list[Any]:
    return list(told["CustomErrorResponses"].get("Items", []))


def test_names_of_its_own_come_with_a_certificate_and_go_again(scope: Scope) -> None:
    named = but(SITE, aliases=(f"www.{scope.environment}.example.com",), certificate=CERTIFICATE)
    told = config(scope, raised(scope, named))
    certificate = told["ViewerCertificate"]
    assert told["Aliases"]["Items"] == [f"www.{scope.environment}.example.com"]
    assert (certificate["ACMCertificateArn"], certificate["MinimumProtocolVersion"]) == (CERTIFICATE, "TLSv1.2_2021")
    assert look_and_plan(scope, (PAGES, CONTROL, named), among=KINDS).settled
    told = config(scope, raised(scope))
    assert (told["Aliases"]["Quantity"], told["ViewerCertificate"]["CloudFrontDefaultCertificate"]) == (0, True)


def test_a_change_leaves_what_is_not_castras_business(scope: Scope) -> None:
    id = raised(scope)
    logging = {"Enabled": True, "IncludeCookies": False, "Bucket": "logs.s3.amazonaws.com", "Prefix": "site/"}
    change(scope, id, WebACLId="arn:aws:wafv2:us-east-1:123456789012:global/webacl/w/1", Logging=logging)
    assert look_and_plan(scope, (PAGES, CONTROL, SITE), among=KINDS).settled
    raised(scope, but(SITE, price_class="all"))
    told = config(scope, id)
    assert (told["PriceClass"], told["Logging"], told["WebACLId"][-4:]) == ("PriceClass_All", logging, "/w/1")


def test_a_function_that_somebody_added_for_answers_stays_beside_castras_own(scope: Scope) -> None:
    parts = (PAGES, CONTROL, FUNCTION, but(SITE, function="edge-function/folders"))
    kinds = (*KINDS, "edge-function")
    raise_all(scope, parts, among=kinds)
    scope.look_afresh()
    (found,) = DistributionKind().owned(scope)
    behavior = config(scope, found.id)["DefaultCacheBehavior"]
    (ours,) = behavior["FunctionAssociations"]["Items"]
    theirs = {"FunctionARN": f"{ours['FunctionARN']}-theirs", "EventType": "viewer-response"}
    both = {"Quantity": 2, "Items": [ours, theirs]}
    change(scope, found.id, DefaultCacheBehavior=behavior | {"FunctionAssociations": both})
    assert look_and_plan(scope, parts, among=kinds).settled
    raise_all(scope, (PAGES, CONTROL, SITE), among=kinds)
    assert config(scope, found.id)["DefaultCacheBehavior"]["FunctionAssociations"]["Items"] == [theirs]


def test_environments_of_one_name_in_two_regions_are_two(scope: Scope) -> None:
    raised(scope)
    elsewhere = Scope(scope.environment, "eu-central-1", poll_seconds=0.05)
    assert list(DistributionKind().owned(elsewhere)) == []
    assert "origin-access-control/site" in {
        step.part for step in look_and_plan(elsewhere, (CONTROL,), among=["origin-access-control"]).changes
    }


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"aliases": ("www.example.com",)}, "need a certificate"),
        ({"certificate": CERTIFICATE.replace("us-east-1", "eu-west-1")}, "match pattern"),
        ({"fallback": "index.html", "error": "lost.html"}, "not both"),
        ({"index": "/index.html"}, "match pattern"),
        ({"path": "releases/7"}, "match pattern"),
        ({"aliases": ("www.example.com/path",), "certificate": CERTIFICATE}, "match pattern"),
    ],
)
def test_what_cloudfront_would_refuse_is_refused_before(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        but(SITE, **wrong)
