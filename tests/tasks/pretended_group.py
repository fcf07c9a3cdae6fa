"""A scaling group that exists in memory only: it launches, boots, fails and ends by the tick, as random draws say."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from tasks.images.rotating import End, Finish, Group, Grow, Member, Move, Pace, Pin, Suspend, Turn, next_move
from tasks.images.rotation_record import Record
from tasks.images.watching import Reading, Watch

OLD, NEW = 3, 4


@dataclass(frozen=True)
class Fate:
    """What becomes of an instance: ticks until it's in service, until it's well, until it fails, and until it ends."""

    in_service: int = 1
    well: int = 2
    unwell: int | None = None
    ends: int | None = None
    never: bool = False


@dataclass
class Instance:
    id: str
    version: int
    fate: Fate
    zone: str
    age: int = 0
    leaving: int | None = None

    @property
    def in_service(self) -> bool:
        return self.leaving is None and self.age >= self.fate.in_service

    @property
    def well(self) -> bool:
        late = self.fate.unwell is not None and self.age >= self.fate.unwell
        return self.in_service and self.age >= self.fate.well and not late and not self.fate.never


@dataclass
class Pretended:
    """The group, the rotation of it, and what ticks by. `fate` draws what becomes of an instance of a version."""

    min: int
    max: int
    desired: int
    fate: Callable[[int], Fate]
    pace: Pace
    draw: random.Random
    within: int = 12
    grace: int = 30
    restarts: float = 0.0
    deaths: float = 0.0
    version: str = str(OLD)
    default: int = OLD
    suspended: frozenset[str] = frozenset()
    instances: list[Instance] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    lowest: int = 10_000
    launched: int = 0
    done: bool = False
    time: int = 0

    def __post_init__(self) -> None:
        self.stood = self.desired
        self.record = Record(OLD, NEW, self.desired, self.max, suspends=("AZRebalance",))
        for _ in range(self.desired):
            self.launch(OLD, age=100)
        self.watch = Watch(NEW, self.within)

    def launch(self, version: int, age: int = 0) -> None:
        self.launched += 1
        fate = Fate(0, 0) if age else self.fate(version)
        self.instances.append(Instance(f"i-{self.launched}", version, fate, "abc"[self.launched % 3], age))

    # ------------------------------------------------------------------ what AWS does

    def tick(self) -> None:
        self.time += 1
        for one in list(self.instances):
            one.age += 1
            if one.leaving is not None:
                one.leaving -= 1
                if one.leaving <= 0:
                    self.instances.remove(one)
            elif one.fate.ends is not None and one.age >= one.fate.ends:
                self.instances.remove(one)
            elif one.in_service and not one.well and one.age > self.grace:
                one.leaving = 2  # AWS's own health check
            elif one.version == OLD and self.draw.random() < self.deaths:
                self.instances.remove(one)
        staying = [one for one in self.instances if one.leaving is None]
        if len(staying) < self.desired and self.draw.random() < 0.7:
            self.launch(OLD if self.version == "$Default" else int(self.version))
        self.lowest = min(self.lowest, self.serving)

    @property
    def serving(self) -> int:
        return sum(one.well for one in self.instances)

    # ------------------------------------------------------------------ what the rotation does

    def seen(self) -> Group:
        members = tuple(
            Member(
                one.id,
                one.version,
                "Terminating" if one.leaving is not None else "InService" if one.in_service else "Pending",
                zone=one.zone,
            )
            for one in self.instances
        )
        return Group("g", self.min, self.max, self.desired, self.version, members, self.suspended)

    def turn(self) -> None:
        """One look and one move; sometimes it's another run that takes it, which remembers nothing."""
        if self.draw.random() < self.restarts:
            self.watch = Watch(NEW, self.within)
        group = self.seen()
        readings = {one.id: Reading("well" if one.well else "waiting", "?") for one in self.instances if one.in_service}
        move = next_move(group, self.record, self.pace, self.watch.look(self.time, group, readings))
        self.moves.append(move)
        self.carry_out(move)

    def carry_out(self, move: Move) -> None:
        match move:
            case Suspend(processes):
                self.suspended |= set(processes)
            case Pin(version):
                self.version = str(version)
            case Grow(version, desired, most):
                assert desired <= most
                self.version, self.desired, self.max = str(version), desired, most
            case End(ids):
                self.end(ids)
            case Turn(because):
                self.record = self.record.judged(because)
            case Finish(desired, most):
                self.version, self.desired, self.max, self.done = "$Default", desired, most, True
                self.default = OLD if self.record.verdict else NEW
            case _:
                pass

    def end(self, ids: tuple[str, ...]) -> None:
        before = self.serving
        for one in self.instances:
            if one.id in ids:
                assert one.leaving is None
                one.leaving, self.desired = 3, self.desired - 1
        assert self.desired >= self.min
        assert self.serving >= min(before, self.stood), "what serves must not get less than it must be by our doing"

    def run(self, ticks: int = 2000) -> None:
        for _ in range(ticks):
            for _ in range(4):
                if not self.done:
                    self.turn()
            if self.done:
                return
            self.tick()
        raise AssertionError(f"not done after {ticks} ticks: {self.moves[-3:]}, {self.seen()}")
