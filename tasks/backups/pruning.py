"""Pruning: the plan of it over all policies, those too that are gone; and the calls that remove a backup."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from botocore.exceptions import ClientError

from blueprints.backups import BackupPolicy
from blueprints.caches import Cache
from blueprints.environment import Environment
from blueprints.tiers import Tiers
from tasks.backups.costs import figures
from tasks.backups.coverage import Coverage, coverage
from tasks.backups.covering import covered_by
from tasks.backups.disks import GIB_MONTH
from tasks.backups.listing import backups_in
from tasks.backups.record import Backup
from tasks.backups.retention import Policy, Verdict, retain
from tasks.backups.stores import STORES, store_of
from tasks.each import each
from tasks.errors import code_of
from tasks.operation import KEEP, Deed, Operation
from tasks.scope import Scope

REMOVE = "remove"


@dataclass(frozen=True)
class Pruning:
    """A plan, the backups that its deeds remove, by what the deeds are called, and how each source stood before."""

    operation: Operation
    going: Mapping[str, Backup]
    coverage: tuple[Coverage, ...] = ()


def plan_pruning(blueprint: Environment, scope: Scope, now: datetime, price: float = GIB_MONTH) -> Pruning:
    """What becomes of every backup that a document's policies made, in all their regions. Writes nothing."""
    regions = regions_of(blueprint)
    covers = dict(each(lambda name: _covers(blueprint.backups[name], blueprint, scope), blueprint.backups))
    policies = policies_in(blueprint, covers, regions)
    listed = [
        one for _, several in each(lambda r: backups_in(scope, blueprint.name, region=r), regions) for one in several
    ]
    verdicts = judged(listed, policies, now, {})
    if not all(one.keep for one in verdicts):
        verdicts = judged(listed, policies, now, in_use(scope, regions[1:]))
    pruning = planned(blueprint, verdicts, price, scope.calls.summary())
    return replace(pruning, coverage=coverage(blueprint.backups, covers, listed, now, things_of(blueprint)))


def things_of(blueprint: Environment) -> list[str]:
    """The document's instances, databases and caches that keep anything, as parts. Pure."""
    kept = [name for name, cache in blueprint.caches.items() if isinstance(cache, Cache)]
    named: dict[str, Iterable[str]] = {"instance": blueprint.instances, "database": blueprint.databases}
    named["replication-group"] = kept
    return [f"{kind}/{name}" for kind, names in named.items() for name in names]


def in_use(scope: Scope, beside: Collection[str]) -> dict[str, str]:
    """The ids that something uses, over all stores, and what. `beside` are regions that copies may go to."""
    return {id: why for _, used in each(lambda store: store.in_use(scope, beside), STORES) for id, why in used.items()}


def regions_of(blueprint: Environment) -> list[str]:
    """The document's own region, and those of its copies."""
    copies = sorted({copy.region for policy in blueprint.backups.values() for copy in policy.copies})
    return [blueprint.region, *(region for region in copies if region != blueprint.region)]


def policies_in(
    blueprint: Environment, covers: Mapping[str, frozenset[str]], regions: Iterable[str]
) -> dict[tuple[str, str], Policy]:
    """What each policy says of its backups in each region. Pure."""
    return {
        (name, region): Policy(_tiers(policy, region), policy.when.zone, covers[name])
        for name, policy in blueprint.backups.items()
        for region in regions
    }


def _covers(policy: BackupPolicy, blueprint: Environment, scope: Scope) -> frozenset[str]:
    """The series that there will be newer ones of: what the document names, stands or not, and what is selected now."""
    return frozenset({*policy.parts} | {source.series for source in covered_by(policy, blueprint, scope).sources})


def _tiers(policy: BackupPolicy, region: str) -> Tiers:
    return next((copy.keep for copy in policy.copies if copy.region == region and copy.keep), policy.keep)


def judged(
    backups: Iterable[Backup],
    policies: Mapping[tuple[str, str], Policy],
    now: datetime,
    used: Mapping[str, str],
) -> list[Verdict]:
    """Retention's verdicts on all of them, policy by policy. Pure."""
    groups: dict[tuple[str, str], list[Backup]] = {}
    for backup in backups:
        groups.setdefault((backup.policy, backup.region), []).append(backup)
    return [one for key, group in sorted(groups.items()) for one in retain(group, policies.get(key), now, used)]


def planned(blueprint: Environment, verdicts: Iterable[Verdict], price: float, calls: Mapping[str, int]) -> Pruning:
    """The verdicts as deeds. Pure."""
    going: dict[str, Backup] = {}
    held: list[Backup] = []
    deeds = []
    for verdict in verdicts:
        backup = verdict.backup
        what = f"{backup.policy} {backup.series} {backup.label or backup.slot} {backup.id}"
        what += f" in {backup.region}" if backup.region != blueprint.region else ""
        held.append(backup)
        if not verdict.keep:
            going[what] = backup
        action = KEEP if verdict.keep else REMOVE
        deeds.append(Deed(what=what, action=action, because=verdict.because, id=backup.id, gib=backup.gib))
    operation = Operation(
        verb="prune",
        subject=blueprint.name,
        region=blueprint.region,
        deeds=tuple(deeds),
        figures=figures(held, going.values(), price),
        calls=dict(calls),
    )
    return Pruning(operation, going)


# ---------------------------------------------------------------------- removing


def remove(scope: Scope, deed: Deed, backup: Backup) -> Deed:
    """Remove a backup; gone already is fine. One that turns out to be in use is kept, with AWS's reason."""
    store = store_of(backup.id)
    try:
        for call in store.removals(scope, backup):
            scope.go_ahead.check()
            call()
    except ClientError as error:
        if code_of(error) not in store.kept:
            raise
        told = str(error.response["Error"].get("Message", code_of(error)))
        return deed.model_copy(update={"action": KEEP, "because": f"AWS keeps it: {told}"})
    return deed
