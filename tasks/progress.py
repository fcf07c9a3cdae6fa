"""Where a run says what it is doing, and who listens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal

from tasks.errors import Halted, explain

Status = Literal["started", "waiting", "done", "failed", "held", "run", "retried"]


@dataclass(frozen=True)
class Event:
    """Something worth telling: of a step (`what` is its name in the graph), or of the run itself."""

    status: Status
    what: str
    note: str = ""
    seconds: float = 0.0


Listener = Callable[[Event], None]
_listeners: list[Listener] = []
_of_this_step: ContextVar[tuple[Listener, ...]] = ContextVar("of_this_step", default=())
_current: ContextVar[str] = ContextVar("current")


def announce(event: Event) -> None:
    """Tell all listeners of this process, and those of the step that it's about."""
    for listener in (*_listeners, *_of_this_step.get()):
        listener(event)


def current() -> str:
    """The name of the current step; empty outside of all. Threads that a step starts don't know it: ask before."""
    return _current.get("")


def waiting(note: str) -> None:
    """Say what the current step is waiting for."""
    if what := current():
        announce(Event("waiting", what, note))


@contextmanager
def step(what: str) -> Iterator[None]:
    """Within, `what` is the current step; its beginning is told."""
    token = _current.set(what)
    announce(Event("started", what))
    try:
        yield
    except Halted:
        announce(Event("held", what))
        raise
    except Exception as error:
        announce(Event("failed", what, explain(error, what).why))
        raise
    finally:
        _current.reset(token)


@contextmanager
def overhearing(listener: Listener) -> Iterator[None]:
    """Within, `listener` is told what this step announces, and nothing of those beside it."""
    token = _of_this_step.set((*_of_this_step.get(), listener))
    try:
        yield
    finally:
        _of_this_step.reset(token)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Within, `listener` is told everything. It is called from many threads."""
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)
