"""What backups cost at most: GiB of what they are of, and the price of so many for a month."""

from collections.abc import Iterable, Mapping

from tasks.backups.disks import GIB_MONTH
from tasks.backups.record import Backup
from tasks.backups.stores import DISKS, store_of


def gib_of(backups: Iterable[Backup]) -> int:
    """GiB of the volumes; a snapshot that two backups share counts once. Snapshots are incremental: they hold less."""
    return sum(_sizes(backups).values())


def figures(held: Iterable[Backup], freed: Iterable[Backup], price: float = GIB_MONTH) -> dict[str, float | int | str]:
    """What is held now, and what a pruning frees, in GiB and in dollars a month.

    `price` is that of a GiB-month of EBS snapshots; other stores have their own list price, told where there's any.
    """
    sizes = {"held": _sizes(held), "freed": _sizes(freed)}
    told: dict[str, float | int | str] = {f"gib_{what}": sum(gib.values()) for what, gib in sizes.items()}
    for what, gib in sizes.items():
        dollars = sum(number * _price(id, price) for id, number in gib.items())
        told[f"usd_a_month_{what}_at_most"] = round(dollars, 2)
    others = {store.noun: store.gib_month for store in map(store_of, sizes["held"]) if store is not DISKS}
    told["usd_for_a_gib_month"] = price
    return told | {f"usd_for_a_gib_month_of_a_{noun}": other for noun, other in others.items()}


def _sizes(backups: Iterable[Backup]) -> Mapping[str, int]:
    return {piece.id: piece.gib for backup in backups for piece in backup.pieces}


def _price(id: str, of_disks: float) -> float:
    store = store_of(id)
    return of_disks if store is DISKS else store.gib_month
