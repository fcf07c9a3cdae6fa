"""Backups taken and pruned without Prefect: what tests of all stores do."""

from datetime import UTC, datetime, timedelta

from blueprints.environment import Environment
from tasks.backups.listing import backups_in
from tasks.backups.planning import plan_back_up
from tasks.backups.pruning import plan_pruning, remove
from tasks.backups.record import Backup
from tasks.backups.taking import Taker
from tasks.each import each
from tasks.errors import CastraError
from tasks.operation import Deed
from tasks.reading import scope_of
from tasks.scope import Scope


def scoped(document: Environment) -> Scope:
    """A document's scope, which doesn't wait long."""
    scope = scope_of(document)
    scope.poll_seconds = 0.05
    return scope


def taken(scope: Scope, document: Environment, label: str | None = None, now: datetime | None = None) -> Taker:
    """All that is due, taken at once, and awaited."""
    due = plan_back_up(document, scope, now or datetime.now(UTC), label=label)
    taker = Taker(scope, due)

    def carry_out(deed: Deed) -> None:
        try:
            taker.carry_out(deed)
        except CastraError:
            assert deed in taker.failures

    list(each(carry_out, [deed for deed in due.deeds if deed.action != "keep"]))
    taker.note_devices()
    taker.await_all()
    return taker


def the_one(scope: Scope) -> Backup:
    """The only backup of the shop."""
    (one,) = backups_in(scope, "shop")
    return one


def aged(scope: Scope, document: Environment, days: int) -> None:
    """One for each of the last days, the oldest first."""
    for ago in reversed(range(days)):
        taken(scope, document, now=datetime.now(UTC) - timedelta(days=ago))


def pruned(scope: Scope, document: Environment, now: datetime | None = None) -> dict[str, str]:
    """What a pruning does, and by what reason."""
    pruning = plan_pruning(document, scope, now or datetime.now(UTC))
    done = [
        remove(scope, deed, pruning.going[deed.what]) if deed.what in pruning.going else deed
        for deed in pruning.operation.deeds
    ]
    return {str(deed.id): f"{deed.action}: {deed.because}" for deed in done}
