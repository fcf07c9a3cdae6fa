"""What a test orders to happen to one call: a lost answer, an error, a killed process, a pause."""

import os
import signal
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Literal

from tests.physics.answers import Answer, Dropped, error, throttled
from tests.physics.protocol import Request

When = Literal["before", "after"]
HOLD_LIMIT = 120.0
"""Real seconds after which a held call goes on by itself, so that a forgotten rule hangs nobody."""


@dataclass
class Rule:
    """One order. It matches calls by `operation` (`CreateVpc`, `ec2:Create*`, `*`), only writes if `writes` is true,
    and strikes the `nth` match (counted from 1), or each if that's None.

    Effects: `drop` (the connection closes), `lose-answer` (drop, after the call took effect), `error:Code` or
    `error:Code:status`, `throttle`, `kill:pid` (SIGKILL), `hold` (until `release`), `delay:seconds` (real ones).
    `when` says whether it strikes before or after the call takes effect.
    """

    operation: str = "*"
    effect: str = "drop"
    nth: int | None = None
    when: When = "before"
    writes: bool = False
    seen: int = 0
    hits: int = 0
    reached: threading.Event = field(default_factory=threading.Event, repr=False)
    gate: threading.Event = field(default_factory=threading.Event, repr=False)

    def __post_init__(self) -> None:
        if self.effect == "lose-answer":
            self.effect, self.when = "drop", "after"
        if self.name not in EFFECTS:
            raise ValueError(f"no such effect: {self.effect}. One of {', '.join(EFFECTS)}, lose-answer")

    @property
    def name(self) -> str:
        return self.effect.partition(":")[0]

    @property
    def argument(self) -> str:
        return self.effect.partition(":")[2]

    def matches(self, request: Request) -> bool:
        names = (request.operation, f"{request.service}:{request.operation}")
        return any(fnmatchcase(name, self.operation) for name in names) and (request.write or not self.writes)

    def release(self) -> None:
        """Let a held call go on, and those that come after it."""
        self.gate.set()

    def strike(self, request: Request) -> Answer | None:
        """Carry the order out: an answer to give instead, `Dropped`, or None to go on."""
        self.hits += 1
        self.reached.set()
        return EFFECTS[self.name](self, request)

    def told(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("operation", "effect", "nth", "when", "writes", "seen", "hits")}


def drop(rule: Rule, request: Request) -> Answer | None:
    raise Dropped(rule.effect)


def fail(rule: Rule, request: Request) -> Answer | None:
    code, _, status = rule.argument.partition(":")
    return error(request, code, "Ordered by a rule of the test.", int(status or 400))


def kill(rule: Rule, request: Request) -> Answer | None:
    """Whoever is dead before the call never made it."""
    os.kill(int(rule.argument), signal.SIGKILL)
    if rule.when == "before":
        raise Dropped(rule.effect)
    return None


def hold(rule: Rule, request: Request) -> Answer | None:
    rule.gate.wait(HOLD_LIMIT)
    return None


def delay(rule: Rule, request: Request) -> Answer | None:
    time.sleep(float(rule.argument))
    return None


EFFECTS = {
    "drop": drop,
    "error": fail,
    "throttle": lambda rule, request: throttled(request),
    "kill": kill,
    "hold": hold,
    "delay": delay,
}


@dataclass
class Rules:
    """The orders in force. Safe to share between threads."""

    rules: list[Rule] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, rule: Rule) -> Rule:
        with self.lock:
            self.rules.append(rule)
        return rule

    def clear(self) -> None:
        """Forget all, and let go of what's held."""
        with self.lock:
            for rule in self.rules:
                rule.release()
            self.rules.clear()

    def struck(self, request: Request) -> list[Rule]:
        """Count the call, and give the rules whose turn it is."""
        with self.lock:
            return [rule for rule in self.rules if rule.matches(request) and self.turn(rule)]

    @staticmethod
    def turn(rule: Rule) -> bool:
        rule.seen += 1
        return rule.nth is None or rule.nth == rule.seen


def strike(rules: Iterable[Rule], when: When, request: Request) -> tuple[Answer | None, str]:
    """Carry out those of one side; the first that gives an answer decides. Gives that and the rule's effect."""
    for rule in rules:
        if rule.when == when and (answer := rule.strike(request)):
            return answer, f"rule {rule.effect}"
    return None, ""
