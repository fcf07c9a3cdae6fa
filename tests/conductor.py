"""Carries a plan out step after step, without Prefect: for tests of kinds, and to measure what the engine adds."""

from collections.abc import Iterable

from blueprints.part import Part
from tasks.converge import bring_about
from tasks.decide import Plan, make_plan
from tasks.registry import KINDS
from tasks.report import Outcome
from tasks.scope import Scope
from tasks.survey import survey


def look_and_plan(
    scope: Scope, parts: Iterable[Part], replace: Iterable[str] = (), among: Iterable[str] | None = None
) -> Plan:
    """A fresh survey, and the plan of these parts. `among` are the kinds to list, where nothing else can stand."""
    parts = tuple(parts)
    kinds = KINDS.values() if among is None else [KINDS[kind] for kind in sorted(set(among))]
    return make_plan(parts, survey(scope, kinds, parts), KINDS, replace)


def carry_out(plan: Plan, scope: Scope) -> list[Outcome]:
    """Every step of a plan that isn't a keep, one after the other, each awaited."""
    ids, outcomes = dict(plan.ids), []
    for step in plan.steps:
        if step.action == "delete" or (step.action == "keep" and not step.pending):
            continue
        kind = KINDS[step.kind]
        outcome = bring_about(kind, step, scope, ids)
        kind.ready(scope, outcome.id)
        ids[step.part] = outcome.id
        outcomes.append(outcome)
    for removal in plan.removals:
        if not removal.along:
            KINDS[removal.kind].delete(scope, removal.id)
        outcomes.append(Outcome(part=removal.part, action="delete", id=removal.id))
    return outcomes


def raise_all(
    scope: Scope, parts: Iterable[Part], replace: Iterable[str] = (), among: Iterable[str] | None = None
) -> Plan:
    """Plan these parts and carry the plan out; gives the plan."""
    plan = look_and_plan(scope, parts, replace, among)
    carry_out(plan, scope)
    return plan
