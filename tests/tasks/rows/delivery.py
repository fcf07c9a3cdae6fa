"""Rows of the kinds in tasks/delivery."""

from typing import Any

from blueprints.delivery import Distribution, OriginAccessControl
from blueprints.storage import Bucket
from tasks.delivery.home import REGION
from tasks.scope import Scope, as_list
from tests.tasks.rows.network import but
from tests.tasks.rows.row import Row

PAGES = Bucket(name="pages", on_removal="wipe")
CONTROL = OriginAccessControl(name="site")
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/11111111-2222-4333-8444-555555555555"
SITE = Distribution(
    name="site", bucket="bucket/pages", access_control="origin-access-control/site", fallback="index.html"
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
    Row(part=CONTROL, changed=but(CONTROL, signing="no-override"), by_hand=sign_nothing, vanish=delete_control),
    Row(
        part=SITE,
        needs=(PAGES, CONTROL),
        changed=but(
            SITE,
            path="/releases/7",
            index="start.html",
            fallback=None,
            error="lost.html",
            certificate=CERTIFICATE,
            price_class="all",
        ),
        by_hand=loosen,
        vanish=delete_distribution,
        twin=second_distribution,
    ),
)
