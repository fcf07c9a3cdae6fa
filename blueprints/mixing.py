"""Mixed instances: several instance types, on demand and spot, in one group of servers."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from blueprints.part import Piece
from blueprints.problem import Problem

Strategy = Literal["price-capacity-optimized", "capacity-optimized", "capacity-optimized-prioritized"]
InstanceType = Annotated[str, Field(pattern=r"^[a-z0-9-]+\.[a-z0-9-]+$")]
MOST_TYPES = 40


class Choice(Piece):
    """An instance type that may be launched. Plain text is the type alone."""

    type: InstanceType = Field(description="As EC2 names it.")
    weight: int | None = Field(
        default=None, ge=1, le=999, description="How much one counts; `count` is then in the same unit."
    )


class Mixed(Piece):
    """What a group launches instead of its template's one type: the first type is the first choice on demand."""

    types: tuple[Choice, ...] = Field(min_length=1, max_length=MOST_TYPES)
    on_demand_base: int = Field(default=0, ge=0, description="So many on demand before anything else.")
    on_demand_percentage: int = Field(default=100, ge=0, le=100, description="Of those above the base.")
    strategy: Strategy = Field(default="price-capacity-optimized", description="Which spot pools are taken.")


def _plain(value: Any) -> Any:
    return {"type": value} if isinstance(value, str) else value


Choices = tuple[Annotated[Choice, BeforeValidator(_plain, json_schema_input_type=str | Choice)], ...]


class Spot(Piece):
    """Spot servers: up to 90 % cheaper, and taken away with two minutes' notice when AWS needs them."""

    percent: int = Field(ge=1, le=100, description="Per cent of the servers above `base` that are spot.")
    base: int = Field(default=0, ge=0, le=10_000, description="So many servers on demand, whatever happens.")
    strategy: Strategy = Field(
        default="price-capacity-optimized",
        description="Which pools are taken: cheap and rarely interrupted, rarely interrupted, or in the types' order.",
    )


def mixed(instance_type: str, types: tuple[Choice, ...], spot: Spot | None) -> Mixed | None:
    """What the group mixes; nothing where neither types nor spot are said."""
    if not types and spot is None:
        return None
    choices = types or (Choice(type=instance_type),)
    if spot is None:
        return Mixed(types=choices)
    return Mixed(
        types=choices, on_demand_base=spot.base, on_demand_percentage=100 - spot.percent, strategy=spot.strategy
    )


def mixed_problems(
    where: str, instance_type: str, types: tuple[Choice, ...], spot: Spot | None, most: int
) -> Iterator[Problem]:
    """What doesn't fit together. `most` is the group's maximum."""
    named = [choice.type for choice in types]
    for index, one in enumerate(named):
        if one in named[:index]:
            yield Problem(f"{where}.instance_types.{index}", f"{one} stands twice", "Name it once")
    if named and instance_type not in named:
        why = f"{instance_type} isn't among instance_types, which take its place"
        yield Problem(f"{where}.instance_type", why, "Take it out, or add it there")
    weights = [choice.weight is not None for choice in types]
    if any(weights) and not all(weights):
        without = ", ".join(choice.type for choice in types if choice.weight is None)
        yield Problem(f"{where}.instance_types", f"{without} have no weight, others do", "Give all a weight, or none")
    if spot is not None and spot.base >= most > 0:
        why = f"{spot.base} are on demand, and there are {most} at most: none would be spot"
        yield Problem(f"{where}.spot.base", why, "Lower it, or raise count.max")
