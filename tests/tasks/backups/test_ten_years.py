"""Ten years of backups with outages, against an oracle: none lost early, none kept for ever.

The oracle shares nothing with the code but the rules as people read them. It never forgets a backup, so it can't be led
astray by what was pruned before; it knows periods as spans between two midnights of a wall clock, made by stepping
through dates, where the code numbers them; and it asks of each period for its first backup by bisection, where the code
walks over what is left. After each pruning, what stands is held against what the oracle wants to stand.
"""

import random
from bisect import bisect_left, insort
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from blueprints.tiers import Tiers, When
from tasks.backups.record import Backup
from tasks.backups.retention import Policy, retain
from tests.tasks.backups.making import backup

START, YEARS = date(2023, 1, 1), 10
Span = tuple[datetime, datetime]

# ---------------------------------------------------------------------- the oracle


def midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def first_day(tier: str, day: date) -> date:
    """The first day of the week, month or year that a day is in."""
    if tier == "weekly":
        return date.fromisocalendar(*day.isocalendar()[:2], 1)
    return {"daily": day, "monthly": day.replace(day=1), "yearly": date(day.year, 1, 1)}[tier]


def spans(tier: str, now: datetime, zone: ZoneInfo) -> Iterator[Span]:
    """The calendar's periods, backwards from the one that now is in."""
    if tier == "hourly":
        whole = now.astimezone(zone).replace(minute=0, second=0, microsecond=0).astimezone(UTC)
        while True:
            yield whole, whole + timedelta(hours=1)
            whole -= timedelta(hours=1)
    begin = first_day(tier, now.astimezone(zone).date())
    end = first_day(tier, begin + timedelta(days={"daily": 1, "weekly": 7, "monthly": 31, "yearly": 366}[tier]))
    while True:
        yield midnight(begin, zone), midnight(end, zone)
        begin, end = first_day(tier, begin - timedelta(days=1)), begin


def first_in(span: Span, times: list[datetime]) -> datetime | None:
    place = bisect_left(times, span[0])
    return times[place] if place < len(times) and times[place] < span[1] else None


def wanted_living(times: list[datetime], tiers: Tiers, now: datetime, zone: ZoneInfo) -> set[datetime]:
    """Of each tier the first backups of the newest periods that have any."""
    found: set[datetime] = set()
    for tier, number in tiers:
        left = number
        for span in spans(tier, now, zone):
            if not left or not times or span[1] <= times[0]:
                break
            if one := first_in(span, times):
                found.add(one)
                left -= 1
    return found


def wanted_gone(times: list[datetime], tiers: Tiers, now: datetime, zone: ZoneInfo) -> set[datetime]:
    """Of each tier the first backups of the calendar's last periods, whether they have any or not."""
    found: set[datetime] = set()
    for tier, number in tiers:
        for _, span in zip(range(number), spans(tier, now, zone), strict=False):
            if one := first_in(span, times):
                found.add(one)
    return found


def reached(moment: datetime, tiers: Tiers, now: datetime, zone: ZoneInfo) -> bool:
    """Whether any tier reaches back to a backup that was asked for by hand."""
    return any(
        span[0] <= moment
        for tier, number in tiers
        for _, span in zip(range(number), spans(tier, now, zone), strict=False)
    )


# ---------------------------------------------------------------------- the world


@dataclass
class Lane:
    """One source under one policy: what stands, and all good ones that there ever were."""

    series: str
    policy: str
    since: int
    until: int
    standing: dict[str, Backup] = field(default_factory=dict)
    scheduled: list[datetime] = field(default_factory=list)
    newest: datetime | None = None

    def take(self, one: Backup) -> None:
        self.standing[one.id] = one
        if one.state == "complete":
            self.newest = max(self.newest or one.moment, one.moment)
            if not one.label:
                insort(self.scheduled, one.moment)


@dataclass
class World:
    """Sources, policies and luck. `wrong` counts what was lost early and what was kept without a reason."""

    seed: int
    when: When
    tiers: Tiers
    renamed: int = 6 * 365  # the day on which `nightly` became `daily`
    wrong: dict[str, int] = field(default_factory=lambda: {"lost early": 0, "kept without a reason": 0})
    taken: int = 0
    removed: int = 0

    def __post_init__(self) -> None:
        self.chance, self.zone = random.Random(self.seed), ZoneInfo(self.when.zone)
        died, end = self.chance.randrange(365, 5 * 365), YEARS * 366
        self.lanes = [
            Lane("instance/db", "nightly", 0, self.renamed),
            Lane("vol-short", "nightly", 0, died),
            Lane("instance/db", "daily", self.renamed, end),
        ]

    def live(self, days: int) -> None:
        """One night after the other: backups, unless it's down, then a pruning, unless that is."""
        down = 0
        for day in range(days):
            today = START + timedelta(days=day)
            now = datetime(today.year, today.month, today.day, 12, tzinfo=UTC)
            if not down and self.chance.random() < 0.01:
                down = self.chance.choice([1, 2, 9, 40])
            down = max(0, down - 1)
            for lane in self.lanes:
                if not down and lane.since <= day < lane.until:
                    self.back_up(lane, now)
            if self.chance.random() < 0.9:
                self.prune(day, now, halfway=self.chance.random() < 0.05)

    def back_up(self, lane: Lane, now: datetime) -> None:
        due, dues = self.when.due(now), []
        while due > now - timedelta(days=1):
            dues.append(due)
            due = self.when.due(due - timedelta(seconds=1))
        for moment in reversed(dues):
            state: Any = self.chance.choices(["complete", "failed"], [95, 5])[0]
            self.add(lane, moment, state, {})
            if self.chance.random() < 0.01:
                later = moment + timedelta(hours=3, minutes=7)
                self.add(lane, later, "complete", {"slot": f"label:{later}", "taken": later})

    def add(self, lane: Lane, moment: datetime, state: str, more: dict[str, Any]) -> None:
        self.taken += 1
        told = {"source": lane.series, "policy": lane.policy, "tiers": self.tiers, "zone": self.when.zone} | more
        lane.take(backup(moment, f"b{self.taken}", state=state, **told))

    def prune(self, day: int, now: datetime, halfway: bool) -> None:
        for name in ("nightly", "daily"):
            lanes = [lane for lane in self.lanes if lane.policy == name]
            alive = name == ("nightly" if day < self.renamed else "daily")
            covers = {lane.series for lane in lanes if lane.since <= day < lane.until}
            used = {id: "an image" for lane in lanes for id in lane.standing if int(id[1:]) % 97 == day % 97}
            standing = [one for lane in lanes for one in lane.standing.values()]
            policy = Policy(self.tiers, self.when.zone, covers) if alive else None
            going = {one.backup.id for one in retain(standing, policy, now, used) if not one.keep}
            for lane in lanes:
                mine = [id for id in lane.standing if id in going and not (halfway and self.chance.random() < 0.5)]
                self.removed += len(mine)
                for id in mine:
                    del lane.standing[id]
                self.judge(lane, alive and lane.series in covers, now, used, halfway)

    def judge(self, lane: Lane, living: bool, now: datetime, used: dict[str, str], halfway: bool) -> None:
        want = (wanted_living if living else wanted_gone)(lane.scheduled, self.tiers, now, self.zone)
        stands = {one.moment for one in lane.standing.values() if one.state == "complete" and not one.label}
        must = want | ({lane.newest} if lane.newest else set())
        held = {one.moment for one in lane.standing.values() if one.state == "complete"}
        self.wrong["lost early"] += len(must - held)
        if not halfway:
            excused = {one.moment for one in lane.standing.values() if one.id in used}
            self.wrong["kept without a reason"] += len(stands - must - excused)
            self.wrong["kept without a reason"] += sum(
                not self.may_stay(one, lane, now) for id, one in lane.standing.items() if id not in used
            )

    def may_stay(self, one: Backup, lane: Lane, now: datetime) -> bool:
        """Of those that aren't of the schedule, or aren't good."""
        if one.state == "failed":
            return now - one.taken < timedelta(days=1)
        return not one.label or one.moment == lane.newest or reached(one.moment, self.tiers, now, self.zone)


@pytest.mark.parametrize(
    ("seed", "cron", "zone", "tiers", "days"),
    [
        (1, "30 2 * * *", "Europe/Vienna", Tiers(daily=7, weekly=5, monthly=12, yearly=2), YEARS * 365 + 2),
        (2, "30 2 * * *", "America/New_York", Tiers(daily=14, monthly=6), YEARS * 365 + 2),
        (3, "15 */6 * * *", "Australia/Lord_Howe", Tiers(daily=3, weekly=8, yearly=1), 900),
        (4, "10 */2 * * *", "Asia/Kolkata", Tiers(hourly=24, daily=7, weekly=2), 500),
    ],
)
def test_in_ten_years_of_outages_nothing_is_lost_early_and_nothing_kept_for_ever(
    seed: int, cron: str, zone: str, tiers: Tiers, days: int
) -> None:
    world = World(seed, When(cron=cron, zone=zone), tiers)
    world.live(days)
    assert world.wrong == {"lost early": 0, "kept without a reason": 0}
    assert world.removed > world.taken / 2 > 500
    gone = [lane for lane in world.lanes if lane.until < days - 800]
    assert all(len(lane.standing) <= 2 for lane in gone)  # the last good one, and what is in use just now
    assert all(lane.newest in {one.moment for one in lane.standing.values()} for lane in gone)


def test_the_oracle_sees_a_code_that_loses_one_and_one_that_keeps_one(monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.backups import retention

    def seen(number: int) -> dict[str, int]:
        monkeypatch.setattr(retention._Lane, "_number", lambda self, tier, one: number if tier == "daily" else 0)
        world = World(1, When(cron="30 2 * * *", zone="Europe/Vienna"), Tiers(daily=7))
        world.live(200)
        return world.wrong

    assert seen(7) == {"lost early": 0, "kept without a reason": 0}
    assert seen(6)["lost early"] > 100
    assert seen(8)["kept without a reason"] > 100
