"""What a distribution is, in its kind's words and in CloudFront's.

https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html
"""

from collections.abc import Mapping
from typing import Any

from tasks.kind import State, Unordered

CACHING = "658327ea-f89d-4fab-a63d-7e88639e58f6"
"""Managed-CachingOptimized: as origins say, else a day; gzip and brotli. No query strings, cookies or headers count."""
HEADERS = "67f7725c-6f97-4210-82d7-5512b31e9d03"
"""Managed-SecurityHeadersPolicy: HSTS and the like, where the origin doesn't set them."""
TLS = "TLSv1.2_2021"
PRICES = {"100": "PriceClass_100", "200": "PriceClass_200", "all": "PriceClass_All"}
ORIGIN = "bucket"
ASKED = "viewer-request"  # when a function sees what visitors ask for
HIDDEN, ABSENT = 403, 404  # what S3 says of an object that isn't there: the first, unless one may list the bucket
ERRORS_KEPT = 10  # seconds that an error is told without asking again


class DistributionState(State):
    """`bucket` is an ARN; an origin of another sort, set by hand, is its domain name.

    What has a value here is Castra's own choice, and is mended where somebody changed it. `fallback` and `error` are
    keys of objects; `errors` is what somebody set by hand that is neither.
    """

    bucket: str
    path: str
    access_control: str
    index: str
    fallback: str
    error: str
    errors: str = ""
    aliases: Unordered[str]
    certificate: str
    tls: str = TLS
    price_class: str
    function: str = ""
    enabled: bool = True
    https: str = "redirect-to-https"
    compress: bool = True
    caching: str = CACHING
    headers: str = HEADERS
    http: str = "http2and3"
    ipv6: bool = True


def state_of(config: Mapping[str, Any], region: str) -> DistributionState:
    """From what CloudFront tells."""
    origin, behavior = config["Origins"]["Items"][0], config["DefaultCacheBehavior"]
    certificate = config.get("ViewerCertificate", {})
    arn = certificate.get("ACMCertificateArn", "")
    return DistributionState(
        bucket=_bucket_of(origin["DomainName"], region),
        path=origin.get("OriginPath", ""),
        access_control=origin.get("OriginAccessControlId", ""),
        index=config.get("DefaultRootObject", ""),
        **_errors_told(config.get("CustomErrorResponses", {}).get("Items") or []),
        aliases=config.get("Aliases", {}).get("Items") or (),
        certificate=arn,
        tls=certificate.get("MinimumProtocolVersion", "") if arn else TLS,
        price_class={name: word for word, name in PRICES.items()}.get(config["PriceClass"], config["PriceClass"]),
        function=next((one["FunctionARN"] for one in _functions(behavior) if one["EventType"] == ASKED), ""),
        enabled=config["Enabled"],
        https=behavior["ViewerProtocolPolicy"],
        compress=behavior.get("Compress", False),
        caching=behavior.get("CachePolicyId", ""),
        headers=behavior.get("ResponseHeadersPolicyId", ""),
        http=config.get("HttpVersion", ""),
        ipv6=config.get("IsIPV6Enabled", False),
    )


def merged(before: Mapping[str, Any], wanted: DistributionState, region: str) -> dict[str, Any]:
    """What CloudFront is to be told: all that was before, with what is wanted in its place."""
    behavior = dict(before.get("DefaultCacheBehavior", {}))
    for old in ("ForwardedValues", "MinTTL", "DefaultTTL", "MaxTTL"):  # another way than that of policies
        behavior.pop(old, None)
    methods = {"Quantity": 2, "Items": ["HEAD", "GET"]}
    behavior |= {
        "TargetOriginId": ORIGIN,
        "ViewerProtocolPolicy": wanted.https,
        "Compress": wanted.compress,
        "CachePolicyId": wanted.caching,
        "ResponseHeadersPolicyId": wanted.headers,
        "FunctionAssociations": _several(_with_ours(behavior, wanted.function)),
        "AllowedMethods": {**methods, "CachedMethods": methods},
    }
    return {
        **before,
        "Comment": before.get("Comment", ""),
        "Origins": {"Quantity": 1, "Items": [_origin(wanted, region)]},
        "DefaultCacheBehavior": behavior,
        "DefaultRootObject": wanted.index,
        "CustomErrorResponses": _several(_errors(wanted)),
        "Aliases": _several(list(wanted.aliases)),
        "ViewerCertificate": _certificate(wanted),
        "PriceClass": PRICES[wanted.price_class],
        "Enabled": wanted.enabled,
        "HttpVersion": wanted.http,
        "IsIPV6Enabled": wanted.ipv6,
    }


def _functions(behavior: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(behavior.get("FunctionAssociations", {}).get("Items") or ())


def _with_ours(behavior: Mapping[str, Any], function: str) -> list[dict[str, Any]]:
    """The functions of a distribution: the one that sees what is asked, and others that somebody has added."""
    others = [one for one in _functions(behavior) if one["EventType"] != ASKED]
    return others + ([{"FunctionARN": function, "EventType": ASKED}] if function else [])


def _several(items: list[Any]) -> dict[str, Any]:
    return {"Quantity": len(items), "Items": items} if items else {"Quantity": 0}


def _origin(wanted: DistributionState, region: str) -> dict[str, Any]:
    """The bucket by the address of its region: the other one redirects for hours after a bucket was made."""
    return {
        "Id": ORIGIN,
        "DomainName": f"{wanted.bucket.rpartition(':')[2]}.s3.{region}.amazonaws.com",
        "OriginPath": wanted.path,
        "OriginAccessControlId": wanted.access_control,
        "S3OriginConfig": {"OriginAccessIdentity": ""},
    }


def _bucket_of(domain: str, region: str) -> str:
    bucket, middle, rest = domain.partition(f".s3.{region}.amazonaws.com")
    return f"arn:aws:s3:::{bucket}" if middle and not rest else domain


def _certificate(wanted: DistributionState) -> dict[str, Any]:
    if not wanted.certificate:
        return {"CloudFrontDefaultCertificate": True}
    named = {"ACMCertificateArn": wanted.certificate, "MinimumProtocolVersion": wanted.tls}
    return {**named, "SSLSupportMethod": "sni-only"}


def _errors(wanted: DistributionState) -> list[dict[str, Any]]:
    """What is shown where S3 has nothing: the page of an application, or one that says so."""
    page, code = (wanted.fallback, "200") if wanted.fallback else (wanted.error, "404")
    return [_error(status, page, code) for status in (HIDDEN, ABSENT) if page]


def _error(status: int, page: str, code: str) -> dict[str, Any]:
    return {
        "ErrorCode": status,
        "ResponsePagePath": f"/{page}",
        "ResponseCode": code,
        "ErrorCachingMinTTL": ERRORS_KEPT,
    }


def _errors_told(responses: list[dict[str, Any]]) -> dict[str, str]:
    """The same read again: a fallback, an error page, or in words what is neither."""
    told = sorted(
        (one["ErrorCode"], one.get("ResponsePagePath", ""), one.get("ResponseCode", ""), one.get("ErrorCachingMinTTL"))
        for one in responses
    )
    page = told[0][1].removeprefix("/") if told else ""
    for field, code in (("fallback", "200"), ("error", "404")):
        if page and told == [(status, f"/{page}", code, ERRORS_KEPT) for status in (HIDDEN, ABSENT)]:
            return {"fallback": "", "error": ""} | {field: page}
    return {"fallback": "", "error": "", "errors": "; ".join(str(one) for one in told)}
