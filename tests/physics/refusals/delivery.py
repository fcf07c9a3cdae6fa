"""CloudFront: what is in use, enabled, taken or without a certificate."""

from typing import Any

from moto.acm.models import acm_backends
from moto.cloudfront.models import CloudFrontBackend, OriginAccessControl

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World


@before("cloudfront:DeleteDistribution")
def distribution_enabled(request: Request, world: World) -> None:
    one = world.backend(request).distributions.get(request.text("Id"))
    if one and (one.distribution_config.Enabled or one.status == "InProgress"):
        raise Refused(
            "DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.", 409
        )


@before("cloudfront:DeleteOriginAccessControl")
def control_in_use(request: Request, world: World) -> None:
    for one in world.backend(request).distributions.values():
        origins = one.distribution_config.Origins["Items"]
        if any(origin.origin_access_control_id == request.text("Id") for origin in origins):
            why = "Cannot delete the origin access control because it's in use by one or more distributions."
            raise Refused("OriginAccessControlInUse", why, 409)


@before("acm:DeleteCertificate")
def certificate_in_use(request: Request, world: World) -> None:
    arn = request.text("CertificateArn")
    if any(one.ViewerCertificate.acm_certificate_arn == arn for one in distributions(world, request)):
        raise Refused("ResourceInUseException", f"Certificate {arn} in account {arn.split(':')[4]} is in use.")


def distributions(world: World, request: Request) -> list[Any]:
    return list(world.backend(request, "cloudfront").distributions.values())


create_control, create = CloudFrontBackend.create_origin_access_control, CloudFrontBackend.create_distribution
update = CloudFrontBackend.update_distribution


def new_control(self: Any, config: dict[str, str]) -> OriginAccessControl:
    if any(one.name == config["Name"] for one in self.origin_access_controls.values()):
        why = "An origin access control with this name already exists in this AWS account."
        raise Refused("OriginAccessControlAlreadyExists", why, 409)
    return create_control(self, config)


def new_distribution(self: Any, distribution_config: dict[str, Any], tags: Any) -> Any:
    _refuse(self, distribution_config, "")
    return create(self, distribution_config, tags)


def changed_distribution(self: Any, dist_config: dict[str, Any], _id: str, if_match: Any) -> Any:
    _refuse(self, dist_config, _id)
    return update(self, dist_config, _id, if_match)


def _refuse(cloudfront: Any, config: dict[str, Any], id: str) -> None:
    """https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html"""
    names = set(config.get("Aliases", {}).get("Items") or ())
    arn = config.get("ViewerCertificate", {}).get("ACMCertificateArn")
    known = acm_backends[cloudfront.account_id]["us-east-1"]._certificates.get(arn)
    if known and known.status != "ISSUED":
        why = "The specified SSL certificate doesn't exist, isn't in us-east-1 region, or isn't valid."
        raise Refused("InvalidViewerCertificate", why)
    if names and not arn:
        why = "To add an alternate domain name (CNAME) to a distribution, you must attach a trusted certificate."
        raise Refused("InvalidViewerCertificate", why)
    taken = {name for one in cloudfront.distributions.values() if one.id != id for name in one.Aliases.get("Items", ())}
    if names & taken:
        why = "One or more of the CNAMEs you provided are already associated with a different resource."
        raise Refused("CNAMEAlreadyExists", why, 409)


CloudFrontBackend.create_origin_access_control = new_control
CloudFrontBackend.create_distribution = new_distribution
CloudFrontBackend.update_distribution = changed_distribution
