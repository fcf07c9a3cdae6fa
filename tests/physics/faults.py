"""Seeded bad luck: throttling, server errors, broken connections, lost answers."""

import threading
from dataclasses import dataclass, field

from tests.physics.answers import Answer, Dropped, broken, throttled
from tests.physics.buckets import Buckets
from tests.physics.protocol import Request
from tests.physics.world import World


@dataclass
class Faults:
    """The profile's bad luck, drawn from the world's seed.

    `rates` are `error` (a 5xx, nothing done), `drop` (the connection breaks, nothing done) and `lose` (it breaks after
    the call took effect).
    """

    world: World
    buckets: Buckets = field(default_factory=Buckets)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def before(self, request: Request) -> tuple[Answer | None, str]:
        """A fault in the call's place, and its name. Raises `Dropped`."""
        with self.lock:
            if self.world.profile.throttle and not self.buckets.take(request, self.world.clock.now()):
                return throttled(request), "throttled"
            if self.strikes("error"):
                return broken(request), "error"
            if self.strikes("drop"):
                raise Dropped("drop")
            return None, ""

    def after(self) -> None:
        """Raises `Dropped` where the answer is to be lost."""
        with self.lock:
            if self.strikes("lose"):
                raise Dropped("lose")

    def strikes(self, name: str) -> bool:
        rate = self.world.profile.rates.get(name, 0.0)
        return rate > 0 and self.world.random.random() < rate

    def reset(self) -> None:
        with self.lock:
            self.buckets.buckets.clear()
