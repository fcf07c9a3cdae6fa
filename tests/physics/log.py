"""The call log: what was asked, in order, and how it ended."""

import threading
from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.physics.protocol import Request


@dataclass
class Call:
    """One call. `outcome` is `ok`, AWS's error code, `dropped` (never took effect), `lost` (it did, and the answer was
    lost) or `open` while it's under way. `injected` names the fault or rule that decided it. `at` is AWS's time."""

    number: int
    service: str
    region: str
    operation: str
    write: bool
    params: dict[str, Any]
    at: float
    outcome: str = "open"
    injected: str = ""
    crash: str = ""

    @property
    def name(self) -> str:
        """As IAM writes it: `ec2:CreateVpc`."""
        return f"{self.service}:{self.operation}"


@dataclass
class Log:
    """All calls since the last reset. Safe to share between threads."""

    calls: list[Call] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, request: Request, at: float) -> Call:
        with self.lock:
            call = Call(
                number=len(self.calls) + 1,
                service=request.service,
                region=request.region,
                operation=request.operation,
                write=request.write,
                params={name: short(value) for name, value in request.params.items()},
                at=round(at, 3),
            )
            self.calls.append(call)
            return call

    def clear(self) -> None:
        with self.lock:
            self.calls.clear()

    def snapshot(self) -> list[Call]:
        with self.lock:
            return list(self.calls)

    def rows(self) -> list[dict[str, Any]]:
        return [asdict(call) for call in self.snapshot()]

    def counts(self) -> dict[str, int]:
        """Calls by `service:Operation`, the most frequent first."""
        return dict(Counter(call.name for call in self.snapshot()).most_common())


def short(value: Any) -> Any:
    """A parameter as the log keeps it: long strings (user data, code) are cut."""
    if isinstance(value, str) and len(value) > 200:
        return f"{value[:200]}… ({len(value)} characters)"
    if isinstance(value, list):
        return [short(each) for each in value]
    if isinstance(value, dict):
        return {name: short(each) for name, each in value.items()}
    return value
