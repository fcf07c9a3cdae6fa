"""What only reads: plans and inventories, as plain functions that the flows and the shell both call."""

import dataclasses
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from pydantic import BaseModel

from blueprints.environment import Environment
from blueprints.part import Part
from tasks.decide import Plan, make_plan, outputs
from tasks.kind import Found
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import survey


class Resource(BaseModel):
    """One resource that stands."""

    part: str
    id: str
    phase: str
    created: datetime | None
    outputs: dict[str, str]


class Standing(BaseModel):
    """An environment that stands: how many parts of each kind, since when, whose."""

    environment: str
    parts: int
    kinds: dict[str, int]
    created: datetime | None
    owner: str | None


def scope_of(environment: Environment) -> Scope:
    """The scope of a blueprint."""
    account, role = environment.account, environment.role
    return Scope(environment.name, environment.region, tags=environment.all_tags, account=account, role=role)


def plan_of(environment: Environment, scope: Scope, replace: Iterable[str] = ()) -> Plan:
    """Survey AWS and plan. Writes nothing."""
    parts = environment.parts()
    return make_plan(parts, survey(scope, KINDS.values(), parts), KINDS, replace)


def plan_beside(parts: Iterable[Part], scope: Scope) -> Plan:
    """The plan of these parts alone, whatever else of their environment stands: that is left as it is."""
    parts = tuple(parts)
    seen = survey(scope, [KINDS[kind] for kind in sorted({part.kind for part in parts})], parts)
    asked = {part.key for part in parts}
    found = tuple(one for one in seen.found if one.key in asked)
    return make_plan(parts, dataclasses.replace(seen, found=found), KINDS)


def plan_to_strike(scope: Scope) -> Plan:
    """The plan of nothing: all that carries the environment's tag goes. Needs no blueprint."""
    return make_plan((), survey(scope, KINDS.values()), KINDS)


def resources(scope: Scope) -> list[Resource]:
    """All that stands in an environment."""
    return [_resource(found) for found in survey(scope, KINDS.values()).found]


def inventory(scope: Scope) -> list[Standing]:
    """All environments of an account and region, from tags alone; `scope` is of all environments."""
    by_name: dict[str, list[Found[Any]]] = {}
    for found in survey(scope, KINDS.values()).found:
        by_name.setdefault(found.environment, []).append(found)
    return [_standing(name, found) for name, found in sorted(by_name.items())]


def outputs_of(scope: Scope) -> dict[str, str]:
    """The outputs of what stands now."""
    return outputs(found for found in survey(scope, KINDS.values()).found if not found.retired)


def _resource(found: Found[Any]) -> Resource:
    return Resource(part=found.key, id=found.id, phase=found.phase, created=found.created, outputs=dict(found.outputs))


def _standing(name: str, found: list[Found[Any]]) -> Standing:
    kinds = Counter(one.kind for one in found)
    created = [one.created for one in found if one.created]
    owner = next((one.tags["owner"] for one in found if "owner" in one.tags), None)
    return Standing(
        environment=name, parts=len(found), kinds=dict(kinds), created=min(created, default=None), owner=owner
    )
