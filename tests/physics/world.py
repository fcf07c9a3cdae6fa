"""What the effects share: moto's backends, the clock, the seed, and their own memory."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from moto.backends import get_backend
from moto.core import DEFAULT_ACCOUNT_ID
from moto.core.base_backend import BackendDict
from moto.core.model_instances import reset_model_data
from moto.iam import models as iam

from tests.physics.clock import Clock, Timeline
from tests.physics.profile import Profile
from tests.physics.protocol import Request

GLOBAL = frozenset({"iam", "sts", "cloudfront", "route53", "s3"})


@dataclass
class World:
    """One per server. All of it is touched under the middleware's lock only."""

    profile: Profile
    clock: Clock
    timeline: Timeline
    random: random.Random
    memory: dict[str, Any] = field(default_factory=dict)
    unseen: dict[str, float] = field(default_factory=dict)
    url: str = ""
    doors: int = 0
    """The port that instances and load balancers answer under; 0 where none do."""

    def backend(self, request: Request, service: str = "") -> Any:
        """Moto's own model of a service in the request's account and region."""
        service = service or request.service
        region = "aws" if service in GLOBAL else request.region
        account = iam.get_account_id_from(request.key) if request.key else DEFAULT_ACCOUNT_ID
        return get_backend(service)[account][region]  # type: ignore[call-overload]

    def recall(self, name: str, make: Callable[[], Any]) -> Any:
        """An effect's own memory, made when it's first asked for and gone with the next reset."""
        if name not in self.memory:
            self.memory[name] = make()
        return self.memory[name]

    def time(self, name: str) -> float:
        """How many AWS seconds a change of state takes; none unless the profile says so."""
        lapse = self.profile.times.get(name, 0.0)
        return self.random.uniform(*lapse) if isinstance(lapse, list) else lapse

    def later(self, name: str, deed: Callable[[], None]) -> None:
        """Do it once the change of state that `times` calls `name` is over."""
        self.timeline.later(self.time(name), deed)

    def hide(self, kind: str, name: str) -> None:
        """Keep a new thing from sight for as long as the profile hides its kind."""
        if kind in self.profile.hidden:
            self.unseen[name] = self.clock.now() + self.random.uniform(*self.profile.hidden[kind])

    def hidden(self, name: str) -> bool:
        return self.unseen.get(name, 0.0) > self.clock.now()

    def anything_hidden(self) -> bool:
        """Whether anything is; forgets what no longer is."""
        now = self.clock.now()
        self.unseen = {name: until for name, until in self.unseen.items() if until > now}
        return bool(self.unseen)

    def reset(self, seed: int) -> None:
        self.timeline.clear()
        self.memory.clear()
        self.unseen.clear()
        self.random.seed(seed)


def empty_accounts() -> None:
    """Moto's reset without its detour: it makes every backend anew, only to throw it away."""
    for backends in BackendDict._instances:
        if backends.service_name == "s3":  # its objects are open files
            for account in backends.values():
                account.reset()
        backends.clear()
    BackendDict._instances.clear()
    reset_model_data()
