"""The listing of all backups that there are, over all stores."""

from collections.abc import Collection, Iterable

from tasks.backups.record import Backup
from tasks.backups.store import Asked, Store
from tasks.backups.stores import STORES
from tasks.each import each
from tasks.scope import Scope


def backups_in(
    scope: Scope,
    environment: str | None = None,
    policy: str | None = None,
    *,
    region: str = "",
    slots: Collection[str] = (),
    sources: Collection[str] = (),
    stores: Iterable[Store] = STORES,
) -> list[Backup]:
    """All backups of the account in a region, the oldest first: four listings, however many there are.

    Beside, a call for each snapshot of a cache: ElastiCache tells tags of one at a time only. Of an `environment`, of
    one `policy` of it, of some `slots`, of some `sources`, and of some `stores`, where given.
    """
    asked = Asked(environment, policy, slots, sources)
    found = [one for _, listed in each(lambda store: store.listed(scope, asked, region), stores) for one in listed]
    return sorted(found, key=lambda backup: (backup.moment, backup.taken, backup.id))
