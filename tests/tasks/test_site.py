"""Sites: who can read them, and what stands around their files."""

import json
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from blueprints.reading import build
from tasks.errors import Invalid
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.storage.publishing.publish import roll_back
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.delivery import zone

EXAMPLES = Path(__file__).parents[2] / "examples"
AMONG = ("bucket", "bucket-policy", "site")


def document(**site: Any) -> dict[str, Any]:
    return {"name": "strict", "region": "eu-west-1", "sites": {"app": {"folder": "site"} | site}}


def parts(**site: Any) -> Any:
    return build(document(**site), folder=EXAMPLES).parts()


def policy(scope: Scope) -> dict[str, Any]:
    text = scope.client("s3").get_bucket_policy(Bucket=scope.bucket_name("app"))["Policy"]
    (statement,) = json.loads(text)["Statement"]
    return dict(statement)


def test_a_public_one_is_read_by_everybody_but_for_castras_own_record(physics: Physics, strict: Scope) -> None:
    raise_all(strict, parts(), among=AMONG)
    address = f"{physics.url}/{strict.bucket_name('app')}"
    assert b"The camp stands" in urlopen(f"{address}/index.html").read()
    with pytest.raises(HTTPError, match="403"):
        urlopen(f"{address}/.castra/releases.json.gz")
    (bucket,) = look(strict, KINDS["bucket"], "app")
    assert bucket.outputs["website"].startswith("http://strict--app--")
    assert look_and_plan(strict, parts(), among=AMONG).settled


def test_one_of_a_vpc_has_a_policy_that_names_it_and_an_endpoint_with_routes_without_which_that_never_holds(
    physics: Physics, strict: Scope
) -> None:
    inside = document(visibility="vpc", on_removal="wipe") | {"network": {"cidr": "10.0.0.0/16", "zones": 1}}
    whole = build(inside, folder=EXAMPLES).parts()
    raise_all(strict, whole)
    (vpc,) = look(strict, KINDS["vpc"], "main")
    (endpoint,) = strict.ec2.describe_vpc_endpoints(Filters=strict.filters)["VpcEndpoints"]
    assert policy(strict)["Condition"] == {"StringEquals": {"aws:SourceVpc": [vpc.id]}}
    assert (endpoint["VpcId"], endpoint["ServiceName"], len(endpoint["RouteTableIds"])) == (
        vpc.id,
        "com.amazonaws.eu-west-1.s3",
        2,
    )
    with pytest.raises(HTTPError, match="403"):
        urlopen(f"{physics.url}/{strict.bucket_name('app')}/index.html")
    (bucket,) = look(strict, KINDS["bucket"], "app")
    assert bucket.state.public_policy == "blocked"
    assert look_and_plan(strict, whole).settled
    raise_all(strict, ())
    assert look_and_plan(strict, ()).steps == ()


def test_one_of_cloudfront_is_read_by_its_distribution_only(physics: Physics, strict: Scope) -> None:
    whole = parts(visibility="cdn", spa=True, on_removal="wipe")
    raise_all(strict, whole)
    (site,) = look(strict, KINDS["distribution"], "app")
    statement = policy(strict)
    assert statement["Principal"] == {"Service": ["cloudfront.amazonaws.com"]}
    assert statement["Condition"] == {"StringEquals": {"AWS:SourceArn": [site.id]}}
    assert look(strict, KINDS["edge-function"], "app") == []
    assert (site.state.bucket, site.state.fallback) == (f"arn:aws:s3:::{strict.bucket_name('app')}", "index.html")
    with pytest.raises(HTTPError, match="403"):
        urlopen(f"{physics.url}/{strict.bucket_name('app')}/index.html")
    (bucket,) = look(strict, KINDS["bucket"], "app")
    assert (bucket.state.public_policy, bucket.state.website) == ("blocked", None)
    assert look_and_plan(strict, whole).settled
    plan = raise_all(strict, ())
    going = [removal.part for removal in plan.removals]
    assert going.index("distribution/app") < going.index("origin-access-control/app")
    assert look_and_plan(strict, ()).steps == ()


def test_domains_of_its_own_lead_to_its_distribution_with_a_certificate(physics: Physics, strict: Scope) -> None:
    zone()
    whole = parts(visibility="cdn", domains=["www.example.com", "example.com"], on_removal="wipe")
    raise_all(strict, whole)
    (site,) = look(strict, KINDS["distribution"], "app")
    (certificate,) = look(strict, KINDS["certificate"], "app")
    assert site.state.certificate == certificate.id
    assert site.state.aliases == ("example.com", "www.example.com")
    (folders,) = look(strict, KINDS["edge-function"], "app")
    assert site.state.function == folders.id
    assert 'request.uri += "index.html";' in folders.state.code
    for name in ("www-example-com", "example-com"):
        (record,) = look(strict, KINDS["dns-record"], name)
        assert (record.state.ipv4, record.state.ipv6) == (site.id, site.id)
    assert look_and_plan(strict, whole).settled
    raise_all(strict, ())
    assert look_and_plan(strict, ()).steps == ()


def test_a_domain_leads_to_one_site_only() -> None:
    two = {name: {"folder": "site", "visibility": "cdn", "domains": ["www.example.com"]} for name in ("a", "b")}
    with pytest.raises(
        Invalid, match=r"sites\.b\.domains: www\.example\.com can't be told apart: sites\.a\.domains has"
    ):
        build(document() | {"sites": two}, folder=EXAMPLES)


def test_an_endpoint_that_the_network_names_itself_is_not_made_twice() -> None:
    inside = document(visibility="vpc") | {"network": {"cidr": "10.0.0.0/16", "zones": 1, "endpoints": ["s3"]}}
    keys = [part.key for part in build(inside, folder=EXAMPLES).parts()]
    assert keys.count("gateway-endpoint/s3") == 1


def test_a_rollback_is_told_as_a_difference_and_the_next_raise_publishes_the_folder_again(strict: Scope) -> None:
    raise_all(strict, parts(), among=AMONG)
    now = parts(cache=[{"match": "*", "control": "no-store"}])
    raise_all(strict, now, among=AMONG)
    assert roll_back(strict, strict.bucket_name("app")).of == 1
    plan = raise_all(strict, now, among=AMONG)
    assert [(step.part, step.action) for step in plan.changes] == [("site/app", "update")]
    head = strict.client("s3").head_object(Bucket=strict.bucket_name("app"), Key="index.html")
    assert head["CacheControl"] == "no-store"


def test_kept_it_stays_readable_with_its_bucket_and_is_taken_on_again_without_a_file_sent(
    physics: Physics, strict: Scope
) -> None:
    raise_all(strict, parts(), among=AMONG)
    plan = raise_all(strict, (), among=AMONG)
    assert all("stays" in step.because for step in plan.steps)
    physics.log.clear()
    raise_all(strict, parts(), among=AMONG)
    assert [call for call in physics.writes() if call.operation == "PutObject"] == []
    assert look_and_plan(strict, parts(), among=AMONG).settled


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ({"folder": "nowhere"}, "sites.app.folder: there's no folder"),
        ({"visibility": "vpc"}, "sites.app.visibility: there's no network that could read it. Describe one"),
        ({"visibility": "all"}, "sites.app.visibility: 'all' isn't one of the choices"),
        ({"domains": ["www.example.com"]}, "sites.app.domains: there's no CloudFront in front of it. Set"),
        ({"visibility": "cdn", "domains": ["a.example.com"] * 2}, "sites.app.domains: one of them stands twice"),
        ({"visibility": "cdn", "domains": ["example"]}, "sites.app.domains.0: 'example' isn't of the right form"),
        ({"price_class": "all"}, "sites.app.price_class: there's no CloudFront in front of it. Set visibility: cdn"),
        ({"spa": True, "error": "e.html"}, "sites.app.spa: spa shows the index with errors"),
        ({"keep_releases": 0}, "sites.app.keep_releases: "),
        ({"compress": "zip"}, "sites.app.compress: 'zip' isn't one of the choices"),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(more: dict[str, Any], told: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(document(**more), folder=EXAMPLES)
    assert str(raised.value.problems[0]).startswith(told)


def test_a_site_and_a_bucket_of_one_name_are_told_apart_and_so_is_an_empty_folder(
    strict: Scope, tmp_path: Path
) -> None:
    with pytest.raises(Invalid, match=r"sites\.app: buckets\.app would be the same bucket"):
        build(document() | {"buckets": {"app": {}}}, folder=EXAMPLES)
    empty = build(document(folder=str(tmp_path)), folder=EXAMPLES).parts()
    with pytest.raises(Invalid, match=r"sites\.app\.folder: there's no file in .* Build the site first"):
        look_and_plan(strict, empty, among=AMONG)
