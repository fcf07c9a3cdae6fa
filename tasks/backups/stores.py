"""The stores that there are, a line each."""

from tasks.backups.caches import Caches
from tasks.backups.databases import Databases
from tasks.backups.disks import Disks
from tasks.backups.store import Store

DISKS: Store = Disks()
STORES: tuple[Store, ...] = (DISKS, Databases(), Caches())


def store_of(id: str) -> Store:
    """The store that a source or a backup is of."""
    return next((store for store in STORES if store.holds(id)), DISKS)
