"""Which sources have no good backup as new as they should: pure, told by every pruning, whoever takes the backups."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from blueprints.backups import BackupPolicy
from tasks.backups.record import Backup

GRACE = timedelta(hours=6)  # what a run may be late, and a snapshot may take


def late(
    policies: Mapping[str, BackupPolicy],
    covers: Mapping[str, Iterable[str]],
    backups: Iterable[Backup],
    now: datetime,
) -> dict[str, list[str]]:
    """By policy, each source that it covers whose newest good backup is older than it should be, in words. Pure.

    A backup is late once it has been due for six hours. `covers` are the series that each policy covers now; one by
    hand counts as well.
    """
    newest: dict[tuple[str, str], datetime] = {}
    for backup in backups:
        if backup.state == "complete" and backup.copy_of is None:
            key = (backup.policy, backup.series)
            newest[key] = max(newest.get(key, backup.moment), backup.moment)
    found: dict[str, list[str]] = {}
    for name, policy in policies.items():
        due = policy.when.due(now - GRACE)
        for series in sorted(covers[name]):
            if why := overdue(newest.get((name, series)), due):
                found.setdefault(name, []).append(f"{series}: {why}")
    return found


def overdue(newest: datetime | None, due: datetime) -> str:
    """Why the newest good backup isn't as new as it should be, in words; nothing if it is. Pure."""
    if newest is not None and newest >= due:
        return ""
    last = f"its newest good one is of {newest:%Y-%m-%d %H:%M} UTC" if newest else "there's no good one"
    return f"{last}, and one was due at {due:%Y-%m-%d %H:%M} UTC"
