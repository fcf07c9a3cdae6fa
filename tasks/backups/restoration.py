"""The plan of a restore: a backup, what it becomes, and where. Reads only."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from blueprints.part import Part
from tasks.backups.choosing import choose
from tasks.backups.listing import backups_in
from tasks.backups.record import Backup
from tasks.backups.restoring import Wish
from tasks.backups.stores import store_of
from tasks.decide import Plan
from tasks.operation import KEEP, Deed, Operation
from tasks.reading import plan_beside
from tasks.report import Outcome
from tasks.scope import Scope

RESTORED = ("instance", "image", "volume", "database", "replication-group")


@dataclass(frozen=True)
class Restoration:
    """What will be done: the parts, the scope that they're made in, and the plan for them alone."""

    backup: Backup
    parts: tuple[Part, ...]
    scope: Scope
    plan: Plan
    operation: Operation


def plan_restore(scope: Scope, wish: Wish) -> Restoration:
    """What it takes until it's restored; nothing, where it is already. `scope` is the backups' own environment."""
    _ = scope.account
    backup = choose(backups_in(scope, scope.environment), wish.what, wish.at, wish.backup)
    parts = store_of(backup.id).parts(scope, backup, wish)
    target = scope if wish.into is None else within(scope, wish.into)
    return restoration(backup, parts, target)


def restoration(backup: Backup, parts: tuple[Part, ...], target: Scope) -> Restoration:
    """The plan of these parts in an environment, beside all else that stands in it."""
    plan = plan_beside(parts, target)
    because = {part.key: _because(backup, part) for part in parts}
    operation = operation_of("restore", plan, because, target.calls.summary())
    return Restoration(backup, parts, target, plan, operation)


def within(scope: Scope, environment: str, expires: datetime | None = None) -> Scope:
    """A scope of another environment in the same region and account."""
    return Scope(
        environment,
        scope.region,
        expires=expires,
        account=scope.expected_account,
        role=scope.role,
        poll_seconds=scope.poll_seconds,
        go_ahead=scope.go_ahead,
    )


def operation_of(verb: str, plan: Plan, because: Mapping[str, str], calls: Mapping[str, int]) -> Operation:
    """A plan of parts as an operation: a deed for each step."""
    deeds = [
        Deed(
            what=step.part,
            action=step.action,
            because=step.because if step.action == KEEP else because.get(step.part, step.because),
            id=step.id,
        )
        for step in plan.steps
    ]
    return Operation(verb=verb, subject=plan.environment, region=plan.region, deeds=tuple(deeds), calls=dict(calls))


def carried_out(planned: Operation, outcomes: Iterable[Outcome]) -> tuple[Deed, ...]:
    """The deeds with what came of them."""
    ended = {outcome.part: outcome for outcome in outcomes}
    return tuple(
        deed.model_copy(update={"id": ended[deed.what].id, "seconds": ended[deed.what].seconds})
        for deed in planned.deeds
        if deed.what in ended
    )


def _because(backup: Backup, part: Part) -> str:
    origin = f"{backup.id} of {backup.slot}"
    return f"from {origin}" if part.kind in RESTORED else f"for what is restored from {origin}"
