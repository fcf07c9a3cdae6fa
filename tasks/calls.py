"""The AWS calls of a run: how many were made, and how many may be under way at once."""

import re
import threading
from collections import Counter
from collections.abc import Mapping
from typing import Any

TURN = "castra:turn"
READS = re.compile(r"^(Describe|List|Get|Head)")


class Calls:
    """A count of the AWS calls made, by service and operation; shared by all threads of a run."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def note(self, model: Any, **_: Any) -> None:
        """Botocore's `before-call` handler."""
        with self._lock:
            self._counts[f"{model.service_model.service_name}:{model.name}"] += 1

    def add(self, counts: Mapping[str, int]) -> None:
        """Count what was counted elsewhere, too: by `service:Operation`."""
        with self._lock:
            self._counts.update(counts)

    def take(self) -> dict[str, int]:
        """What was counted since the last taking, by `service:Operation`."""
        with self._lock:
            taken, self._counts = dict(self._counts), Counter()
        return taken

    def by_operation(self) -> dict[str, int]:
        """`service:Operation` to the number of calls."""
        with self._lock:
            return dict(sorted(self._counts.items()))

    def summary(self) -> dict[str, int]:
        """`{"read": n, "write": n}`; a call is a read if its name begins with Describe, List, Get or Head."""
        reads = sum(count for name, count in self.by_operation().items() if READS.match(name.partition(":")[2]))
        return {"read": reads, "write": sum(self.by_operation().values()) - reads}


class Turns:
    """Bounds how many calls are under way at once. Threads aren't bounded, as most of them wait for other steps."""

    def __init__(self, width: int) -> None:
        self._slots = threading.BoundedSemaphore(width)

    def watch(self, events: Any) -> None:
        """Take a turn before each call of botocore's, and give it back after its answer or its failure."""
        events.register_last("before-call", self._take)
        events.register_first("after-call", self._give)
        events.register_first("after-call-error", self._give)

    def _take(self, context: dict[str, Any], **_: Any) -> None:
        self._slots.acquire()
        context[TURN] = True

    def _give(self, context: dict[str, Any], **_: Any) -> None:
        if context.pop(TURN, False):  # an answer that another handler gave before the call took no turn
            self._slots.release()
