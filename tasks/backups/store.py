"""A store: what backups of one kind of thing need of AWS. Policies, retention and proofs know no more than this.

docs/decisions/0025-stores-of-backups.md says why.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from blueprints.backups import BackupPolicy
from blueprints.environment import Environment
from blueprints.part import Part
from tasks.backups.carrier import Carrier
from tasks.backups.policy import Taking
from tasks.backups.proving import Proof
from tasks.backups.record import Backup, Piece
from tasks.backups.restoring import Wish
from tasks.backups.sources import Covered
from tasks.scope import Scope


@dataclass(frozen=True)
class Asked:
    """Which backups are asked for: of an environment, of one policy of it, of some slots and sources; else of any."""

    environment: str | None = None
    policy: str | None = None
    slots: Collection[str] = ()
    sources: Collection[str] = ()

    def wants(self, backup: Backup) -> bool:
        """Whether a backup is one of these. Pure."""
        return (
            (self.environment is None or backup.environment == self.environment)
            and (self.policy is None or backup.policy == self.policy)
            and (not self.slots or backup.slot in self.slots)
            and (not self.sources or backup.source in self.sources)
        )


@dataclass(frozen=True)
class Made:
    """What a call has made, or what was found of it."""

    id: str
    pieces: tuple[Piece, ...] = ()


class Store(Protocol):
    """One kind of thing that is backed up, and where its backups are.

    `noun` is what such a thing is called; `gib_month` is what a GiB of backups costs at most, in US dollars a month, by
    the list price of us-east-1. `taken_names` are AWS's words for a name that another one has, `kept` those for what it
    won't remove, as something uses it. `carrier` copies them and shares them; None where AWS does neither.
    """

    noun: str
    gib_month: float
    taken_names: frozenset[str]
    kept: frozenset[str]
    carrier: Carrier | None

    def holds(self, id: str) -> bool:
        """Whether an id, of a source or of a backup, is of this store."""

    def listed(self, scope: Scope, asked: Asked, region: str) -> list[Backup]:
        """All backups of the account in a region that are asked for, in bulk."""

    def covered(self, policy: BackupPolicy, environment: Environment, scope: Scope) -> Covered:
        """What stands of all that a policy names or selects. Writes nothing; a few calls, however much there is."""

    def make(self, scope: Scope, taking: Taking) -> Made:
        """One backup, tagged from birth, in one call that isn't repeated where it could make a second one."""

    def removals(self, scope: Scope, backup: Backup) -> Iterator[Callable[[], Any]]:
        """The calls that remove a backup, in their order; gone already is fine."""

    def in_use(self, scope: Scope, beside: Collection[str]) -> Mapping[str, str]:
        """The ids of what something uses, and what. `beside` are regions that copies may go to."""

    def parts(self, scope: Scope, backup: Backup, wish: Wish) -> tuple[Part, ...]:
        """What a backup is restored as. Raises Invalid where something isn't known that AWS must be told."""

    def proof_parts(self, scope: Scope, proof: Proof) -> tuple[Part, ...]:
        """What a backup is proven by: parts of an environment that expires, in a network that nothing else is in."""

    def check(self, scope: Scope, proof: Proof, ids: Mapping[str, str]) -> str:
        """What a restored backup has shown, in words; `ids` are its parts'. Raises CastraError for what it hasn't."""

    def note(self, scope: Scope, backup: Backup, tags: Mapping[str, str]) -> None:
        """Write tags on a backup and all its snapshots, unless it was removed meanwhile."""
