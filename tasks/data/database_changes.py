"""How databases and their replicas are changed: in one call, at once or in the maintenance window."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from tasks.data.database_instance import AT_ONCE_ONLY, NOW, PENDING, InstanceState, waiting
from tasks.data.database_listing import FAILED, LEAVING, STANDING, described, settled
from tasks.errors import CastraError, Refused
from tasks.retry import when_released
from tasks.scope import Scope, as_dict
from tasks.waiting import wait_until

APPLIED_WITHIN = 7200.0  # seconds; a larger machine with a second zone, and a copy of all data, take their time
STOPPED = "stopped"
S = TypeVar("S", bound=InstanceState)
Settings = Mapping[str, dict[str, Any]]
"""By field, what ModifyDBInstance takes."""


def change(
    scope: Scope,
    name: str,
    wanted: S,
    changed: frozenset[str],
    told: Callable[[Mapping[str, Any], Mapping[str, str]], S],
    settings: Callable[[frozenset[str], Mapping[str, Any]], Settings],
) -> None:
    """Ask for what differs still, once no other change is under way. What is to be now is awaited.

    `settings` gets the fields that differ, and the database as it stands. Raises Refused for one that AWS doesn't
    change as it is, and for a new version that is to wait for the window.
    """
    standing = settled(scope, name)
    if standing is None or (status := standing["DBInstanceStatus"]) == LEAVING:
        raise CastraError(f"database {name}", "it is gone, or going", "Run again: it will be made")
    found = told(standing, as_dict(standing.get("TagList")))
    differing = frozenset(field for field in changed if getattr(found, field) != getattr(wanted, field))
    # What waits already is asked for again, to be made now.
    fields = differing | (frozenset(waiting(standing)) if "waiting" in differing else frozenset())
    by_field = settings(fields, standing)
    asked = {key: one for field in sorted(fields & by_field.keys()) for key, one in by_field[field].items()}
    if not asked:
        return
    if status == STOPPED or status in FAILED:
        way_out = f"Start it (castra resume {scope.environment})" if status == STOPPED else "Look at its events in AWS"
        raise Refused(f"database {name}", f"it is {status}, and AWS changes none that is", f"{way_out}, and run again")
    if wanted.apply != NOW and differing & AT_ONCE_ONLY:
        why = f"version {wanted.version} needs other settings, which can't wait for the window beside it"
        raise Refused(f"database {name}", why, "Set apply: now for this raising")
    now = wanted.apply == NOW
    ask(scope, name, **asked, ApplyImmediately=now)
    if now:
        await_change(scope, name, nothing_waits)


def ask(scope: Scope, name: str, **asked: Any) -> None:
    """Ask for a change, as soon as no other one is under way."""
    modify = scope.client("rds").modify_db_instance
    when_released(f"database {name}", modify, DBInstanceIdentifier=name, **asked)


def await_change(scope: Scope, name: str, through: Callable[[Mapping[str, Any]], bool]) -> None:
    """Wait until no change of it is under way, and it is as it was asked to be."""

    def done() -> bool:
        database = described(scope, name) or {}
        return database.get("DBInstanceStatus") in STANDING and through(database)

    wait_until(scope, done, f"database {name}", APPLIED_WITHIN, lambda: "it still changes")


def nothing_waits(database: Mapping[str, Any]) -> bool:
    """Whether all that was asked for is made."""
    return not PENDING.keys() & database.get("PendingModifiedValues", {}).keys()
