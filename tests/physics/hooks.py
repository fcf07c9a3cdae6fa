"""Where the effects register themselves: before a call reaches moto, instead of moto, or after it."""

from collections import defaultdict
from collections.abc import Callable
from typing import TypeVar

from tests.physics.answers import Answer
from tests.physics.protocol import Request
from tests.physics.world import World

Before = Callable[[Request, World], None]
"""Raises `Refused` where AWS would refuse the call."""
Instead = Callable[[Request, World], Answer | None]
"""Answers in moto's place, or gives None to let moto answer."""
After = Callable[[Request, Answer, World], Answer | None]
"""Follows a call that moto accepted: a corrected answer, or None to leave it."""

BEFORE: dict[str, list[Before]] = defaultdict(list)
INSTEAD: dict[str, list[Instead]] = defaultdict(list)
AFTER: dict[str, list[After]] = defaultdict(list)

H = TypeVar("H", Before, Instead, After)


def before(*names: str) -> Callable[[Before], Before]:
    """Register for operations, written `ec2:DeleteSubnet`; `ec2:*` is each of a service's, `*` each of all."""
    return registrar(BEFORE, names)


def instead(*names: str) -> Callable[[Instead], Instead]:
    return registrar(INSTEAD, names)


def after(*names: str) -> Callable[[After], After]:
    return registrar(AFTER, names)


def registrar(table: dict[str, list[H]], names: tuple[str, ...]) -> Callable[[H], H]:
    def register(hook: H) -> H:
        for name in names:
            table[name].append(hook)
        return hook

    return register


def hooks_of(table: dict[str, list[H]], request: Request) -> list[H]:
    """An operation's hooks: those for all first, then the service's, then its own."""
    names = ("*", f"{request.service}:*", f"{request.service}:{request.operation}")
    return [hook for name in names if name in table for hook in table[name]]
