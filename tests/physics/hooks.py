"""Where the effects register themselves: before a call reaches moto, instead of moto, or after it."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import AbstractContextManager
from fnmatch import fnmatchcase
from typing import TypeVar

from tests.physics.answers import Answer
from tests.physics.protocol import Request
from tests.physics.world import World

Before = Callable[[Request, World], Answer | None]
"""Raises `Refused` where AWS would refuse the call; an answer is given at once, without a look at what follows."""
Instead = Callable[[Request, World], Answer | None]
"""Answers in moto's place, or gives None to let moto answer."""
After = Callable[[Request, Answer, World], Answer | None]
"""Follows a call that moto accepted: a corrected answer, or None to leave it."""
During = Callable[[Request, World], AbstractContextManager[None]]
"""Holds moto's state in another shape while moto answers."""

BEFORE: dict[str, list[Before]] = defaultdict(list)
INSTEAD: dict[str, list[Instead]] = defaultdict(list)
AFTER: dict[str, list[After]] = defaultdict(list)

DURING: dict[str, list[During]] = defaultdict(list)

H = TypeVar("H", Before, Instead, After, During)


def before(*names: str) -> Callable[[Before], Before]:
    """Register for operations, written `ec2:DeleteSubnet`; `ec2:*` is each of a service's, `*` each of all."""
    return registrar(BEFORE, names)


def instead(*names: str) -> Callable[[Instead], Instead]:
    return registrar(INSTEAD, names)


def after(*names: str) -> Callable[[After], After]:
    return registrar(AFTER, names)


def during(*names: str) -> Callable[[During], During]:
    return registrar(DURING, names)


def registrar(table: dict[str, list[H]], names: tuple[str, ...]) -> Callable[[H], H]:
    def register(hook: H) -> H:
        for name in names:
            table[name].append(hook)
        return hook

    return register


def hooks_of(table: dict[str, list[H]], request: Request) -> list[H]:
    """An operation's hooks: those with wider names first."""
    name = f"{request.service}:{request.operation}"
    found = [(pattern.count("*") == 0, hooks) for pattern, hooks in table.items() if fnmatchcase(name, pattern)]
    return [hook for _, hooks in sorted(found, key=lambda each: each[0]) for hook in hooks]
