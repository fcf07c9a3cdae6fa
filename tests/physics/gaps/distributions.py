"""Distributions: who they are at their origin, whose certificate they show, and which version is changed."""

from typing import Any

from moto.cloudfront import models
from moto.cloudfront.exceptions import InvalidIfMatchVersion, NoSuchOriginAccessControl
from moto.cloudfront.models import CloudFrontBackend, Origin, OriginAccessControl, ViewerCertificate, random_id

begin_origin, begin_certificate = Origin.__init__, ViewerCertificate.__init__
update, change = CloudFrontBackend.update_distribution, OriginAccessControl.update


def origin(self: Any, config: dict[str, Any]) -> None:
    """Moto drops the origin access control, and that the origin is a bucket."""
    begin_origin(self, config)
    self.origin_access_control_id = config.get("OriginAccessControlId") or ""
    if "S3OriginConfig" in config:
        self.s3_origin_config = {"OriginAccessIdentity": self.s3_access_identity}


def certificate(self: Any, config: dict[str, Any]) -> None:
    """One of ACM's isn't CloudFront's own, whose oldest TLS nobody can choose."""
    begin_certificate(self, config)
    self.cloud_front_default_certificate = not self.acm_certificate_arn and not self.iam_certificate_id
    if self.cloud_front_default_certificate:
        self.minimum_protocol_version, self.ssl_support_method = "TLSv1", "vip"
    else:
        self.certificate, self.certificate_source = self.acm_certificate_arn, "acm"


def update_distribution(self: Any, dist_config: dict[str, Any], _id: str, if_match: str) -> tuple[Any, str, str]:
    """Moto takes any version for the right one, and keeps it."""
    before = self.distributions.get(_id)
    if before and if_match and if_match != before.etag:
        raise InvalidIfMatchVersion
    changed, location, _ = update(self, dist_config, _id, if_match)
    changed.etag = random_id()
    return changed, location, changed.etag


def update_control(self: Any, config: dict[str, str]) -> None:
    change(self, config)
    self.etag = random_id()


def delete_control(self: Any, control_id: str) -> None:
    """Moto breaks where there's none."""
    if self.origin_access_controls.pop(control_id, None) is None:
        raise NoSuchOriginAccessControl


models.Origin.__init__ = origin
models.ViewerCertificate.__init__ = certificate
CloudFrontBackend.update_distribution = update_distribution
CloudFrontBackend.delete_origin_access_control = delete_control
OriginAccessControl.update = update_control
