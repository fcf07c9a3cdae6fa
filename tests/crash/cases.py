"""One disturbed life of an environment: raised and struck, with something going wrong, and what is wrong at the end."""

import random
import time
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

from blueprints.environment import Environment
from blueprints.reading import load
from tasks.reading import plan_of, resources, scope_of
from tests.crash.listing import Thing, listing
from tests.crash.stage import Ended, Stage

Mode = Literal["kill-before", "kill-after", "lose", "race"]
Direction = Literal["up", "down", "both"]
Wrong = Literal["doubled", "left", "lost"]


@dataclass(frozen=True)
class Case:
    """A blueprint, what goes wrong, and at which write; for a race, by how many hundredths of a second one is late."""

    blueprint: str
    mode: Mode
    k: int
    direction: Direction = "both"

    @property
    def again(self) -> str:
        """How to see it again."""
        which = f"--mode {self.mode.partition('-')[0]} --only {self.k} --direction {self.direction}"
        return f"python -m tests.crash --blueprint {self.blueprint} {which}"


@dataclass
class Result:
    """How often something went wrong as ordered, and what was found wrong at the end."""

    case: Case
    struck: int = 0
    wrong: list[tuple[Wrong, str]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, wrong: Wrong, what: str) -> None:
        self.wrong.append((wrong, what))


@dataclass(frozen=True)
class Undisturbed:
    """What an account holds when empty and when all stands, and how many writes each direction takes."""

    empty: "Counter[Thing]"
    whole: "Counter[Thing]"
    up: int
    down: int


class Life:
    """One case on a stage."""

    def __init__(self, case: Case, stage: Stage, reference: Undisturbed | None = None) -> None:
        self.case, self.stage, self.reference = case, stage, reference
        self.result = Result(case)
        self.raising = ("up", case.blueprint, "--yes")
        self.striking = ("down", self.environment.name, "--region", self.environment.region, "--yes")

    @cached_property
    def environment(self) -> Environment:
        return load(Path(self.case.blueprint))

    def undisturbed(self) -> Undisturbed:
        """Raise and strike it with nothing going wrong."""
        self.stage.reset()
        empty = listing(self.stage)
        self._must(self.stage.castra(*self.raising))
        up, whole = self.stage.writes(), listing(self.stage)
        self._must(self.stage.castra(*self.striking))
        assert listing(self.stage) == empty, sorted(listing(self.stage) - empty)
        return Undisturbed(empty, whole, up, self.stage.writes() - up)

    def live(self) -> Result:
        """Raise it and strike it, the one or the other or both disturbed."""
        assert self.reference is not None
        started = time.monotonic()
        self.stage.reset()
        self._go(self.raising, self.case.direction != "down" and self._reachable(self.reference.up))
        self._standing(self.reference.whole)
        self._go(self.striking, self.case.direction != "up" and self._reachable(self.reference.down))
        self._nothing(self.reference.empty)
        self.result.seconds = time.monotonic() - started
        return self.result

    # ------------------------------------------------------------------ what goes wrong

    def _reachable(self, writes: int) -> bool:
        return self.case.mode == "race" or self.case.k <= writes

    def _go(self, words: tuple[str, ...], disturbed: bool) -> None:
        """Run it; disturbed, and then once more if need be."""
        if not disturbed:
            self._last(words, self.stage.castra(*words))
            return
        if not self._disturbed(words):
            self.stage.let_the_lease_expire()
            self._last(words, self.stage.castra(*words))

    def _disturbed(self, words: tuple[str, ...]) -> bool:
        """Whether no second run is needed."""
        if self.case.mode == "race":
            return self._race(words)
        running = self.stage.start(*words)
        if self.case.mode == "lose":
            self.stage.rule("lose-answer", self.case.k)
        else:
            self.stage.rule(f"kill:{running.pid}", self.case.k, self.case.mode.removeprefix("kill-"))
        running.go()
        ended = running.end()
        struck = self.stage.struck()
        self.result.struck += struck
        killed = struck and self.case.mode != "lose"
        if (killed and ended.code != -9) or (not killed and not ended.clearly):
            self.result.add("lost", f"the first `castra {words[0]}` ended with {ended.code}: {ended.output[-2000:]}")
        return ended.code == 0

    def _race(self, words: tuple[str, ...]) -> bool:
        """Two at once; each that was refused or failed is run once more, one after the other."""
        self.result.struck += 1
        first, second = self.stage.start(*words), self.stage.start(*words)
        first.go()
        time.sleep(self.case.k / 100)
        second.go()
        both = (first.end(), second.end())
        for ended in both:
            if not ended.clearly:
                told = f"ended with {ended.code}: {ended.output[-2000:]}"
                self.result.add("lost", f"one of two `castra {words[0]}` {told}")
            if ended.code != 0:
                self._last(words, self.stage.castra(*words))
        return True

    # ------------------------------------------------------------------ what must be so

    def _last(self, words: tuple[str, ...], ended: Ended) -> None:
        if ended.code != 0:
            self.result.add("lost", f"the last `castra {words[0]}` ended with {ended.code}: {ended.output[-2000:]}")

    @staticmethod
    def _must(ended: Ended) -> None:
        if ended.code != 0:
            raise SystemExit(f"undisturbed, it ended with {ended.code}: {ended.output}")

    def _standing(self, whole: "Counter[Thing]") -> None:
        """Exactly what stands after an undisturbed run, by plain clients' eyes and by Castra's."""
        self._compare(whole)
        self._survey()

    def _compare(self, whole: "Counter[Thing]") -> None:
        now = listing(self.stage)
        names = Counter(thing[:2] for thing in now.elements()) - Counter(thing[:2] for thing in whole.elements())
        for (what, name), number in sorted(names.items()):
            self.result.add("doubled", f"{what} {name}: {number} more than there should be")
        for what, name, state in sorted(whole - now):
            others = [other for other in (now - whole) if other[:2] == (what, name)]
            self.result.add("lost", f"{what} {name}: {difference(state, others[0][2] if others else 'missing')}")

    def _survey(self) -> None:
        scope = scope_of(self.environment)
        plan = plan_of(self.environment, scope)
        if not plan.settled:
            told = ", ".join(f"{step.action} {step.part}" for step in plan.changes) or "something isn't ready"
            self.result.add("lost", f"the plan isn't settled: {told}")
        standing = sorted((one.part, one.phase) for one in resources(scope))
        if standing != sorted((part.key, "standing") for part in self.environment.parts()):
            self.result.add("lost", f"the survey tells {standing}")

    def _nothing(self, empty: "Counter[Thing]") -> None:
        """Nothing is left, by plain clients' eyes and by Castra's."""
        self._left(empty)
        for one in resources(scope_of(self.environment)):
            self.result.add("left", f"{one.part} {one.id} ({one.phase})")

    def _left(self, empty: "Counter[Thing]") -> None:
        for what, name, _ in sorted(listing(self.stage) - empty):
            self.result.add("left", f"{what} {name}")


def difference(wanted: str, found: str) -> str:
    """Two long texts from where they part."""
    at = next((at for at, (one, other) in enumerate(zip(wanted, found, strict=False)) if one != other), 0)
    start = max(0, at - 60)
    return f"should be …{wanted[start : at + 100]}… but is …{found[start : at + 100]}…"


def cases(
    blueprint: str, reference: Undisturbed, modes: list[Mode], direction: Direction, every: int, seed: int
) -> list[Case]:
    """Every write of a life (or each `every`-th, from one that the seed chooses), in each mode."""
    longest = {"up": reference.up, "down": reference.down, "both": max(reference.up, reference.down)}[direction]
    first = random.Random(seed).randint(1, min(every, longest)) if every > 1 else 1
    moments = range(first, longest + 1, every)
    late = range(0, 200, 20 * every) if "race" in modes else ()
    chosen = [Case(blueprint, mode, k, direction) for k in moments for mode in modes if mode != "race"]
    return chosen + [Case(blueprint, "race", k, direction) for k in late]
