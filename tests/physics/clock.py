"""AWS's time: it runs `scale` times as fast as ours, and can be moved on by hand."""

import heapq
import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass, field

Deed = Callable[[], None]


@dataclass
class Clock:
    """Seconds since the start, as AWS would count them."""

    scale: float = 1.0
    ahead: float = 0.0
    start: float = field(default_factory=time.monotonic)

    def now(self) -> float:
        return (time.monotonic() - self.start) * self.scale + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += seconds


@dataclass
class Timeline:
    """What will happen later. Guarded by whoever owns it: the middleware's lock."""

    clock: Clock
    due: list[tuple[float, int, Deed]] = field(default_factory=list)
    order: "itertools.count[int]" = field(default_factory=itertools.count)

    def later(self, seconds: float, deed: Deed) -> None:
        """Do it that many AWS seconds from now; at once if there are none."""
        if seconds <= 0:
            deed()
        else:
            heapq.heappush(self.due, (self.clock.now() + seconds, next(self.order), deed))

    def run(self) -> None:
        """Do all that's due, in order."""
        now = self.clock.now()
        while self.due and self.due[0][0] <= now:
            heapq.heappop(self.due)[2]()

    def clear(self) -> None:
        self.due.clear()
