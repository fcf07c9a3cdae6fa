"""Buckets, their policies, and what serves them."""

import re

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.refusals.identity import statements
from tests.physics.world import World

BUCKET = re.compile(r"(?!xn--|\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


@before("s3:CreateBucket")
def bucket_name_sound(request: Request, world: World) -> None:
    if not BUCKET.fullmatch(request.text("Bucket")):
        raise Refused("InvalidBucketName", "The specified bucket is not valid.")


@before("s3:PutBucketPolicy")
def bucket_policy_sound(request: Request, world: World) -> None:
    for statement in statements(request.text("body"), "MalformedPolicy"):
        if not {"Principal", "NotPrincipal"} & statement.keys():
            raise Refused("MalformedPolicy", "Missing required field Principal")
        if not {"Resource", "NotResource"} & statement.keys():
            raise Refused("MalformedPolicy", "Missing required field Resource")


@before("cloudfront:DeleteDistribution")
def distribution_enabled(request: Request, world: World) -> None:
    distribution = world.backend(request).distributions.get(request.text("Id"))
    if distribution and distribution.distribution_config.enabled:
        raise Refused(
            "DistributionNotDisabled", "The distribution you are trying to delete has not been disabled.", 409
        )
