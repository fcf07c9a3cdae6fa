"""The plan of copies of a document's backups: what its policies ask for, against what stands in all their regions."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from blueprints.environment import Environment
from tasks.backups.copying import Copies, There, copies_of, homes_of
from tasks.backups.planning import chosen
from tasks.backups.store import Asked
from tasks.backups.stores import STORES
from tasks.each import each
from tasks.operation import KEEP, Deed, Operation
from tasks.scope import Scope


def plan_copies(
    blueprint: Environment, scope: Scope, now: datetime, only: Iterable[str] = ()
) -> tuple[Operation, Copies]:
    """What there is to copy and to share, of all policies that ask for copies, or `only` of these. Writes nothing."""
    policies = {name: one for name, one in chosen(blueprint, only, None).items() if one.copies}
    _ = scope.account
    regions = {name: {blueprint.region, *(home.region for home in homes_of(one))} for name, one in policies.items()}
    asked = [(name, region) for name, several in regions.items() for region in sorted(several)]
    standing = dict(each(lambda one: standing_in(scope, one[1], blueprint.name, one[0]), asked))
    total = Copies(deeds=[deed for name in policies for deed in _staying(scope, blueprint.name, name)])
    for name, policy in policies.items():
        there = {region: standing[name, region] for region in regions[name]}
        here = there[blueprint.region]
        copies = copies_of(policy, f"backups.{name}", here, there, blueprint.region, now)
        total.deeds += copies.deeds
        total.wanted |= copies.wanted
    figures: dict[str, float | int | str] = {"gib_to_copy": _gib(total)}
    return Operation(
        verb="copy",
        subject=blueprint.name,
        region=blueprint.region,
        deeds=tuple(total.deeds),
        figures=figures,
        calls=scope.calls.summary(),
    ), total


def _staying(scope: Scope, environment: str, policy: str) -> Iterator[Deed]:
    """What AWS doesn't copy, told as what it is: backups that a policy has made before it asked for copies."""
    for store in STORES:
        if store.carrier is None:
            for one in store.listed(scope, Asked(environment, policy), scope.region):
                because = f"it stays here: AWS neither copies nor shares a {store.noun}'s snapshots"
                yield Deed(what=f"{one.series} {one.slot}", action=KEEP, because=because, id=one.id, gib=one.gib)


def _gib(copies: Copies) -> int:
    """GiB of the volumes whose data is still to be sent; EBS bills what they hold, which is less."""
    return sum(deed.gib or 0 for deed in copies.deeds if deed.action == "copy")


def standing_in(scope: Scope, region: str, environment: str, policy: str) -> There:
    """A policy's backups in one region, over all stores that copy, with what there is to know for copies."""
    carriers = [store.carrier for store in STORES if store.carrier]
    told = [one for _, one in each(lambda carrier: carrier.there(scope, region, environment, policy), carriers)]
    shared = {id: accounts for one in told for id, accounts in one.shared.items()}
    return There(
        sorted((backup for one in told for backup in one.backups), key=lambda one: (one.moment, one.taken, one.id)),
        shared,
        frozenset(id for one in told for id in one.encrypted),
    )
