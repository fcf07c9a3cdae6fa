"""Backups: the section that people write. A policy unfolds into no part: flows carry it out."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from blueprints.any_cache import AnyCache
from blueprints.buckets import Storage
from blueprints.caching import NodeType
from blueprints.listening import Port
from blueprints.log_groups import KeyArn
from blueprints.mixing import InstanceType
from blueprints.part import Name, Piece
from blueprints.problem import Problem
from blueprints.replicas import InstanceClass
from blueprints.tiers import Tiers, When

How = Literal["snapshot", "image"]
A_DAY, MOST_A_DAY = timedelta(days=1), 20
"""Snapshots that ElastiCache takes of a node in 24 hours, and no more:
https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/backups.html#backups-constraints"""


Selected = Literal["instances", "volumes", "databases"]


class Select(Piece):
    """What is covered, by its tags, whoever made it: instances, with all their volumes, volumes, and databases."""

    tags: dict[str, str] = Field(min_length=1, description="Tags that it carries, all of them.")
    of: tuple[Selected, ...] = Field(
        default=("instances", "volumes"),
        min_length=1,
        description="What is looked for. Of databases, a policy has neither commands nor queries.",
    )


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
    node_type: NodeType | None = Field(
        default=None, description="What a cache's nodes are restored as; as those that were, if not given."
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
"""What a proof asks of instances only: a restored database or cache lets nobody in."""
OF_ITS_OWN = {"instance_class": "databases", "node_type": "caches"}
"""What a proof says of one section only."""


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
    caches: tuple[Name, ...] = Field(
        default=(), description="Entries of `caches` of Valkey or Redis, as snapshots of ElastiCache."
    )
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
        named |= {"replication-group": self.caches}
        return tuple(f"{kind}/{name}" for kind, names in named.items() for name in names)

    @property
    def selects(self) -> frozenset[Selected]:
        """What it looks for by tags, if by any."""
        return frozenset(self.select.of if self.select else ())

    @property
    def _has_machines(self) -> bool:
        return bool(self.instances or self.volumes or self.selects & {"instances", "volumes"})

    @property
    def _has_databases(self) -> bool:
        return bool(self.databases) or "databases" in self.selects

    def problems(
        self,
        name: str,
        region: str,
        instances: Collection[str],
        volumes: Collection[str],
        databases: Collection[str],
        caches: Mapping[str, AnyCache],
        buckets: Mapping[str, Storage],
    ) -> Iterator[Problem]:
        """What doesn't fit together with the other sections, of which these are the names."""
        where = f"backups.{name}"
        if not (self.parts or self.buckets or self.select):
            way_out = "Name instances, volumes, databases, caches or buckets, or select by tags"
            yield Problem(where, "covers nothing", way_out)
        yield from _unknown(f"{where}.instances", self.instances, instances, "instance")
        yield from _unknown(f"{where}.volumes", self.volumes, volumes, "volume")
        yield from _unknown(f"{where}.databases", self.databases, databases, "database")
        yield from _unknown(f"{where}.caches", self.caches, caches, "cache")
        yield from _unknown(f"{where}.buckets", self.buckets, buckets, "bucket")
        for bucket in self.buckets:
            if bucket in buckets and not buckets[bucket].versioning:
                why = f"bucket {bucket} keeps no versions, which are a bucket's backup"
                yield Problem(f"{where}.buckets", why, f"Write buckets.{bucket}.versioning: true")
        yield from self._cache_problems(where, caches)
        if (self._has_databases or self.caches) and not self._has_machines:
            yield from self._idle_problems(where)
        for field, section in OF_ITS_OWN.items():
            if getattr(self.prove, field, None) and not (getattr(self, section) or section in self.selects):
                why = f"is for {section}, and this policy covers none"
                yield Problem(f"{where}.prove.{field}", why, "Leave it out; of instances, it's instance_type")
        yield from self._copy_problems(where, region)

    def _cache_problems(self, where: str, caches: Mapping[str, AnyCache]) -> Iterator[Problem]:
        """What ElastiCache takes no snapshot of, or not so often, and that its snapshots stay where they are."""
        for name in self.caches:
            cache = caches.get(name)
            if cache is not None and cache.engine == "memcached":
                why = f"cache {name} is of Memcached, which stores nothing: AWS takes no snapshot of it"
                yield Problem(f"{where}.caches", why, "Leave it out, or make it one of Valkey")
            elif cache is not None and cache.unkept:
                why = f"AWS takes no snapshot of cache {name}, as its nodes are {cache.node_type}"
                yield Problem(f"{where}.caches", why, "Leave it out, or give it another node_type")
        if self.caches and self.when.comes_more_than(MOST_A_DAY, A_DAY):
            why = f"comes more than {MOST_A_DAY} times in 24 hours, and AWS takes no more snapshots of a cache's node"
            yield Problem(f"{where}.when.cron", why, "Let it come more seldom: every two hours, say")
        if self.caches and self.copies:
            why = "caches have none: AWS copies no snapshot of ElastiCache to another region, and shares none"
            way_out = "Cover caches in a policy without; CopySnapshot exports to a bucket what must be elsewhere"
            yield Problem(f"{where}.copies", why, way_out)

    def _idle_problems(self, where: str) -> Iterator[Problem]:
        """What only instances and volumes have, where the policy covers none."""
        idle: dict[str, object] = {"before": self.before, "after": self.after, "as": self.as_, "reboot": self.reboot}
        idle |= {f"prove.{field}": getattr(self.prove, field, None) for field in ASKED_OF_INSTANCES}
        for field, written in idle.items():
            if written:
                why = "is for instances and their volumes, and this policy covers none: AWS itself sees to a snapshot"
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
