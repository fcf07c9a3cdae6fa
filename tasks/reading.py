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
from tasks.errors import Moved
from tasks.expiry import end_for, end_of, moment_in, remark
from tasks.kind import Found
from tasks.registry import KINDS
from tasks.scope import PAUSED, Scope
from tasks.survey import survey


class Resource(BaseModel):
    """One resource that stands."""

    part: str
    id: str
    phase: str
    created: datetime | None
    outputs: dict[str, str]
    expires: datetime | None = None


class Standing(BaseModel):
    """An environment that stands: how many parts of each kind, since when, whose."""

    environment: str
    parts: int
    kinds: dict[str, int]
    created: datetime | None
    owner: str | None
    purpose: str | None = None
    expires: datetime | None = None


def scope_of(environment: Environment) -> Scope:
    """The scope of a blueprint."""
    account, role, lifetime = environment.account, environment.role, environment.lifetime
    tags = environment.all_tags
    return Scope(environment.name, environment.region, tags=tags, account=account, role=role, lifetime=lifetime)


def plan_of(environment: Environment, scope: Scope, replace: Iterable[str] = ()) -> Plan:
    """Survey AWS and plan. Writes nothing."""
    parts = environment.parts()
    seen = survey(scope, KINDS.values(), parts)
    return _with_its_end(make_plan(parts, seen, KINDS, replace), scope, seen.found)


def _with_its_end(plan: Plan, scope: Scope, found: Iterable[Found[Any]]) -> Plan:
    """The plan, with the moment at which all that it makes is to end."""
    found, now = tuple(found), scope.now
    end = end_for(found, KINDS, scope.lifetime, now)
    told = remark(end, scope.lifetime, bool(found), str(scope.environment), now)
    if any(PAUSED in one.tags for one in found):
        told = f"{told} It is paused, and stays so: `castra resume {scope.environment}` ends that.".strip()
    told = " ".join(filter(None, (told, *(one.note for one in found))))
    return plan.model_copy(update={"expires": end, "remark": told})


def plan_beside(parts: Iterable[Part], scope: Scope) -> Plan:
    """The plan of these parts alone, whatever else of their environment stands: that is left as it is."""
    parts = tuple(parts)
    concerned = {part.kind for part in parts}
    seen = survey(scope, [KINDS[kind] for kind in sorted(concerned)], parts)
    asked = {part.key for part in parts}
    found = tuple(one for one in seen.found if one.key in asked)
    plan = make_plan(parts, dataclasses.replace(seen, found=found), KINDS)
    if not any(step.action in ("create", "replace") for step in plan.steps):
        return plan
    others = survey(scope, [kind for name, kind in KINDS.items() if name not in concerned])
    return _with_its_end(plan, scope, (*seen.found, *others.found))


def plan_to_strike(scope: Scope, *, expired: bool = False) -> Plan:
    """The plan of nothing: all that carries the environment's tag goes. Needs no blueprint.

    With `expired`, raises Moved where its time isn't over.
    """
    seen = survey(scope, KINDS.values())
    if expired and seen.found:
        end = end_of(seen.found, KINDS)
        if end is None or end > scope.now:
            why = "it ends later than it did when it was looked at"
            raise Moved(str(scope.environment), why, "Look again: castra list")
    return make_plan((), seen, KINDS)


def resources(scope: Scope) -> list[Resource]:
    """All that stands in an environment."""
    return [_resource(found) for found in survey(scope, KINDS.values()).found]


def standing_in(scope: Scope) -> tuple[list[Resource], Standing]:
    """All that stands in an environment, and what is to be said of it as a whole."""
    found = survey(scope, KINDS.values()).found
    return [_resource(one) for one in found], _standing(str(scope.environment), list(found))


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
    more: dict[str, Any] = {"outputs": dict(found.outputs), "expires": moment_in(found.tags)}
    return Resource(part=found.key, id=found.id, phase=found.phase, created=found.created, **more)


def _standing(name: str, found: list[Found[Any]]) -> Standing:
    created = [one.created for one in found if one.created]
    return Standing(
        environment=name,
        parts=len(found),
        kinds=dict(Counter(one.kind for one in found)),
        created=min(created, default=None),
        owner=_told("owner", found),
        purpose=_told("purpose", found),
        expires=end_of(found, KINDS),
    )


def _told(tag: str, found: list[Found[Any]]) -> str | None:
    return next((one.tags[tag] for one in found if tag in one.tags), None)
