"""Distributions of CloudFront: what is near to every visitor, in front of a bucket."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import uuid4

from blueprints.delivery import Distribution
from blueprints.part import Id
from tasks.delivery.distribution_config import DistributionState, merged, state_of
from tasks.delivery.home import REGION, listed, ours
from tasks.errors import gone_is_fine
from tasks.kind import Found, Kind, Phase
from tasks.retry import when_visible
from tasks.scope import Scope, as_dict, as_list
from tasks.waiting import wait_for

LONGEST = 128  # characters of a comment
WITHIN = 3600.0  # seconds until a change is everywhere; three to five minutes as a rule
GONE = "NoSuchDistribution"


class DistributionKind(Kind[Distribution, DistributionState]):
    """Distributions of CloudFront: what is near to every visitor, in front of a bucket."""

    name = "distribution"
    actions = (
        "cloudfront:CreateDistribution",
        "cloudfront:CreateDistributionWithTags",
        "cloudfront:DeleteDistribution",
        "cloudfront:GetDistribution",
        "cloudfront:GetDistributionConfig",
        "cloudfront:ListDistributions",
        "cloudfront:ListTagsForResource",
        "cloudfront:TagResource",
        "cloudfront:UntagResource",
        "cloudfront:UpdateDistribution",
    )

    def owned(self, scope: Scope) -> Iterator[Found[DistributionState]]:
        """ListDistributions, and for those whose comment begins as Castra's do a call for tags and one for the rest."""
        for one, tags in owned_distributions(scope):
            name, config = self.named_in(tags), _config(scope, one["Id"])
            if name and config:
                phase: Phase = "standing" if one["Status"] == "Deployed" else "pending"
                outputs = {"domain_name": one["DomainName"], "url": f"https://{one['DomainName']}"}
                yield Found(self.name, name, one["ARN"], state_of(config, scope.region), tags, phase, outputs)

    def wanted(self, part: Distribution, ids: Mapping[str, str]) -> DistributionState:
        """See the base."""
        return DistributionState(
            bucket=ids[part.bucket],
            path=part.path,
            access_control=ids[part.access_control],
            index=part.index,
            fallback=part.fallback or "",
            error=part.error or "",
            aliases=part.aliases,
            certificate=ids[part.certificate] if isinstance(part.certificate, Id) else part.certificate or "",
            price_class=part.price_class,
            function=ids[part.function] if part.function else "",
        )

    def create(self, scope: Scope, name: str, wanted: DistributionState) -> str:
        """A call that botocore repeats makes no second one: its reference is the same."""
        config = merged({"CallerReference": str(uuid4())}, wanted, scope.region)
        config["Comment"] = scope.name(name, LONGEST, everywhere=True)
        tags = as_list({**self.birth_tags(scope, name, wanted), REGION: scope.region})
        made = when_visible(
            "its certificate and its origin access control",
            scope.client("cloudfront").create_distribution_with_tags,
            DistributionConfigWithTags={"DistributionConfig": config, "Tags": {"Items": tags}},
        )
        return str(made["Distribution"]["ARN"])

    def ready(self, scope: Scope, id: str) -> None:
        """Until it is everywhere: some minutes."""
        what = f"distribution {_id(id)}"
        wait_for(scope, "cloudfront", "distribution_deployed", what, WITHIN, Id=_id(id))

    def update(self, scope: Scope, id: str, wanted: DistributionState, changed: frozenset[str]) -> None:
        """All that it is goes into one call: what isn't Castra's business is sent back as it was read."""
        now = scope.client("cloudfront").get_distribution_config(Id=_id(id))
        config = merged(now["DistributionConfig"], wanted, scope.region)
        scope.client("cloudfront").update_distribution(Id=_id(id), IfMatch=now["ETag"], DistributionConfig=config)

    def delete(self, scope: Scope, id: str) -> None:
        """Disabled, awaited until that is everywhere, and only then deleted: some minutes."""
        with gone_is_fine(GONE):
            now = scope.client("cloudfront").get_distribution_config(Id=_id(id))
            if now["DistributionConfig"]["Enabled"]:
                off = now["DistributionConfig"] | {"Enabled": False}
                scope.client("cloudfront").update_distribution(Id=_id(id), IfMatch=now["ETag"], DistributionConfig=off)
            self.ready(scope, id)
            version = scope.client("cloudfront").get_distribution_config(Id=_id(id))["ETag"]
            scope.client("cloudfront").delete_distribution(Id=_id(id), IfMatch=version)

    def tag(self, scope: Scope, id: str, tags: Mapping[str, str], dropped: frozenset[str] = frozenset()) -> None:
        """CloudFront's way."""
        scope.client("cloudfront").tag_resource(Resource=id, Tags={"Items": as_list(tags)})
        if dropped:
            scope.client("cloudfront").untag_resource(Resource=id, TagKeys={"Items": sorted(dropped)})


def owned_distributions(scope: Scope) -> list[tuple[dict[str, Any], dict[str, str]]]:
    """The environment's own, each with its tags; listed once a survey."""
    return scope.listed("distributions of the environment", lambda: list(_owned(scope)))


def _owned(scope: Scope) -> Iterator[tuple[dict[str, Any], dict[str, str]]]:
    begins = f"{scope.environment}--" if scope.environment else ""
    for one in listed(scope, "list_distributions", "DistributionList"):
        if one["Comment"].startswith(begins) and "--" in one["Comment"]:
            tags: dict[str, str] = {}
            with gone_is_fine(GONE, "NoSuchResource"):
                tags = as_dict(
                    scope.client("cloudfront").list_tags_for_resource(Resource=one["ARN"])["Tags"].get("Items")
                )
            if ours(scope, tags):
                yield one, tags


def _config(scope: Scope, id: str) -> dict[str, Any]:
    """All that it is; nothing if it went since it was listed."""
    with gone_is_fine(GONE):
        return dict(scope.client("cloudfront").get_distribution_config(Id=id)["DistributionConfig"])
    return {}


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]
