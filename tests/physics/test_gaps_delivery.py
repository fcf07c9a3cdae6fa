"""Where moto's CloudFront drops, forgets or admits what AWS doesn't, as a bare client sees it."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.physics.builds import Builds

CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-4333-8444-555555555555"


@pytest.fixture
def cloudfront(make: Builds) -> Any:
    """A client."""
    return make.aws.client("cloudfront")


def control(cloudfront: Any, name: str = "c") -> str:
    config = {"Name": name, "SigningProtocol": "sigv4", "SigningBehavior": "always"}
    config["OriginAccessControlOriginType"] = "s3"
    made = cloudfront.create_origin_access_control(OriginAccessControlConfig=config)
    return str(made["OriginAccessControl"]["Id"])


def site(control: str, reference: str = "a", **more: Any) -> dict[str, Any]:
    origin = {"Id": "b", "DomainName": "b.s3.eu-west-1.amazonaws.com", "OriginAccessControlId": control}
    origin["S3OriginConfig"] = {"OriginAccessIdentity": ""}  # type: ignore[assignment]
    behavior = {"TargetOriginId": "b", "ViewerProtocolPolicy": "https-only", "CachePolicyId": "p"}
    base = {"CallerReference": reference, "Comment": "", "Enabled": True, "DefaultCacheBehavior": behavior}
    return base | {"Origins": {"Quantity": 1, "Items": [origin]}} | more


def refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as error:
        call(**arguments)
    return str(error.value.response["Error"]["Code"])


def test_an_origin_tells_its_access_control_and_that_it_is_a_bucket(cloudfront: Any) -> None:
    id = control(cloudfront)
    made = cloudfront.create_distribution(DistributionConfig=site(id))["Distribution"]["DistributionConfig"]
    (origin,) = made["Origins"]["Items"]
    assert (origin["OriginAccessControlId"], origin["S3OriginConfig"]) == (id, {"OriginAccessIdentity": ""})


def test_a_certificate_of_acm_is_not_cloudfronts_own(cloudfront: Any) -> None:
    given = {"ACMCertificateArn": CERTIFICATE, "MinimumProtocolVersion": "TLSv1.2_2021", "SSLSupportMethod": "sni-only"}
    config = site(control(cloudfront), ViewerCertificate=given)
    told = cloudfront.create_distribution(DistributionConfig=config)["Distribution"]["DistributionConfig"]
    assert not told["ViewerCertificate"]["CloudFrontDefaultCertificate"]


def test_a_change_makes_a_new_version_and_is_refused_by_an_old_one(cloudfront: Any) -> None:
    made = cloudfront.create_distribution(DistributionConfig=site(control(cloudfront)))
    id, first = made["Distribution"]["Id"], made["ETag"]
    config = made["Distribution"]["DistributionConfig"]
    second = cloudfront.update_distribution(Id=id, IfMatch=first, DistributionConfig=config)["ETag"]
    assert second != first
    assert refused(cloudfront.update_distribution, Id=id, IfMatch=first, DistributionConfig=config) == (
        "InvalidIfMatchVersion"
    )


def test_what_is_enabled_or_in_use_is_not_deleted_and_what_is_not_there_is_told(cloudfront: Any) -> None:
    id = control(cloudfront)
    made = cloudfront.create_distribution(DistributionConfig=site(id))
    number, version = made["Distribution"]["Id"], made["ETag"]
    assert refused(cloudfront.delete_distribution, Id=number, IfMatch=version) == "DistributionNotDisabled"
    assert refused(cloudfront.delete_origin_access_control, Id=id, IfMatch="x") == "OriginAccessControlInUse"
    assert refused(cloudfront.delete_origin_access_control, Id="E0", IfMatch="x") == "NoSuchOriginAccessControl"


def test_names_are_one_distributions_and_need_a_certificate(cloudfront: Any) -> None:
    id = control(cloudfront)
    assert refused(lambda: control(cloudfront)) == "OriginAccessControlAlreadyExists"
    aliases = {"Aliases": {"Quantity": 1, "Items": ["www.example.com"]}}
    create = cloudfront.create_distribution
    assert refused(create, DistributionConfig=site(id, **aliases)) == "InvalidViewerCertificate"
    named = aliases | {"ViewerCertificate": {"ACMCertificateArn": CERTIFICATE, "SSLSupportMethod": "sni-only"}}
    create(DistributionConfig=site(id, **named))
    assert refused(create, DistributionConfig=site(id, "b", **named)) == "CNAMEAlreadyExists"


def test_a_record_that_is_there_is_not_made_again_and_one_that_is_not_cant_be_deleted(make: Builds) -> None:
    route53 = make.aws.client("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="a")["HostedZone"]["Id"]

    def change(action: str, address: str) -> Any:
        record = {"Name": "www.example.com", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": address}]}
        batch = {"Changes": [{"Action": action, "ResourceRecordSet": record}]}
        return route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)

    change("CREATE", "192.0.2.1")
    assert refused(change, action="CREATE", address="192.0.2.2") == "InvalidChangeBatch"
    change("DELETE", "192.0.2.1")
    assert refused(change, action="DELETE", address="192.0.2.1") == "InvalidChangeBatch"
    change("CREATE", "192.0.2.1")


def test_a_certificate_is_issued_once_its_records_stand_and_cant_be_used_before_or_deleted_after(
    make: Builds, cloudfront: Any
) -> None:
    acm, route53 = make.aws.client("acm", "us-east-1"), make.aws.client("route53")
    zone = route53.create_hosted_zone(Name="example.com", CallerReference="a")["HostedZone"]["Id"]
    arn = acm.request_certificate(DomainName="www.example.com", ValidationMethod="DNS")["CertificateArn"]
    (listed,) = acm.list_certificates()["CertificateSummaryList"]
    assert listed["SubjectAlternativeNameSummaries"] == ["www.example.com"]
    told = acm.describe_certificate(CertificateArn=arn)["Certificate"]
    certificate = {"ACMCertificateArn": arn, "SSLSupportMethod": "sni-only"}
    config = site(control(cloudfront), ViewerCertificate=certificate)
    assert told["Status"] == "PENDING_VALIDATION"
    assert refused(cloudfront.create_distribution, DistributionConfig=config) == "InvalidViewerCertificate"
    asked = told["DomainValidationOptions"][0]["ResourceRecord"]
    record = {"Name": asked["Name"], "Type": "CNAME", "TTL": 60, "ResourceRecords": [{"Value": asked["Value"]}]}
    batch = {"Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]}
    route53.change_resource_record_sets(HostedZoneId=zone, ChangeBatch=batch)
    assert acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED"
    cloudfront.create_distribution(DistributionConfig=config)
    assert refused(acm.delete_certificate, CertificateArn=arn) == "ResourceInUseException"


def test_a_function_is_changed_published_and_held_by_the_distribution_that_runs_it(cloudfront: Any) -> None:
    config, first, then = {"Comment": "", "Runtime": "cloudfront-js-2.0"}, b"first", b"then"
    made = cloudfront.create_function(Name="f", FunctionConfig=config, FunctionCode=first)
    assert refused(cloudfront.get_function, Name="f", Stage="LIVE") == "NoSuchFunctionExists"
    cloudfront.publish_function(Name="f", IfMatch=made["ETag"])
    changed = cloudfront.update_function(Name="f", IfMatch=made["ETag"], FunctionConfig=config, FunctionCode=then)
    assert changed["ETag"] != made["ETag"]
    assert cloudfront.get_function(Name="f", Stage="LIVE")["FunctionCode"].read() == first
    assert cloudfront.get_function(Name="f")["FunctionCode"].read() == then
    arn = made["FunctionSummary"]["FunctionMetadata"]["FunctionARN"]
    used = site(control(cloudfront))
    functions = {"Quantity": 1, "Items": [{"FunctionARN": arn, "EventType": "viewer-request"}]}
    used["DefaultCacheBehavior"]["FunctionAssociations"] = functions
    told = cloudfront.create_distribution(DistributionConfig=used)["Distribution"]["DistributionConfig"]
    assert told["DefaultCacheBehavior"]["FunctionAssociations"] == functions
    assert refused(cloudfront.delete_function, Name="f", IfMatch=changed["ETag"]) == "FunctionInUse"
