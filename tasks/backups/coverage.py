"""Coverage: for all that is, or should be, backed up, the newest good backup, and whether it's proven. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict

from blueprints.environment import Environment
from tasks.backups.lateness import GRACE, overdue
from tasks.backups.record import Backup

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
    environment: Environment,
    covers: Mapping[str, Iterable[str]],
    backups: Iterable[Backup],
    now: datetime,
) -> tuple[Coverage, ...]:
    """A row for each source of each policy, and for each instance of the document that none covers; these come first.

    `covers` are the series that each policy covers now.
    """
    held: dict[tuple[str, str], list[Backup]] = {}
    for backup in backups:
        if backup.state == "complete":
            held.setdefault((backup.policy, backup.series), []).append(backup)
    rows: list[Coverage] = []
    for policy, several in sorted(covers.items()):
        due = environment.backups[policy].when.due(now - GRACE)
        rows += (_row(policy, series, held.get((policy, series), []), due) for series in sorted(several))
    return (*_uncovered(environment, covers), *rows)


def _uncovered(environment: Environment, covers: Mapping[str, Iterable[str]]) -> Iterator[Coverage]:
    covered = {series for several in covers.values() for series in several}
    for name in sorted(environment.instances):
        if (part := f"instance/{name}") not in covered:
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
        late=overdue(newest, due),
    )
