"""Raise, change, raise and strike under the profile `storm`; what fails in words is run again."""

import random
import re
import time
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from blueprints.environment import Environment
from blueprints.reading import load
from tasks.reading import plan_of, resources, scope_of
from tests.crash.disturbing import Wrong
from tests.crash.listing import listing
from tests.crash.stage import stage
from tests.flows.world import web_document, written

AGAIN = 3  # how often a step that ended in a clear error is run again
LOST_TIME = re.compile(r"Tried again (once|\d+ times) for (.+), ([\d.]+) s in all")
Document = dict[str, Any]


@dataclass
class Result:
    """What was found wrong, how often something was run again, and by what errors seconds were lost."""

    seed: int
    wrong: list[tuple[Wrong, str]] = field(default_factory=list)
    again: int = 0
    lost: "Counter[str]" = field(default_factory=Counter)
    seconds: float = 0.0

    def add(self, wrong: Wrong, what: str) -> None:
        self.wrong.append((wrong, what))


def live(seed: int) -> Result:
    """One life; the seed decides the weather and the changes."""
    started = time.monotonic()
    life = Life(seed)
    life.live()
    life.result.seconds = time.monotonic() - started
    return life.result


def small_web(name: str) -> Document:
    """The example in two zones: every kind of it, in fewer parts."""
    document = web_document(name)
    document["network"]["zones"] = 2
    return document


def _of_app(field: str, value: Any) -> Callable[[Document], None]:
    return lambda document: document["servers"]["app"].update({field: value})


def _without_api(document: Document) -> None:
    del document["servers"]["api"]
    document["balancers"]["front"]["listeners"][0].pop("rules")


CHANGES: dict[str, Callable[[Document], None]] = {
    "another owner": lambda document: document.update(owner="night-shift"),
    "no endpoint": lambda document: document["network"].update(endpoints=[]),
    "another path": lambda document: document["balancers"]["front"]["listeners"][0]["rules"][0].update(path="/v2/*"),
    "larger servers": _of_app("instance_type", "t3.medium"),
    "more servers": _of_app("count", {"min": 3, "max": 9}),
    "another target": _of_app("scaling", {"target_cpu": 70}),
    "another health check": _of_app("health_check", "/ready"),
    "no api": _without_api,
}
"""In this order: what is changed is there still."""


class Life:
    """One seed's."""

    def __init__(self, seed: int) -> None:
        self.result, self.random = Result(seed), random.Random(seed)

    def live(self) -> None:
        with stage("storm", self.result.seed) as self.stage:
            empty = listing(self.stage)
            document = small_web(f"storm{self.result.seed}")
            self._raise(document)
            self._raise(self._changed(document))
            self._run("down", document["name"], "--region", document["region"], "--yes")
            for what, name, _ in sorted(listing(self.stage) - empty):
                self.result.add("left", f"{what} {name}")

    def _changed(self, document: Document) -> Document:
        changed = deepcopy(document)
        chosen = self.random.sample(sorted(CHANGES), min(3, len(CHANGES)))
        for name, change in CHANGES.items():
            if name in chosen:
                change(changed)
        return changed

    def _raise(self, document: Document) -> None:
        """Raise it, until it stands exactly."""
        file = written(document, self.stage.folder)
        self._run("up", file, "--yes")
        self._exact(load(Path(file)))

    def _run(self, *words: object) -> None:
        for number in range(AGAIN + 1):
            ended = self.stage.castra(*words)
            for times, why, seconds in LOST_TIME.findall(ended.output):
                self.result.lost[f"{why} (times)"] += 1 if times == "once" else int(times.split()[0])
                self.result.lost[f"{why} (seconds)"] += float(seconds)  # type: ignore[assignment]
            if ended.code == 0:
                return
            if not ended.clearly:
                break
            self.result.again += number < AGAIN
        self.result.add("lost", f"`castra {words[0]}` ended with {ended.code}: {ended.output[-2000:]}")

    def _exact(self, environment: Environment) -> None:
        """The plan is settled, each part stands once, and nobody else's tags do."""
        scope = scope_of(environment)
        plan = plan_of(environment, scope)
        if not plan.settled:
            told = ", ".join(f"{step.action} {step.part}" for step in plan.changes) or "something isn't ready"
            self.result.add("lost", f"the plan isn't settled: {told}")
        standing = Counter(one.part for one in resources(scope) if one.phase != "leaving")
        wanted = Counter(part.key for part in environment.parts())
        for part in sorted(wanted - standing):
            self.result.add("lost", f"{part}")
        for part in sorted(standing - wanted):
            self.result.add("doubled", f"{part}")
        seen = Counter((what, name) for what, name, _ in listing(self.stage).elements() if "/" in name)
        for (what, name), number in sorted(seen.items()):
            if number > 1 and what != "Instances":
                self.result.add("doubled", f"{what} {name}: {number}")
