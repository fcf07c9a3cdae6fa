"""Manual snapshots of RDS: as many as policies of backups will keep, beside those that others took, in each region."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from blueprints.backups import BackupPolicy
from blueprints.environment import Environment
from blueprints.tiers import Tiers
from tasks.backups.copying import homes_of
from tasks.backups.database_listing import MANUAL
from tasks.backups.tagging import BACKUP, LABEL, SLOT, SOURCE_PART, group_of
from tasks.doctor.counting import Places
from tasks.doctor.finding import Finding
from tasks.doctor.quotas import READ_QUOTAS, Quota, judged, most_of
from tasks.rights.statement import allow
from tasks.scope import Scope, as_dict

SNAPSHOTS = Quota(
    "manual snapshots of databases",
    *("rds", "L-272F1212", lambda *_: {}, lambda _: {}),
    stand="others stand",
    makes="policies of backups keep up to",
)
READ_SNAPSHOTS = allow("Snapshots", {"rds:DescribeDBSnapshots", *READ_QUOTAS["Action"]}, ["*"])


def backup_quotas(environment: Environment, scope: Scope) -> Iterator[Finding]:
    """Whether there's room for all backups of databases, once every tier is full; nothing where no policy has any.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/CHAP_Limits.html
    """
    for region, count in sorted(kept(environment).items()):
        yield from _judged(environment, scope, region, count)


def _judged(environment: Environment, scope: Scope, region: str, count: int) -> Iterator[Finding]:
    def read() -> tuple[Places, int]:
        return {region: _others(environment, scope, region)}, most_of(SNAPSHOTS, scope, region)

    yield from judged(SNAPSHOTS, {region: count}, scope, read, READ_SNAPSHOTS)


def kept(environment: Environment) -> Places:
    """The most backups of databases that policies keep, by region: one a place of each tier, and one that comes before
    another goes. Pure.
    """
    most: Counter[str] = Counter()
    for policy in environment.backups.values():
        for region, tiers in _homes(policy, environment.region):
            most[region] += len(policy.databases) * (sum(number for _, number in tiers.wanted()) + 1)
    return {region: count for region, count in most.items() if count}


def _homes(policy: BackupPolicy, region: str) -> Iterator[tuple[str, Tiers]]:
    """Where snapshots stand. What is only shared with another account is no second one."""
    yield region, policy.keep
    for home in homes_of(policy):
        if home.region != region or home.key:
            yield home.region, home.tiers


def _others(environment: Environment, scope: Scope, region: str) -> int:
    """All but those that these policies took by themselves of what they name, which are among what they keep."""
    policies = {group_of(environment.name, name): policy for name, policy in environment.backups.items()}
    named = {(group, part) for group, policy in policies.items() for part in policy.parts}

    def counted(snapshot: dict[str, Any]) -> bool:
        tags = as_dict(snapshot.get("TagList"))
        return (tags.get(BACKUP), tags.get(SOURCE_PART)) not in named or tags.get(SLOT, "").startswith(LABEL)

    found = scope.pages("rds", "describe_db_snapshots", "DBSnapshots", region=region, **MANUAL)
    return sum(map(counted, found))
