"""Website configurations in S3's words and in ours. Pure.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/WebsiteHosting.html
"""

from collections.abc import Mapping
from typing import Any

from blueprints.storage import WebRedirect, Website

DASHED = frozenset(
    (
        *("us-east-1", "us-west-1", "us-west-2", "us-gov-west-1", "ap-southeast-1", "ap-southeast-2"),
        *("ap-northeast-1", "eu-west-1", "sa-east-1"),
    )
)
"""Regions whose website addresses have a dash after s3-website; the others have a dot.

https://docs.aws.amazon.com/general/latest/gr/s3.html
"""


def address(bucket: str, region: str) -> str:
    """Where S3 serves it, by plain HTTP."""
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    return f"http://{bucket}.s3-website{'-' if region in DASHED else '.'}{region}.{domain}"


def sent(website: Website) -> dict[str, Any]:
    """As S3 takes it."""
    if website.redirect_all:
        protocol = {"Protocol": website.redirect_protocol} if website.redirect_protocol else {}
        return {"RedirectAllRequestsTo": {"HostName": website.redirect_all, **protocol}}
    told: dict[str, Any] = {"IndexDocument": {"Suffix": website.index}}
    if website.error:
        told["ErrorDocument"] = {"Key": website.error}
    if website.redirects:
        told["RoutingRules"] = [_rule(redirect) for redirect in website.redirects]
    return told


def told(answer: Mapping[str, Any]) -> Website:
    """In our words, whatever it says."""
    everybody = answer.get("RedirectAllRequestsTo", {})
    return Website.model_construct(
        index=answer.get("IndexDocument", {}).get("Suffix", "index.html"),
        error=answer.get("ErrorDocument", {}).get("Key"),
        redirects=tuple(_redirect(rule) for rule in answer.get("RoutingRules", [])),
        redirect_all=everybody.get("HostName"),
        redirect_protocol=everybody.get("Protocol") or None,
    )


def _rule(redirect: WebRedirect) -> dict[str, Any]:
    condition = {
        "KeyPrefixEquals": redirect.prefix,
        "HttpErrorCodeReturnedEquals": None if redirect.error is None else str(redirect.error),
    }
    aim = {
        "HostName": redirect.host,
        "HttpRedirectCode": str(redirect.code),
        "Protocol": redirect.protocol,
        "ReplaceKeyPrefixWith": redirect.to_prefix,
        "ReplaceKeyWith": redirect.to_key,
    }
    return {"Condition": _given(condition), "Redirect": _given(aim)}


def _redirect(rule: Mapping[str, Any]) -> WebRedirect:
    condition, aim = rule.get("Condition", {}), rule["Redirect"]
    code: Any = int(aim.get("HttpRedirectCode") or 301)
    error = condition.get("HttpErrorCodeReturnedEquals")
    return WebRedirect.model_construct(
        prefix=condition.get("KeyPrefixEquals"),
        error=int(error) if error else None,
        to_prefix=aim.get("ReplaceKeyPrefixWith"),
        to_key=aim.get("ReplaceKeyWith"),
        host=aim.get("HostName"),
        protocol=aim.get("Protocol"),
        code=code,
    )


def _given(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in fields.items() if value is not None}
