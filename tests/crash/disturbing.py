"""A run of `castra` with something going wrong, and what is wrong afterwards."""

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Literal

from tests.crash.listing import Thing, listing
from tests.crash.stage import Ended, Stage

Mode = Literal["kill-before", "kill-after", "lose", "race"]
Direction = Literal["up", "down", "both"]
Wrong = Literal["doubled", "left", "lost"]


@dataclass(frozen=True)
class Case:
    """A blueprint's life or an operation, what goes wrong, and at which write; for a race, by how many hundredths of a
    second one is late.
    """

    subject: str
    mode: Mode
    k: int
    direction: Direction = "both"
    operation: bool = False

    @property
    def again(self) -> str:
        """How to see it again."""
        what = "operation" if self.operation else "blueprint"
        which = f"--mode {self.mode.partition('-')[0]} --only {self.k} --direction {self.direction}"
        return f"python -m tests.crash --{what} {self.subject} {which}"


@dataclass
class Result:
    """How often something went wrong as ordered, and what was found wrong at the end."""

    case: Case
    struck: int = 0
    wrong: list[tuple[Wrong, str]] = field(default_factory=list)
    seconds: float = 0.0

    def add(self, wrong: Wrong, what: str) -> None:
        self.wrong.append((wrong, what))


class Disturbed:
    """One case on a stage."""

    codes = frozenset({0})
    """The exit codes of a run that ended as it should."""

    def __init__(self, case: Case, stage: Stage) -> None:
        self.case, self.stage = case, stage
        self.result = Result(case)

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
        return ended.code in self.codes and not killed

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
            if ended.code not in self.codes:
                self._last(words, self.stage.castra(*words))
        return True

    # ------------------------------------------------------------------ what must be so

    def _last(self, words: tuple[str, ...], ended: Ended) -> None:
        if ended.code not in self.codes:
            self.result.add("lost", f"the last `castra {words[0]}` ended with {ended.code}: {ended.output[-2000:]}")

    def _must(self, ended: Ended) -> None:
        if ended.code not in self.codes:
            raise SystemExit(f"undisturbed, it ended with {ended.code}: {ended.output}")

    def _compare(self, whole: "Counter[Thing]") -> None:
        now = listing(self.stage)
        names = Counter(thing[:2] for thing in now.elements()) - Counter(thing[:2] for thing in whole.elements())
        for (what, name), number in sorted(names.items()):
            self.result.add("doubled", f"{what} {name}: {number} more than there should be")
        for what, name, state in sorted(whole - now):
            others = [other for other in (now - whole) if other[:2] == (what, name)]
            self.result.add("lost", f"{what} {name}: {difference(state, others[0][2] if others else 'missing')}")

    def _left(self, empty: "Counter[Thing]") -> None:
        for what, name, _ in sorted(listing(self.stage) - empty):
            self.result.add("left", f"{what} {name}")


def difference(wanted: str, found: str) -> str:
    """Two long texts from where they part."""
    at = next((at for at, (one, other) in enumerate(zip(wanted, found, strict=False)) if one != other), 0)
    start = max(0, at - 60)
    return f"should be …{wanted[start : at + 100]}… but is …{found[start : at + 100]}…"
