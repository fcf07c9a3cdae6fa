"""Backups: the section that people write. A policy unfolds into no part: flows carry it out."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from blueprints.buckets import Storage
from blueprints.listening import Port
from blueprints.log_groups import KeyArn
from blueprints.mixing import InstanceType
from blueprints.part import Name, Piece
from blueprints.problem import Problem
from blueprints.replicas import InstanceClass
from blueprints.schedule import Cron, TimeZone

How = Literal["snapshot", "image"]
Tier = Literal["hourly", "daily", "weekly", "monthly", "yearly"]
TIERS: tuple[Tier, ...] = ("yearly", "monthly", "weekly", "daily", "hourly")
"""The highest first."""
UTC = UTC


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


class Select(Piece):
    """What is covered, by its tags: instances, with all their volumes, and volumes, whoever made them."""

    tags: dict[str, str] = Field(min_length=1, description="Tags that it carries, all of them.")


class Copy(Piece):
    """A second home of each backup."""

    region: str = Field(
        pattern=r"^[a-z]{2}(-[a-z]+)+-[0-9]$", examples=["eu-central-1"], description="Where it's copied to."
    )
    keep: Tiers | None = Field(default=None, description="How long copies are kept; as the policy says, if not given.")
    account: str | None = Field(
        default=None, pattern=r"^[0-9]{12}$", description="An account that the copy is shared with."
    )
    key: KeyArn | None = Field(default=None, description="ARN of a KMS key of that region; the account's own without.")


class Prove(Piece):
    """How often the newest backup is restored, to see whether it's good for anything, and what it must then do."""

    every_days: int = Field(default=7, ge=1, le=366, description="A proof older than that is an alarm.")
    query: str | None = Field(
        default=None, max_length=4096, description="A command that must succeed on the restored instance."
    )
    expect: str | None = Field(
        default=None, max_length=1024, description="What the query must print: a regular expression found in it."
    )
    port: Port | None = Field(default=None, description="A port that the restored instance must answer on, by TCP.")
    path: str | None = Field(default=None, pattern=r"^/", description="By HTTP, what it must answer there, under 400.")
    reached_from: IPv4Network | None = Field(
        default=None, description="Where the proof runs, as the restored instance sees it: only there the port is open."
    )
    instance_type: InstanceType | None = Field(
        default=None, description="What an instance is restored as; as the one that was backed up, if not given."
    )
    instance_class: InstanceClass | None = Field(
        default=None, description="What a database is restored as; as the one that was backed up, if not given."
    )
    minutes: int = Field(default=30, ge=2, le=720, description="Patience until it runs, and answers.")

    @model_validator(mode="after")
    def _fits(self) -> "Prove":
        if self.path is not None and self.port is None:
            raise ValueError("has a path, and no port to ask it on")
        if (self.port is None) != (self.reached_from is None):
            raise ValueError("needs port and reached_from together: the port is opened to nobody else")
        if self.expect is not None and self.query is None:
            raise ValueError("expects something of no query")
        try:
            re.compile(self.expect or "")
        except re.error as error:
            raise ValueError(f"expects what is no regular expression: {error}") from None
        return self


ASKED_OF_INSTANCES = ("query", "port", "instance_type")
"""What a proof asks of instances only: a restored database lets nobody in."""


def _one_or_more(value: object) -> object:
    return [value] if isinstance(value, str) else value


Commands = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_one_or_more, json_schema_input_type=str | tuple[str, ...]),
]


class BackupPolicy(Piece):
    """What is backed up, when, how, and how long it's kept."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)

    instances: tuple[Name, ...] = Field(default=(), description="Entries of `instances`, with all their volumes.")
    volumes: tuple[Name, ...] = Field(default=(), description="Volumes of the environment, one by one.")
    databases: tuple[Name, ...] = Field(default=(), description="Entries of `databases`, as snapshots of RDS.")
    buckets: tuple[Name, ...] = Field(
        default=(),
        description="Entries of `buckets`. Their backup is their versions: that they keep them is checked.",
    )
    select: Select | None = Field(default=None, description="Or what carries these tags, whoever made it.")
    as_: How | None = Field(
        default=None,
        alias="as",
        description="Snapshots of all volumes at one instant, or an image that boots. Chosen, if not given, and told.",
    )
    when: When = Field(description="The times at which backups are due, and the zone that they are told in.")
    keep: Tiers = Field(description="How many are kept, and for how long.")
    copies: tuple[Copy, ...] = Field(default=(), description="Other regions and accounts that get each backup too.")
    before: Commands = Field(default=(), description="Commands on the instance before; if one fails, nothing is taken.")
    after: Commands = Field(default=(), description="Commands on the instance afterwards, whatever happened.")
    command_seconds: int = Field(default=60, ge=5, le=3600, description="Patience with `before` and `after`, each.")
    reboot: bool = Field(
        default=False, description="Whether an instance is rebooted for its image, for a file system at rest."
    )
    prove: Prove | None = Field(default=None, description="How often a restore proves the newest backup.")

    @property
    def parts(self) -> tuple[str, ...]:
        """What it names that gets backups of its own, as parts: `instance/db`."""
        named = {"instance": self.instances, "volume": self.volumes, "database": self.databases}
        return tuple(f"{kind}/{name}" for kind, names in named.items() for name in names)

    def problems(
        self,
        name: str,
        region: str,
        instances: Collection[str],
        volumes: Collection[str],
        databases: Collection[str],
        buckets: Mapping[str, Storage],
    ) -> Iterator[Problem]:
        """What doesn't fit together with the other sections, of which these are the names."""
        where = f"backups.{name}"
        if not (self.parts or self.buckets or self.select):
            yield Problem(where, "covers nothing", "Name instances, volumes, databases or buckets, or select by tags")
        yield from _unknown(f"{where}.instances", self.instances, instances, "instance")
        yield from _unknown(f"{where}.volumes", self.volumes, volumes, "volume")
        yield from _unknown(f"{where}.databases", self.databases, databases, "database")
        yield from _unknown(f"{where}.buckets", self.buckets, buckets, "bucket")
        for bucket in self.buckets:
            if bucket in buckets and not buckets[bucket].versioning:
                why = f"bucket {bucket} keeps no versions, which are a bucket's backup"
                yield Problem(f"{where}.buckets", why, f"Write buckets.{bucket}.versioning: true")
        if self.databases and not (self.instances or self.volumes or self.select):
            yield from self._idle_problems(where)
        if self.prove and self.prove.instance_class and not self.databases:
            why, way_out = (
                "is for databases, and this policy covers none",
                "Leave it out; of instances, it's instance_type",
            )
            yield Problem(f"{where}.prove.instance_class", why, way_out)
        yield from self._copy_problems(where, region)

    def _idle_problems(self, where: str) -> Iterator[Problem]:
        """What only instances and volumes have, where the policy covers none."""
        idle: dict[str, object] = {"before": self.before, "after": self.after, "as": self.as_, "reboot": self.reboot}
        idle |= {f"prove.{field}": getattr(self.prove, field, None) for field in ASKED_OF_INSTANCES}
        for field, written in idle.items():
            if written:
                why = "is for instances and their volumes, and this policy covers none: RDS itself sees to a snapshot"
                yield Problem(f"{where}.{field}", why, f"Leave `{field}` out, or cover instances in a policy with it")

    def _copy_problems(self, where: str, region: str) -> Iterator[Problem]:
        seen: set[tuple[str, str | None]] = set()
        for number, copy in enumerate(self.copies):
            if copy.region == region and copy.account is None:
                yield Problem(f"{where}.copies.{number}.region", "is where the backups are already", "Name another one")
            if (copy.region, copy.account) in seen:
                yield Problem(f"{where}.copies.{number}", "stands twice", "Leave one out")
            seen.add((copy.region, copy.account))


def _unknown(where: str, named: Iterable[str], known: Collection[str], what: str) -> Iterator[Problem]:
    for one in named:
        if one not in known:
            yield Problem(where, f"there's no {what} {one}", f"There are: {', '.join(known) or 'none'}")
