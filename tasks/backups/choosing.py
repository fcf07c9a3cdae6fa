"""Which backup is restored: the newest whole one of a thing, the newest by a time, or one by its id. Pure."""

from collections.abc import Iterable
from datetime import datetime

from tasks.backups.record import Backup
from tasks.errors import Invalid, Problem


def choose(backups: Iterable[Backup], what: str, at: datetime | None = None, id: str | None = None) -> Backup:
    """The backup of `what`, a part (`instance/db`) or an id in AWS. Raises Invalid where there's none that is whole.

    With `at`, the newest that was taken for a time not after it.
    """
    of_it = [backup for backup in backups if what in (backup.part, backup.source)]
    if not of_it:
        known = ", ".join(sorted({backup.series for backup in backups})) or "none"
        raise Invalid("castra restore", [Problem(what, "it has no backup", f"There are backups of: {known}")])
    if id is not None:
        return _by_id(of_it, what, id)
    whole = [backup for backup in of_it if backup.state == "complete" and (at is None or backup.moment <= at)]
    if not whole:
        when = "" if at is None else f" of a time up to {at:%Y-%m-%d %H:%M} UTC"
        way_out = f"There are: {_told(of_it)}"
        raise Invalid("castra restore", [Problem(what, f"it has no complete backup{when}", way_out)])
    return max(whole, key=lambda backup: (backup.moment, backup.taken, backup.id))


def _by_id(backups: list[Backup], what: str, id: str) -> Backup:
    found = [backup for backup in backups if id in backup.ids or id == backup.slot]
    if not found:
        why = f"{what} has no backup {id}"
        raise Invalid("castra restore", [Problem("--backup", why, f"There are: {_told(backups)}")])
    if found[-1].state != "complete":
        why = f"{id} is {found[-1].state}{': ' if found[-1].why else ''}{found[-1].why}"
        raise Invalid("castra restore", [Problem("--backup", why, f"There are: {_told(backups)}")])
    return found[-1]


def _told(backups: list[Backup]) -> str:
    """The newest five, in words."""
    newest = sorted(backups, key=lambda backup: backup.moment, reverse=True)[:5]
    return ", ".join(f"{backup.id} of {backup.slot} ({backup.state})" for backup in newest)
