"""When backups are due, and how many of them are kept: what a policy says in a calendar's words."""

from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import Field, model_validator

from blueprints.part import Piece
from blueprints.schedule import Cron, TimeZone

Tier = Literal["hourly", "daily", "weekly", "monthly", "yearly"]
TIERS: tuple[Tier, ...] = ("yearly", "monthly", "weekly", "daily", "hourly")
"""The highest first."""
LOOKED_AT = 200  # due times, to see how close they come


class Tiers(Piece):
    """How many backups are kept: one for each of so many hours, days, weeks (from Monday), months and years."""

    hourly: int = Field(default=0, ge=0, le=10_000, description="One for each of so many hours.")
    daily: int = Field(default=0, ge=0, le=10_000, description="One for each of so many days.")
    weekly: int = Field(default=0, ge=0, le=5_000, description="One for each of so many weeks, from Monday.")
    monthly: int = Field(default=0, ge=0, le=1_200, description="One for each of so many months.")
    yearly: int = Field(default=0, ge=0, le=100, description="One for each of so many years.")

    @model_validator(mode="after")
    def _keeps_something(self) -> "Tiers":
        if not any(number for _, number in self.wanted()):
            raise ValueError("keeps nothing: write how many, such as {daily: 7, weekly: 5, monthly: 12}")
        return self

    def wanted(self) -> Iterator[tuple[Tier, int]]:
        """Each tier with how many it keeps, the highest first; those that keep none are left out."""
        for tier in TIERS:
            if number := int(getattr(self, tier)):
                yield tier, number


class When(Piece):
    """When a backup is due."""

    cron: Cron = Field(
        description="Minute, hour, day, month and weekday: `0 2 * * *` is two o'clock each night.",
        examples=["0 2 * * *"],
    )
    zone: TimeZone = Field(
        default="UTC",
        validate_default=True,
        description="As IANA names it, such as Europe/Vienna. Days, weeks, months and years of `keep` are this zone's.",
    )

    @model_validator(mode="after")
    def _comes(self) -> "When":
        try:
            CronSim(self.cron, datetime(2000, 1, 1))
        except CronSimError:
            raise ValueError(f"{self.cron!r} never comes") from None
        return self

    def due(self, now: datetime) -> datetime:
        """The newest time, in UTC, at which a backup was due by `now`. Pure.

        A time that a clock change skips comes right after the change; one that it repeats comes once, the first time.
        """
        after = now.astimezone(ZoneInfo(self.zone)).replace(microsecond=0) + timedelta(seconds=1)
        earlier = next(CronSim(self.cron, after, reverse=True))
        newest = earlier.astimezone(UTC)
        for candidate in CronSim(self.cron, earlier):  # one more may lie between, where a clock was put back
            if (candidate := candidate.astimezone(UTC)) > now:
                return newest
            newest = candidate
        return newest

    def comes_more_than(self, times: int, within: timedelta) -> bool:
        """Whether it's ever due more often than so many times within so long. Pure."""
        latest: deque[datetime] = deque(maxlen=times + 1)
        for due, _ in zip(CronSim(self.cron, datetime(2000, 1, 1)), range(LOOKED_AT), strict=False):
            latest.append(due)
            if len(latest) > times and latest[-1] - latest[0] < within:
                return True
        return False
