"""Rows of the kinds in tasks/delivery."""

from typing import Any

from blueprints.delivery import Certificate, Distribution, DnsRecord, EdgeFunction, OriginAccessControl
from blueprints.part import Lookup
from blueprints.storage import Bucket
from tasks.delivery.home import REGION, said
from tasks.scope import Scope, as_list
from tests.tasks.rows.network import but
from tests.tasks.rows.row import Row

PAGES = Bucket(name="pages", on_removal="wipe")
CONTROL = OriginAccessControl(name="site")
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-4333-8444-555555555555"
SITE = Distribution(
    name="site", bucket="bucket/pages", access_control="origin-access-control/site", fallback="index.html"
)
PASSING = "function handler(event) { return event.request; }"
FUNCTION = EdgeFunction(name="folders", code=PASSING)
NAMES = Certificate(
    name="site", domain="www.example.com", also=("*.example.com",), zones=("zone:www.example.com", "zone:*.example.com")
)
OTHER_SITE = but(SITE, name="other", fallback=None)
RECORD = DnsRecord(
    name="site", domain="www.example.com", zone=Lookup("zone:www.example.com"), target="distribution/site"
)


def zone() -> str:
    """The id of the zone example.com, with nothing in it but what every zone has."""
    route53 = Scope(None, "eu-west-1").client("route53")
    zones = [one["Id"] for one in route53.list_hosted_zones()["HostedZones"] if one["Name"] == "example.com."]
    id = zones[0] if zones else route53.create_hosted_zone(Name="example.com", CallerReference="a")["HostedZone"]["Id"]
    records = route53.list_resource_record_sets(HostedZoneId=id)["ResourceRecordSets"]
    clear(route53, id, [one for one in records if one["Type"] not in ("NS", "SOA")])
    return str(id.rpartition("/")[2])


def clear(route53: Any, zone: str, records: list[Any]) -> None:
    """Delete these records."""
    changes = [{"Action": "DELETE", "ResourceRecordSet": one} for one in records]
    if changes:
        route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch={"Changes": changes})


def upsert(scope: Scope, zone: str, record: dict[str, Any]) -> None:
    """Write a record by hand."""
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    scope.client("route53").change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)


def at(scope: Scope, id: str) -> list[Any]:
    """The records of an id: those of the domain, and the mark."""
    zone, mark, domain = id.split("/")
    records = scope.client("route53").list_resource_record_sets(HostedZoneId=zone)["ResourceRecordSets"]
    return [one for one in records if one["Name"] in (f"{mark}.", f"{domain}.") and one["Type"] not in ("NS", "SOA")]


def lead_astray(scope: Scope, id: str) -> None:
    zone, _, domain = id.split("/")
    clear(scope.client("route53"), zone, [one for one in at(scope, id) if one["Type"] == "AAAA"])
    upsert(scope, zone, {"Name": domain, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "192.0.2.1"}]})


def delete_records(scope: Scope, id: str) -> None:
    clear(scope.client("route53"), id.partition("/")[0], at(scope, id))


def acm(scope: Scope) -> Any:
    """A client where CloudFront looks for certificates."""
    return scope.client("acm", region="us-east-1")


def validating(scope: Scope, id: str) -> list[Any]:
    """The records by which a certificate is validated."""
    asked = acm(scope).describe_certificate(CertificateArn=id)["Certificate"]["DomainValidationOptions"]
    names = {one["ResourceRecord"]["Name"] for one in asked}
    records = scope.client("route53").list_resource_record_sets(HostedZoneId=zone_id(scope))["ResourceRecordSets"]
    return [one for one in records if one["Name"] in names]


def zone_id(scope: Scope) -> str:
    zones = scope.client("route53").list_hosted_zones()["HostedZones"]
    (id,) = [one["Id"].rpartition("/")[2] for one in zones if one["Name"] == "example.com."]
    return str(id)


def invalidate(scope: Scope, id: str) -> None:
    clear(scope.client("route53"), zone_id(scope), validating(scope, id)[:1])


def second_certificate(scope: Scope, key: str) -> None:
    tags = as_list(scope.birth_tags(key, None) | {REGION: scope.region})
    acm(scope).request_certificate(DomainName="www.example.com", ValidationMethod="DNS", Tags=tags)


def second_mark(scope: Scope, key: str) -> None:
    value = {"Value": f'"{said(scope, key)}" "example.com"'}
    upsert(
        scope,
        zone_id(scope),
        {"Name": "twin._castra.example.com", "Type": "TXT", "TTL": 60, "ResourceRecords": [value]},
    )


def change(scope: Scope, id: str, **changes: Any) -> None:
    """Change a distribution's configuration."""
    cloudfront, number = scope.client("cloudfront"), id.rpartition("/")[2]
    now = cloudfront.get_distribution_config(Id=number)
    config = now["DistributionConfig"] | changes
    cloudfront.update_distribution(Id=number, IfMatch=now["ETag"], DistributionConfig=config)


def sign_nothing(scope: Scope, id: str) -> None:
    cloudfront = scope.client("cloudfront")
    now = cloudfront.get_origin_access_control(Id=id)
    config = now["OriginAccessControl"]["OriginAccessControlConfig"] | {"SigningBehavior": "never"}
    cloudfront.update_origin_access_control(Id=id, IfMatch=now["ETag"], OriginAccessControlConfig=config)


def delete_control(scope: Scope, id: str) -> None:
    version = scope.client("cloudfront").get_origin_access_control(Id=id)["ETag"]
    scope.client("cloudfront").delete_origin_access_control(Id=id, IfMatch=version)


def loosen(scope: Scope, id: str) -> None:
    no_page = {"ErrorCode": 500, "ErrorCachingMinTTL": 3}
    change(scope, id, Enabled=False, HttpVersion="http1.1", CustomErrorResponses={"Quantity": 1, "Items": [no_page]})


def publish_by_hand(scope: Scope, id: str) -> None:
    cloudfront, name = scope.client("cloudfront"), id.rpartition("/")[2]
    now = cloudfront.describe_function(Name=name)
    config, code = now["FunctionSummary"]["FunctionConfig"], b"function handler(event) { return null; }"
    new = cloudfront.update_function(Name=name, IfMatch=now["ETag"], FunctionConfig=config, FunctionCode=code)
    cloudfront.publish_function(Name=name, IfMatch=new["ETag"])


def delete_function(scope: Scope, id: str) -> None:
    name = id.rpartition("/")[2]
    version = scope.client("cloudfront").describe_function(Name=name)["ETag"]
    scope.client("cloudfront").delete_function(Name=name, IfMatch=version)


def second_function(scope: Scope, key: str) -> None:
    tags = as_list(scope.birth_tags(key, None) | {REGION: scope.region})
    scope.client("cloudfront").create_function(
        Name=f"{scope.environment}--twin",
        FunctionConfig={"Comment": "", "Runtime": "cloudfront-js-2.0"},
        FunctionCode=PASSING.encode(),
        Tags={"Items": tags},
    )


def delete_distribution(scope: Scope, id: str) -> None:
    change(scope, id, Enabled=False)
    number = id.rpartition("/")[2]
    version = scope.client("cloudfront").get_distribution_config(Id=number)["ETag"]
    scope.client("cloudfront").delete_distribution(Id=number, IfMatch=version)


def second_distribution(scope: Scope, key: str) -> None:
    (first,) = [
        one
        for one in scope.client("cloudfront").list_distributions()["DistributionList"]["Items"]
        if one["Comment"].startswith(f"{scope.environment}--")
    ]
    now = scope.client("cloudfront").get_distribution_config(Id=first["Id"])["DistributionConfig"]
    tags = as_list(scope.birth_tags(key, None) | {REGION: scope.region})
    scope.client("cloudfront").create_distribution_with_tags(
        DistributionConfigWithTags={
            "DistributionConfig": now | {"CallerReference": f"by hand {scope.environment}"},
            "Tags": {"Items": tags},
        }
    )


ROWS = (
    Row(
        part=NAMES,
        moved=but(NAMES, also=(), zones=("zone:www.example.com",)),
        by_hand=invalidate,
        vanish=lambda scope, id: acm(scope).delete_certificate(CertificateArn=id),
        twin=second_certificate,
        ground=zone,
    ),
    Row(part=CONTROL, changed=but(CONTROL, signing="no-override"), by_hand=sign_nothing, vanish=delete_control),
    Row(
        part=FUNCTION,
        changed=but(FUNCTION, code=PASSING.replace("event", "asked")),
        by_hand=publish_by_hand,
        vanish=delete_function,
        twin=second_function,
    ),
    Row(
        part=SITE,
        needs=(PAGES, CONTROL, FUNCTION),
        changed=but(
            SITE,
            path="/releases/7",
            index="start.html",
            fallback=None,
            error="lost.html",
            certificate=CERTIFICATE,
            price_class="all",
            function="edge-function/folders",
        ),
        by_hand=loosen,
        vanish=delete_distribution,
        twin=second_distribution,
    ),
    Row(
        part=RECORD,
        needs=(PAGES, CONTROL, SITE, OTHER_SITE),
        changed=but(RECORD, target="distribution/other"),
        moved=but(RECORD, domain="example.com", zone="zone:example.com"),
        by_hand=lead_astray,
        vanish=delete_records,
        twin=second_mark,
        ground=zone,
    ),
)
