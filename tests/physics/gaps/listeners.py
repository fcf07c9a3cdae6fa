"""Listeners with TLS: certificates that stay where they were, and some that stand from the start."""

import re
from functools import cache
from typing import Any

from moto.acm.models import CertBundle
from moto.elbv2.models import ELBv2Backend

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World

CERTIFICATE = re.compile(r"arn:aws:acm:[\w-]+:\d+:certificate/[\w-]+")
ISSUED = ":certificate/00000000-"
"""Certificates whose ids begin so were issued before any test began: documents can name them by their ARNs."""

MODIFY = ELBv2Backend.modify_listener


@before("elbv2:CreateListener", "elbv2:ModifyListener", "elbv2:AddListenerCertificates", "elb:*")
def certificates_stand(request: Request, world: World) -> None:
    """Moto looks only at some certificates, and knows none that it wasn't asked to make."""
    acm = world.backend(request, "acm")
    for arn in CERTIFICATE.findall(repr(request.params)):
        if ISSUED in arn and arn.split(":")[3] == request.region:
            acm._certificates.setdefault(arn, issued(arn, acm.account_id, request.region))
        if arn not in acm._certificates:
            raise Refused("CertificateNotFound", f"Certificate '{arn}' not found")


@cache
def issued(arn: str, account: str, region: str) -> Any:
    made = CertBundle.generate_cert("example.com", account, region)
    made.arn, made.status = arn, "ISSUED"
    made.check = lambda: None
    return made


def modify_listener(
    elbv2: Any,
    arn: str,
    port: Any = None,
    protocol: str | None = None,
    ssl_policy: Any = None,
    certificates: Any = None,
    actions: Any = None,
) -> Any:
    """All of AWS's protocols; a new default certificate leaves the others, and what leaves TLS loses all of them."""
    [listener] = elbv2.describe_listeners(load_balancer_arn=None, listener_arns=[arn])
    others, becomes = listener.certificates[1:], protocol or listener.protocol
    secure = becomes in ("HTTPS", "TLS")
    MODIFY(elbv2, arn, port, "HTTPS" if secure else "HTTP", ssl_policy, certificates, actions)
    listener.protocol = becomes
    if not secure:
        listener.certificate, listener.certificates, listener.ssl_policy = None, [], None
    elif certificates:
        listener.certificates = [listener.certificate, *(each for each in others if each != listener.certificate)]
    return listener


ELBv2Backend.modify_listener = modify_listener
