"""What a write asks first: whether this run may write at all."""

from collections.abc import Callable
from typing import Any, Protocol


class GoAhead(Protocol):
    """What is asked before each write: raises when this run may write no more."""

    def check(self) -> None: ...

    def elsewhere(self) -> "Callable[[Any], GoAhead]":
        """What makes, of the scope there, the go-ahead of the run's steps in another process; it can be pickled."""
        ...


class Free:
    """The go-ahead of a task that is used alone, under nobody's lease."""

    def check(self) -> None:
        """Always."""

    def elsewhere(self) -> Callable[[Any], GoAhead]:
        """The same."""
        return _free


def _free(scope: Any) -> GoAhead:
    return Free()
