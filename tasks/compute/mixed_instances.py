"""What a scaling group launches: one template as it is, or several types on demand and spot."""

from collections.abc import Mapping
from typing import Any

from blueprints.mixing import Mixed
from tasks.kind import State


class ChoiceState(State):
    """A type that may be launched, and how much one counts."""

    type: str
    weight: int | None


class MixedState(State):
    """https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-mixed-instances-groups.html"""

    types: tuple[ChoiceState, ...]
    on_demand_base: int
    on_demand_percentage: int
    on_demand_strategy: str = "prioritized"
    spot_strategy: str
    max_price: str = ""


def wanted_mix(mixed: Mixed | None) -> MixedState | None:
    """The part's words as AWS's."""
    if mixed is None:
        return None
    return MixedState(
        types=tuple(ChoiceState(**choice.model_dump()) for choice in mixed.types),
        on_demand_base=mixed.on_demand_base,
        on_demand_percentage=mixed.on_demand_percentage,
        spot_strategy=mixed.strategy,
    )


def template_in(group: Mapping[str, Any]) -> Mapping[str, Any]:
    """The template that a group names, wherever it does."""
    policy = group.get("MixedInstancesPolicy") or {}
    return policy.get("LaunchTemplate", {}).get("LaunchTemplateSpecification") or group.get("LaunchTemplate") or {}


def mix_in(group: Mapping[str, Any]) -> MixedState | None:
    """What a group mixes; AWS's defaults where it doesn't say."""
    policy = group.get("MixedInstancesPolicy")
    if not policy:
        return None
    spread = policy.get("InstancesDistribution", {})
    return MixedState(
        types=tuple(_choice(one) for one in policy.get("LaunchTemplate", {}).get("Overrides", [])),
        on_demand_base=spread.get("OnDemandBaseCapacity", 0),
        on_demand_percentage=spread.get("OnDemandPercentageAboveBaseCapacity", 100),
        on_demand_strategy=spread.get("OnDemandAllocationStrategy", "prioritized"),
        spot_strategy=spread.get("SpotAllocationStrategy", "lowest-price"),
        max_price=spread.get("SpotMaxPrice") or "",
    )


def launching(template: str, version: str, mixed: MixedState | None) -> dict[str, Any]:
    """What create and update take; either puts the other out."""
    named = {"LaunchTemplateId": template, "Version": version}
    if mixed is None:
        return {"LaunchTemplate": named}
    spread = {
        "OnDemandAllocationStrategy": mixed.on_demand_strategy,
        "OnDemandBaseCapacity": mixed.on_demand_base,
        "OnDemandPercentageAboveBaseCapacity": mixed.on_demand_percentage,
        "SpotAllocationStrategy": mixed.spot_strategy,
        "SpotMaxPrice": mixed.max_price,  # empty: none, and one that somebody set is taken away
    }
    types = {"LaunchTemplateSpecification": named, "Overrides": [_override(choice) for choice in mixed.types]}
    return {"MixedInstancesPolicy": {"LaunchTemplate": types, "InstancesDistribution": spread}}


def _override(choice: ChoiceState) -> dict[str, str]:
    weight = {"WeightedCapacity": str(choice.weight)} if choice.weight is not None else {}
    return {"InstanceType": choice.type} | weight


def _choice(override: Mapping[str, Any]) -> ChoiceState:
    """One by requirements, which somebody set by hand, has no type."""
    weight = override.get("WeightedCapacity")
    return ChoiceState(type=override.get("InstanceType", ""), weight=int(weight) if weight else None)
