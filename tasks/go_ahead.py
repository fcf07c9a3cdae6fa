"""What a write asks first: whether this run may write at all."""

from typing import Protocol


class GoAhead(Protocol):
    """What is asked before each write: raises when this run may write no more."""

    def check(self) -> None: ...


class Free:
    """The go-ahead of a task that is used alone, under nobody's lease."""

    def check(self) -> None:
        """Always."""
