"""What backups cost at most: GiB of the volumes they are of, and the price of so many for a month."""

from collections.abc import Iterable, Mapping

from tasks.backups.record import Backup

GIB_MONTH = 0.05
"""US dollars for a GiB-month of EBS snapshots, standard tier, in us-east-1: https://aws.amazon.com/ebs/pricing/"""


def gib_of(backups: Iterable[Backup]) -> int:
    """GiB of the volumes; a snapshot that two backups share counts once. Snapshots are incremental: they hold less."""
    sizes = {piece.id: piece.gib for backup in backups for piece in backup.pieces}
    return sum(sizes.values())


def figures(held: Iterable[Backup], freed: Iterable[Backup], price: float = GIB_MONTH) -> dict[str, float | int | str]:
    """What is held now, and what a pruning frees, in GiB and in dollars a month at this price for a GiB-month."""
    gib: Mapping[str, int] = {"held": gib_of(held), "freed": gib_of(freed)}
    told: dict[str, float | int | str] = {f"gib_{what}": number for what, number in gib.items()}
    told |= {f"usd_a_month_{what}_at_most": round(number * price, 2) for what, number in gib.items()}
    return told | {"usd_for_a_gib_month": price}
