"""Watching new instances: who is well, for how long, and when it's certain that one isn't. No clock of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tasks.images.rotating import Group, Health, Member

LOOKS = 3
"""So many looks in a row must find that one which was well is no longer, before that counts."""


@dataclass(frozen=True)
class Reading:
    """What the gates say of one instance: well, not yet, or not; and why."""

    state: Literal["well", "waiting", "unwell"]
    why: str = ""


@dataclass
class Watch:
    """The memory of a run: when it first saw each new instance, and since when all have been well.

    A run that was killed takes it along; the next one begins to count anew, so that its verdict comes later.
    """

    version: int
    within: float
    first_seen: dict[str, float] = field(default_factory=dict)
    was_well: set[str] = field(default_factory=set)
    amiss: dict[str, int] = field(default_factory=dict)
    all_well_since: float | None = None
    gap_since: float | None = None

    def look(self, now: float, group: Group, readings: Mapping[str, Reading]) -> Health:
        """Take in one look at the group. `now` is in seconds, from any beginning."""
        new = [member for member in group.members if member.version == self.version and not member.aside]
        staying = [member for member in new if not member.leaving]
        verdict = self._ended(new) or self._judged(now, staying, readings) or self._not_launched(now, group)
        for member in new:
            self.first_seen.setdefault(member.id, now)
        well = frozenset(id for id, reading in readings.items() if reading.state == "well")
        self.was_well |= {member.id for member in staying if member.id in well}
        if not staying or any(member.id not in well for member in staying):
            self.all_well_since = None
        elif self.all_well_since is None:
            self.all_well_since = now
        held = now - self.all_well_since if self.all_well_since is not None else 0.0
        return Health(well, verdict, held)

    @property
    def launched(self) -> float | None:
        """When it saw the first new instance."""
        return min(self.first_seen.values(), default=None)

    def forgive(self, id: str) -> None:
        """Forget one that ended for a reason that isn't the version's."""
        self.first_seen.pop(id, None)

    def _ended(self, new: list[Member]) -> str:
        """Going forth, nobody ends a new one but AWS or itself."""
        there = {member.id for member in new if not member.leaving}
        for id in self.first_seen:
            if id not in there:
                return f"{id} of version {self.version} has ended by itself, or was found to be ill and taken away"
        return ""

    def _judged(self, now: float, staying: list[Member], readings: Mapping[str, Reading]) -> str:
        for member in staying:
            reading = readings.get(member.id, Reading("waiting", member.state))
            amiss = reading.state != "well"
            self.amiss[member.id] = self.amiss.get(member.id, 0) + 1 if amiss else 0
            if member.id in self.was_well:
                if self.amiss[member.id] >= LOOKS:
                    return f"{member.id} of version {self.version} was well and is no longer: {reading.why}"
            elif amiss and now - self.first_seen.get(member.id, now) > self.within:
                return f"{member.id} of version {self.version} isn't well after {self.within:.0f} s: {reading.why}"
        return ""

    def _not_launched(self, now: float, group: Group) -> str:
        if not group.gap or group.version != str(self.version):
            self.gap_since = None
            return ""
        self.gap_since = now if self.gap_since is None else self.gap_since
        if now - self.gap_since > self.within:
            return f"AWS hasn't launched an instance of version {self.version} after {self.within:.0f} s"
        return ""
