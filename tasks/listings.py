"""Listings that many steps of a run read: made once for all of them."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

T = TypeVar("T")


@dataclass
class _Poll:
    """The last answer to a question that many ask, and when it was asked."""

    started: float = float("-inf")
    answer: Any = None
    lock: threading.Lock = field(default_factory=threading.Lock)


class Listings:
    """What was listed, and is believed for one survey, or for half of `poll_seconds`."""

    def __init__(self, poll_seconds: float) -> None:
        self.poll_seconds = poll_seconds
        self._lock = threading.Lock()
        self._listings: dict[str, Any] = {}
        self._polls: dict[str, _Poll] = {}

    def listed(self, key: str, listing: Callable[[], T]) -> T:
        """A listing that several kinds read, made once for each survey."""
        with self._lock:
            lock, _ = self._listings.setdefault(key, (threading.Lock(), []))
        with lock:
            kept: list[T] = self._listings[key][1]
            if not kept:
                kept.append(listing())
            return kept[0]

    def polled(self, key: str, since: float, listing: Callable[[], T]) -> T:
        """A listing that many wait on at once, made once for all of them in each `poll_seconds`.

        `since` (by `time.monotonic`) is when the caller did what it now waits for: an older listing won't do.
        """
        with self._lock:
            poll: _Poll = self._polls.setdefault(key, _Poll())
        with poll.lock:
            now = time.monotonic()
            if poll.started < since or now - poll.started > self.poll_seconds / 2:
                poll.answer = listing()
                poll.started = now
            answer: T = poll.answer
            return answer

    def look_afresh(self) -> None:
        """Forget the listings; called before each survey and each second look."""
        with self._lock:
            self._listings.clear()
