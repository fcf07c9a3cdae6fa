"""Which backups stay and which go, each with its reason: pure, and the only place that decides it."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from blueprints.tiers import Tier, Tiers
from tasks.backups.record import Backup

FAILED_STAYS = timedelta(days=1)  # long enough for somebody to look at it
WORDS: dict[Tier, str] = {"yearly": "year", "monthly": "month", "weekly": "week", "daily": "day", "hourly": "hour"}


@dataclass(frozen=True)
class Verdict:
    """What becomes of one backup, and why. `tier` is the highest that wants it."""

    backup: Backup
    keep: bool
    because: str
    tier: Tier | None = None


@dataclass(frozen=True)
class Policy:
    """What a policy says now. `covers` are the series that it still backs up: of no other will there be a newer one."""

    tiers: Tiers
    zone: str = "UTC"
    covers: Collection[str] = ()


def retain(
    backups: Iterable[Backup], policy: Policy | None, now: datetime, in_use: Mapping[str, str] | None = None
) -> list[Verdict]:
    """What becomes of each backup of one group, in the order of their times. `policy` None: it's gone, or renamed.

    `in_use` says of ids, of backups or of single snapshots, what still uses them.
    """
    lanes: dict[tuple[str, str, bool], list[Backup]] = {}
    for backup in sorted(backups, key=lambda one: (one.moment, one.taken, one.id)):
        lanes.setdefault((backup.series, backup.region, backup.copy_of is not None), []).append(backup)
    verdicts = (verdict for lane in lanes.values() for verdict in _Lane(lane, policy, now, in_use or {}).verdicts())
    return sorted(verdicts, key=lambda one: (one.backup.moment, one.backup.taken, one.backup.id))


@lru_cache(maxsize=1 << 16)
def period(tier: Tier, moment: datetime, zone: str) -> int:
    """The number of the calendar's hour, day, ISO week, month or year, in a zone, that a moment is in.

    An hour that a clock change repeats is two.
    """
    local = moment.astimezone(ZoneInfo(zone))
    match tier:
        case "hourly":
            offset = local.utcoffset() or timedelta()
            return int((moment.timestamp() + offset.total_seconds() % 3600) // 3600)
        case "daily":
            return local.toordinal()
        case "weekly":
            return (local.toordinal() - 1) // 7  # the first day of the calendar is a Monday
        case "monthly":
            return local.year * 12 + local.month
        case "yearly":
            return local.year


@dataclass
class _Lane:
    """The backups of one source in one place, the oldest first."""

    backups: list[Backup]
    policy: Policy | None
    now: datetime
    in_use: Mapping[str, str]
    wanted: dict[str, tuple[Tier, str]] = field(default_factory=dict)  # by id: the highest tier, and its words
    missed: dict[str, list[str]] = field(default_factory=dict)  # by id: why no tier wants it

    @property
    def live(self) -> bool:
        """Whether newer ones will come."""
        return self.policy is not None and self.backups[0].series in self.policy.covers

    def verdicts(self) -> list[Verdict]:
        good = [backup for backup in self.backups if backup.state == "complete"]
        scheduled = [backup for backup in good if not backup.label]
        for tier in WORDS:
            self._want(tier, scheduled)
        for backup in good:
            if backup.label:
                self._want_by_hand(backup)
        last = good[-1].id if good else ""
        return [self._verdict(backup, backup.id == last) for backup in self.backups]

    # ------------------------------------------------------------------ tiers

    def _want(self, tier: Tier, backups: list[Backup]) -> None:
        """The first of each period stands for it, for as long as its tier reaches."""
        first: dict[tuple[str, int], Backup] = {}
        if self.policy and not getattr(self.policy.tiers, tier):
            return
        for backup in backups:
            place = self._zone(backup), period(tier, backup.moment, self._zone(backup))
            if first.setdefault(place, backup) is not backup and self._number(tier, backup):
                self.missed.setdefault(backup.id, []).append(f"an earlier one stands for its {WORDS[tier]}")
        places = list(first)
        for behind, place in enumerate(reversed(places)):
            backup = first[place]
            number = self._number(tier, backup)
            age = behind if self.live else period(tier, self.now, place[0]) - place[1]
            if age < number:
                self.wanted.setdefault(backup.id, (tier, self._of(tier, age, number)))
            elif number:
                self.missed.setdefault(backup.id, []).append(self._beyond(tier, number))

    def _of(self, tier: Tier, age: int, number: int) -> str:
        return f"{tier}, {age + 1} of {number}" if self.live else f"{tier}, for {number} {WORDS[tier]}s"

    def _beyond(self, tier: Tier, number: int) -> str:
        what = f"{WORDS[tier]}{'s' if number > 1 else ''}"
        return f"{number} newer {what} have one" if self.live else f"its {number} {what} are over"

    def _want_by_hand(self, backup: Backup) -> None:
        """One that was asked for stands for itself, as long as the longest tier reaches."""
        zone = self._zone(backup)
        for tier in WORDS:
            number = self._number(tier, backup)
            if period(tier, self.now, zone) - period(tier, backup.moment, zone) < number:
                told = f"{backup.label!r} was asked for by hand: as long as {tier} reaches"
                self.wanted.setdefault(backup.id, (tier, told))
        self.missed[backup.id] = [f"{backup.label!r} was asked for by hand, and no tier reaches so far back"]

    def _number(self, tier: Tier, backup: Backup) -> int:
        tiers = self.policy.tiers if self.policy else backup.tiers
        return int(getattr(tiers, tier)) if tiers else 0

    def _zone(self, backup: Backup) -> str:
        return self.policy.zone if self.policy else backup.zone

    # ------------------------------------------------------------------ one by one

    def _verdict(self, backup: Backup, last: bool) -> Verdict:
        if backup.id in self.wanted:
            tier, because = self.wanted[backup.id]
            return Verdict(backup, True, because, tier)
        if backup.state == "pending":
            return Verdict(backup, True, "it is being taken")
        if last:
            gone = "" if self.live else f"; {self._gone()}, so it stays until somebody removes it"
            return Verdict(backup, True, f"the last good one{gone}")
        if used := next((self.in_use[id] for id in backup.ids if id in self.in_use), ""):
            return Verdict(backup, True, f"in use: {used}")
        if backup.state == "failed":
            return self._failed(backup)
        if self.policy is None and backup.tiers is None:
            return Verdict(backup, True, "its policy is gone, and its tags don't say how long it's kept")
        whose = "" if self.live else f"{self._gone()}, and "
        return Verdict(
            backup, False, whose + "; ".join(dict.fromkeys(self.missed.get(backup.id, ["no tier wants it"])))
        )

    def _failed(self, backup: Backup) -> Verdict:
        why = f"it failed ({backup.why})" if backup.why else "it failed"
        begun = backup.broken_into and not backup.copy_of  # a copy may still be on its way
        if self.now - backup.taken < FAILED_STAYS and not begun:
            return Verdict(backup, True, f"{why}, and goes after a day")
        return Verdict(backup, False, why)

    def _gone(self) -> str:
        return "its policy is gone" if self.policy is None else "the policy covers its source no more"
