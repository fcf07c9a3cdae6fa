"""A carrier: what copies of one store's backups need of AWS."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from tasks.backups.copying import There, Wanted
from tasks.backups.record import COPY_OF, DEVICE, SET, tags_of
from tasks.scope import CREATED, Scope

SHARED = "castra:shared"  # the accounts that a backup is shared with: that has no bulk read

Copied = tuple[str, str, str]
"""Id, origin and state of a copy; the state is `complete`, `pending` or `failed`."""


class Carrier(Protocol):
    """How things of one store are copied and shared. `taken_names` are AWS's words for a name that another one has."""

    taken_names: frozenset[str]

    def there(self, scope: Scope, region: str, environment: str, policy: str) -> There:
        """A policy's backups in one region, with what there is to know for copies."""

    def send(self, scope: Scope, wanted: Wanted) -> str:
        """Copy one thing, in one call that isn't repeated where it could make a second one; gives the copy's id."""

    def copies(self, scope: Scope, wanted: Wanted) -> Iterable[Copied]:
        """What is a copy of the same thing."""

    def clear(self, scope: Scope, wanted: Wanted, id: str) -> None:
        """Remove a copy that has failed."""

    def under_way(self, scope: Scope, wanted: Wanted) -> frozenset[str]:
        """The ids of all of its kind that are being copied there, by one listing for all that wait."""

    def state(self, scope: Scope, wanted: Wanted, id: str) -> tuple[str, str]:
        """The state of a copy, and what AWS says of it."""

    def share(self, scope: Scope, wanted: Wanted, id: str) -> None:
        """Share it with its home's accounts, and note that. Sharing twice is sharing once."""


def copy_tags(wanted: Wanted, now: datetime) -> dict[str, str]:
    """A copy's tags: the backup's own, with how long this one is kept, and what it is a copy of. Pure."""
    backup, piece = wanted.backup, wanted.piece
    tags = tags_of(
        backup.environment, backup.policy, backup.source, backup.part, backup.slot, backup.how, backup.expected,
        wanted.home.tiers, backup.zone,
    )  # fmt: skip
    if piece and backup.id != piece.id:
        tags[SET] = backup.id
    if piece and piece.device:
        tags[DEVICE] = piece.device
    return tags | backup.machine_tags | {COPY_OF: wanted.place, CREATED: f"{now:%Y-%m-%dT%H:%M:%SZ}"}
