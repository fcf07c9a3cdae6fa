"""Signatures: moto can't rebuild requests of REST services as they were signed, and takes right ones for wrong."""

from typing import Any

from moto.iam.access_control import IAMRequestBase

REST = frozenset({"apigateway", "cloudfront", "lambda", "route53", "tagging"})
check = IAMRequestBase.check_signature


def check_signature(request: Any) -> None:
    """Who signed, and what they may do, is still looked at."""
    if request._service not in REST:
        check(request)


IAMRequestBase.check_signature = check_signature  # type: ignore[method-assign]
