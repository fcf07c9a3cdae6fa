"""Pace: as many calls a second as EC2's token buckets allow, and no more; one budget for all threads of a run.

A client that is throttled loses more than the call: its retries are late, and a create that is sent once must be looked
for before it's tried again. https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-throttling.html
"""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tasks.calls import READS
from tasks.retry import THROTTLED
from tasks.scope import Scope

LIMITS: dict[str, tuple[float, float]] = {
    "reads": (100, 20),
    "writes": (50, 5),
    "CreateSnapshot": (100, 5),
    "CreateTags": (100, 10),
    "TerminateInstances": (100, 5),
    "RunInstances": (5, 2),
}
"""How many calls at once, and how many a second after that, per account and region."""

SPARE = 2.0  # tokens that are left in AWS's bucket: answers and clocks are never quite even


@dataclass
class Bucket:
    """A token bucket, full at first. A token that isn't there yet is waited for, in the order of asking."""

    size: float
    refill: float
    clock: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
    left: float = field(init=False)
    since: float = field(init=False)

    def __post_init__(self) -> None:
        self.left, self.since, self._lock = self.size, self.clock(), threading.Lock()

    def take(self) -> float:
        """Take one; gives the seconds that were waited for it."""
        with self._lock:
            self._fill()
            self.left -= 1
            wait = max(0.0, -self.left / self.refill)
        if wait:
            self.sleep(wait)
        return wait

    def empty(self) -> None:
        """AWS says that there's none left: somebody else draws from it, too."""
        with self._lock:
            self._fill()
            self.left = min(self.left, 0.0)

    def _fill(self) -> None:
        now = self.clock()
        self.left, self.since = min(self.size, self.left + (now - self.since) * self.refill), now


class Pace:
    """The budget of a run, for all its clients of EC2 and all its threads; each region has its own."""

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep, self._lock = clock, sleep, threading.Lock()
        self._buckets: dict[tuple[str, str], Bucket] = {}
        self.throttled = 0

    def keep(self, scope: Scope) -> "Pace":
        """Have every call of a scope's clients of EC2 wait for its turn; before the first one is made.

        A write asks for the go-ahead once more when its turn has come: the wait may have been a long one.
        """

        def before(model: Any, context: dict[str, Any], **_: Any) -> None:
            self.bucket(model.name, context["client_region"]).take()
            if not READS.match(model.name):
                scope.go_ahead.check()

        scope.before_each_call("ec2", before)
        scope.after_each_answer("ec2", self._after)
        return self

    def bucket(self, operation: str, region: str) -> Bucket:
        """The bucket that an operation draws from."""
        family = operation if operation in LIMITS else "reads" if READS.match(operation) else "writes"
        with self._lock:
            if (family, region) not in self._buckets:
                size, refill = LIMITS[family]
                size = max(1.0, size - SPARE)
                self._buckets[family, region] = Bucket(size, refill, self._clock, self._sleep)
            return self._buckets[family, region]

    def _after(self, operation: Any, response: Any, request_dict: dict[str, Any], **_: Any) -> None:
        """Botocore tells each try; an answer that isn't AWS's is None."""
        code = response[1].get("Error", {}).get("Code", "") if response else ""
        if code in THROTTLED:
            with self._lock:
                self.throttled += 1
            self.bucket(operation.name, request_dict["context"]["client_region"]).empty()


def paced(scope: Scope) -> Pace:
    """A pace of its own for this scope."""
    return Pace().keep(scope)
