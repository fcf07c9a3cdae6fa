"""Coverage: of all that is, or should be, backed up, the newest good backup, its proof, and whether it's late. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta

from pydantic import BaseModel, ConfigDict

from blueprints.backups import BackupPolicy
from tasks.backups.record import Backup

GRACE = timedelta(hours=6)  # what a run may be late, and a snapshot may take
NO_POLICY = ""


class Coverage(BaseModel):
    """How one source stands with one policy; `policy` is empty where no policy covers it.

    `backups` are the good ones beside what stands, `copies` the good ones in other regions and accounts, `gib` the size
    of the volumes of all of these. `late` says in words that the newest one is older than it should be.
    """

    model_config = ConfigDict(frozen=True)

    what: str
    policy: str = NO_POLICY
    backups: int = 0
    copies: int = 0
    newest: datetime | None = None
    proven: datetime | None = None
    gib: int = 0
    late: str = ""


def coverage(
    policies: Mapping[str, BackupPolicy],
    covers: Mapping[str, Iterable[str]],
    backups: Iterable[Backup],
    now: datetime,
    things: Iterable[str] = (),
) -> tuple[Coverage, ...]:
    """A row for each source of each policy, after one for each thing of the document that none covers.

    `covers` are the series that each policy covers now, `things` the document's instances, databases and caches, as
    parts. A backup is late once it has been due for six hours; one by hand counts as well.
    """
    held: dict[tuple[str, str], list[Backup]] = {}
    for backup in backups:
        if backup.state == "complete":
            held.setdefault((backup.policy, backup.series), []).append(backup)
    rows = list(_uncovered(things, covers))
    for policy, several in sorted(covers.items()):
        due = policies[policy].when.due(now - GRACE)
        rows += (_row(policy, series, held.get((policy, series), []), due) for series in sorted(several))
    return tuple(rows)


def late(rows: Iterable[Coverage]) -> dict[str, list[str]]:
    """By policy, each source that it covers whose newest good backup is older than it should be, in words."""
    found: dict[str, list[str]] = {}
    for row in rows:
        if row.late and row.policy != NO_POLICY:
            found.setdefault(row.policy, []).append(f"{row.what}: {row.late}")
    return found


def _uncovered(things: Iterable[str], covers: Mapping[str, Iterable[str]]) -> Iterator[Coverage]:
    covered = {series for several in covers.values() for series in several}
    for part in sorted(things):
        if part not in covered:
            yield Coverage(what=part, late="no policy covers it")


def _row(policy: str, series: str, held: list[Backup], due: datetime) -> Coverage:
    own = [one for one in held if one.copy_of is None]
    newest = max((one.moment for one in own), default=None)
    return Coverage(
        what=series,
        policy=policy,
        backups=len(own),
        copies=len(held) - len(own),
        newest=newest,
        proven=max((one.proven for one in held if one.proven), default=None),
        gib=sum(one.gib for one in held),
        late=_overdue(newest, due),
    )


def _overdue(newest: datetime | None, due: datetime) -> str:
    """Why the newest good backup isn't as new as it should be, in words; nothing if it is."""
    if newest is not None and newest >= due:
        return ""
    last = f"its newest good one is of {newest:%Y-%m-%d %H:%M} UTC" if newest else "there's no good one"
    return f"{last}, and one was due at {due:%Y-%m-%d %H:%M} UTC"
