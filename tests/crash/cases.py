"""One disturbed life of an environment: raised and struck, with something going wrong, and what is wrong at the end."""

import random
import time
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from blueprints.environment import Environment
from blueprints.reading import load
from tasks.reading import plan_of, resources, scope_of
from tasks.scope import KEPT
from tests.crash.disturbing import Case, Direction, Disturbed, Mode, Result
from tests.crash.listing import Thing, listing
from tests.crash.stage import Stage


@dataclass(frozen=True)
class Undisturbed:
    """What an account holds when all stands and once it's struck, and how many writes each direction takes."""

    whole: "Counter[Thing]"
    struck: "Counter[Thing]"
    up: int
    down: int

    def __str__(self) -> str:
        return f"{self.up} writes up, {self.down} down, {self.whole.total()} things"


class Life(Disturbed):
    """An environment's life on a stage."""

    def __init__(self, case: Case, stage: Stage, reference: Undisturbed | None = None) -> None:
        super().__init__(case, stage)
        self.reference = reference
        self.raising = ("up", case.subject, "--yes")
        self.striking = ("down", self.environment.name, "--region", self.environment.region, "--yes")

    @cached_property
    def environment(self) -> Environment:
        return load(Path(self.case.subject))

    def undisturbed(self) -> Undisturbed:
        """Raise and strike it with nothing going wrong."""
        self.stage.reset()
        empty = listing(self.stage)
        self._must(self.stage.castra(*self.raising))
        up, whole = self.stage.writes(), listing(self.stage)
        self._must(self.stage.castra(*self.striking))
        struck = listing(self.stage)
        assert not empty - struck
        assert all(KEPT in state for _, _, state in struck - empty), sorted(struck - empty)
        return Undisturbed(whole, struck, up, self.stage.writes() - up)

    def live(self) -> Result:
        """Raise it and strike it, the one or the other or both disturbed."""
        assert self.reference is not None
        started = time.monotonic()
        self.stage.reset()
        self._go(self.raising, self.case.direction != "down" and self._reachable(self.reference.up))
        self._standing(self.reference.whole)
        self._go(self.striking, self.case.direction != "up" and self._reachable(self.reference.down))
        self._struck(self.reference.struck)
        self.result.seconds = time.monotonic() - started
        return self.result

    # ------------------------------------------------------------------ what must be so

    def _standing(self, whole: "Counter[Thing]") -> None:
        """Exactly what stands after an undisturbed run, by plain clients' eyes and by Castra's."""
        self._compare(whole)
        self._survey()

    def _survey(self) -> None:
        scope = scope_of(self.environment)
        plan = plan_of(self.environment, scope)
        if not plan.settled:
            told = ", ".join(f"{step.action} {step.part}" for step in plan.changes) or "something isn't ready"
            self.result.add("lost", f"the plan isn't settled: {told}")
        standing = sorted((one.part, one.phase) for one in resources(scope))
        if standing != sorted((part.key, "standing") for part in self.environment.parts()):
            self.result.add("lost", f"the survey tells {standing}")

    def _struck(self, struck: "Counter[Thing]") -> None:
        """Nothing is left but what is to be kept, by plain clients' eyes and by Castra's."""
        self._left(struck)
        for what, name, _ in sorted(struck - listing(self.stage)):
            self.result.add("lost", f"{what} {name}, which was to be kept")
        for one in resources(scope_of(self.environment)):
            self.result.add("left", f"{one.part} {one.id} ({one.phase})")


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
