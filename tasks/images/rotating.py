"""What a rotation does next, from what AWS tells of the group. Pure.

New servers are started beside the old ones, and only once they are well do old ones go: at no moment is what serves
less than the capacity that stood. While the first new ones prove themselves, the group itself is pinned to the old
version: what AWS replaces by itself meanwhile is as it was.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from tasks.images.rotation_record import Record

LEAVING = ("Terminating", "Terminated", "Detach")
ASIDE = ("Standby", "EnteringStandby", "Warmed")


@dataclass(frozen=True)
class Member:
    """An instance of the group, as Auto Scaling tells it. `weight` is in the unit of the group's sizes."""

    id: str
    version: int | None
    state: str = "InService"
    healthy: bool = True
    protected: bool = False
    weight: int = 1
    zone: str = ""

    @property
    def leaving(self) -> bool:
        """Whether it's on its way out."""
        return self.state.startswith(LEAVING)

    @property
    def aside(self) -> bool:
        """Whether somebody took it out of service: it counts for nothing, and is left alone."""
        return self.state.startswith(ASIDE)

    @property
    def counts(self) -> bool:
        """Whether it's one of those that the desired capacity counts."""
        return not self.leaving and not self.aside

    @property
    def in_service(self) -> bool:
        """Whether Auto Scaling has it in service."""
        return self.state == "InService"


@dataclass(frozen=True)
class Group:
    """A scaling group as AWS tells it. `version` is what it launches: a number, or `$Default`."""

    name: str
    min: int
    max: int
    desired: int
    version: str
    members: tuple[Member, ...] = ()
    suspended: frozenset[str] = frozenset()

    @property
    def gap(self) -> int:
        """How much AWS still has to launch."""
        return max(0, self.desired - units(member for member in self.members if member.counts))


@dataclass(frozen=True)
class Pace:
    """How much at once, in the unit of the group's sizes, and how long new ones must stay well."""

    canary: int = 1
    batch: int = 1
    settle: float = 0
    replace_protected: bool = False


@dataclass(frozen=True)
class Health:
    """Who is well, why the new version is bad if it is, and for how many seconds all new ones have been well."""

    well: frozenset[str] = frozenset()
    verdict: str = ""
    held: float = 0


@dataclass(frozen=True)
class Suspend:
    """Keep AWS from moving instances by itself meanwhile."""

    processes: tuple[str, ...]


@dataclass(frozen=True)
class Pin:
    """What AWS launches by itself from now on is of this version."""

    version: int


@dataclass(frozen=True)
class Grow:
    """Launch instances of this version until there are so many."""

    version: int
    desired: int
    max: int


@dataclass(frozen=True)
class End:
    """Terminate these; the desired capacity shrinks with them."""

    ids: tuple[str, ...]


@dataclass(frozen=True)
class Turn:
    """The new version is bad: write down why, and go back."""

    because: str


@dataclass(frozen=True)
class Wait:
    """Nothing can be done until something happens by itself."""

    until: str
    on: Literal["launch", "health", "end"]


@dataclass(frozen=True)
class Finish:
    """All is rolled, forth or back: put back what was changed for it."""

    desired: int
    max: int


Move = Suspend | Pin | Grow | End | Turn | Wait | Finish


def units(members: Iterable[Member]) -> int:
    """How much these count together."""
    return sum(member.weight for member in members)


def next_move(group: Group, record: Record, pace: Pace, health: Health) -> Move:
    """The one thing to do now. Whoever carries it out looks again afterwards, and asks again."""
    roll = _Roll(group, record, pace, health)
    move = roll.back() if record.verdict else roll.forth()
    missing = tuple(process for process in record.suspends if process not in group.suspended)
    return Suspend(missing) if missing and isinstance(move, Pin | Grow | End) else move


@dataclass(frozen=True)
class _Roll:
    group: Group
    record: Record
    pace: Pace
    health: Health
    new: tuple[Member, ...] = field(init=False)
    old: tuple[Member, ...] = field(init=False)

    def __post_init__(self) -> None:
        counted = [member for member in self.group.members if member.counts]
        new = tuple(member for member in counted if member.version == self.record.new)
        object.__setattr__(self, "new", new)
        object.__setattr__(self, "old", tuple(member for member in counted if member not in new))

    # ------------------------------------------------------------------ the two ways

    def forth(self) -> Move:
        """To the new version."""
        if because := self.health.verdict or self._canary_gone():
            return Turn(because)
        if self.group.gap:
            return Wait(f"{self.group.gap} to be launched", "launch")
        going = tuple(member for member in self.old if self.pace.replace_protected or not member.protected)
        if going and self.new and not self._proved:
            return self._prove()
        if waiting := [member.id for member in self.new if member.id not in self.health.well]:
            return Wait(f"{', '.join(waiting)} to be well", "health")
        if going:
            return self._replace(going, self.record.new, self.pace.batch if self.new else self.pace.canary)
        return self._shrink(self.new) or self._settle() or self._finish()

    def back(self) -> Move:
        """To the version before. New ones that aren't well go first: they serve nobody."""
        stands = not self.new and not self.group.gap and self.group.desired == self._base
        if self.group.version != str(self.record.old) and not (stands and self.group.version == "$Default"):
            return Pin(self.record.old)
        if self.new:
            if ending := self._removable(self.new):
                return End(ending)
            if self.group.gap:
                return Wait(f"{self.group.gap} to be launched", "launch")
            if waiting := [member.id for member in self.old if not self._serves(member)]:
                return Wait(f"{', '.join(waiting)} to be well", "health")
            return self._replace(self.new, self.record.old, self.pace.batch)
        if self.group.gap:
            return Wait(f"{self.group.gap} to be launched", "launch")
        if shrink := self._shrink(self.old):
            return shrink
        if waiting := [member.id for member in self.old if not self._serves(member)]:
            return Wait(f"{', '.join(waiting)} to be well", "health")
        return self._gone() or self._finish()

    # ------------------------------------------------------------------ what they have in common

    @property
    def _base(self) -> int:
        """What must serve at each moment: the capacity that stood, unless somebody moved the bounds since."""
        return min(max(self.record.desired, self.group.min), max(self.group.max, self.group.min))

    @property
    def _proved(self) -> bool:
        """Whether the first new ones have shown that the version is good."""
        well = all(member.id in self.health.well for member in self.new)
        return units(self.new) > self.pace.canary or (well and self.health.held >= self.pace.settle)

    def _canary_gone(self) -> str:
        """Grown, pinned back to the old version and none of the new: it was there, and has gone."""
        grown = self.group.desired > self._base and not self.group.gap
        only_old = all(member.version == self.record.old for member in self.old)
        if grown and only_old and not self.new and self.group.version == str(self.record.old):
            return f"the first instance of version {self.record.new} has ended by itself"
        return ""

    def _prove(self) -> Move:
        if self.group.version != str(self.record.old):
            return Pin(self.record.old)
        waiting = [member.id for member in self.new if member.id not in self.health.well]
        first = ", ".join(waiting or [member.id for member in self.new])
        return Wait(f"{first} to be well" if waiting else f"{first} to stay well", "health")

    def _replace(self, going: tuple[Member, ...], version: int, batch: int) -> Move:
        """End those that can be spared; where none can, start others beside them."""
        if ending := self._removable(going):
            return End(ending)
        room = max(min(batch, units(going)), min(member.weight for member in going))
        if self.group.desired >= self._base + room:
            return Wait(f"{going[0].id} to be spared", "health")
        desired = self._base + room
        return Grow(version, desired, max(self.group.max, desired))

    def _removable(self, going: tuple[Member, ...]) -> tuple[str, ...]:
        """Those of them that can end now, so that neither what is in service nor what serves gets less than it must.

        Those that serve nobody first, then those of the zone that has most.
        """
        counted = [*self.old, *self.new]
        spare = self.group.desired - self._base
        in_service = units(member for member in counted if member.in_service) - self._base
        serving = units(member for member in counted if self._serves(member)) - self._base
        crowd = Counter(member.zone for member in counted)
        ending: list[str] = []
        for member in sorted(going, key=lambda one: (self._serves(one), one.in_service, -crowd[one.zone], one.id)):
            costs = (member.in_service and in_service < member.weight) or (
                self._serves(member) and serving < member.weight
            )
            if costs or spare < member.weight:
                continue
            ending.append(member.id)
            spare -= member.weight
            in_service -= member.weight if member.in_service else 0
            serving -= member.weight if self._serves(member) else 0
        return tuple(ending)

    def _serves(self, member: Member) -> bool:
        return member.in_service and member.healthy and member.id in self.health.well

    def _shrink(self, members: tuple[Member, ...]) -> Move | None:
        """What was launched beside others that then went by themselves is one too many."""
        ending = self._removable(members)
        return End(ending) if ending else None

    def _gone(self) -> Move | None:
        leaving = [member.id for member in self.group.members if member.leaving]
        return Wait(f"{', '.join(leaving)} to end", "end") if leaving else None

    def _settle(self) -> Move | None:
        if gone := self._gone():
            return gone
        soaking = self.new and self.health.held < self.pace.settle
        return Wait("all of them to stay well", "health") if soaking else None

    def _finish(self) -> Move:
        """The desired capacity is what stood; the maximum is put back unless somebody lowered it."""
        return Finish(self._base, min(self.group.max, max(self.record.max, self._base)))
