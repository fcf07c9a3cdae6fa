"""The emulator as a test holds it in its hand."""

import random
from collections import Counter
from datetime import timedelta
from types import TracebackType
from typing import Any, ClassVar, Self

from moto.backends import get_backend

from tests.physics import admin, profile
from tests.physics.clock import Clock, Timeline
from tests.physics.doors import Doors
from tests.physics.faults import Faults
from tests.physics.log import Call, Log
from tests.physics.middleware import Middleware
from tests.physics.rules import Rule, Rules, When
from tests.physics.server import Server
from tests.physics.world import World, empty_accounts


class Physics:
    """Moto's server with AWS's manners, in this process.

    >>> with Physics(profile="calm", seed=1) as aws:
    ...     ec2 = aws.client("ec2")
    ...     vpc = ec2.create_vpc(CidrBlock="10.0.0.0/16")
    ...     aws.counts()
    {'ec2:CreateVpc': 1}

    Settings change the profile: `Physics("calm", times={"nat_gateway": 90})`. Moto's state is the process's, so only
    one can be open at a time. `log` has all calls, `writes()` those that change something; `advance(seconds)` moves
    AWS's clock; `rule(...)` orders one call's fate.
    """

    running: ClassVar["Physics | None"] = None

    def __init__(
        self, profile: str = "calm", seed: int = 1, port: int = 0, region: str = "us-east-1", **settings: Any
    ) -> None:
        self.profile = profile_of(profile).but(**settings)
        self.seed, self.region = seed, region
        self.log, self.rules = Log(), Rules()
        clock = Clock(self.profile.scale)
        self.world = World(self.profile, clock, Timeline(clock), random.Random(seed))
        self.faults = Faults(self.world)
        self.middleware = Middleware(self.world, self.log, self.rules, self.faults, self.admin)
        self.port = port
        self.doors: Doors | None = None

    def __enter__(self) -> Self:
        if Physics.running:
            raise RuntimeError("one Physics at a time: moto's state belongs to the process")
        Physics.running = self
        self.reset()
        self.server = Server(self.middleware, self.port)
        self.server.start()
        self.world.url = self.server.url
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.rules.clear()
        self.server.stop()
        if self.doors:
            self.doors.close()
        Physics.running = None

    @property
    def url(self) -> str:
        return self.server.url

    def client(self, service: str, region: str = "", **config: Any) -> Any:
        """A bare boto3 client of this emulator, with botocore's own retries off unless `config` says otherwise."""
        import boto3
        from botocore.config import Config

        return boto3.client(
            service,
            region_name=region or self.region,
            endpoint_url=self.url,
            aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
            aws_secret_access_key="wJalrXUtnFEMI",
            config=Config(**{"retries": {"total_max_attempts": 1}, "connect_timeout": 5, "read_timeout": 60, **config}),
        )

    def writes(self) -> list[Call]:
        """The calls that may have changed something, in order."""
        return [call for call in self.log.snapshot() if call.write]

    def crashes(self) -> list[Call]:
        """The calls that broke moto, or that it doesn't know."""
        return [call for call in self.log.snapshot() if call.crash]

    def counts(self) -> dict[str, int]:
        """How many calls of each operation, by `service:Operation`."""
        return self.log.counts()

    def outcomes(self) -> dict[str, int]:
        """How many calls ended how."""
        return dict(Counter(call.outcome for call in self.log.snapshot()))

    def rule(
        self,
        operation: str = "*",
        effect: str = "drop",
        nth: int | None = None,
        when: When = "before",
        writes: bool = False,
    ) -> Rule:
        """Order a call's fate; see `Rule`."""
        return self.rules.add(Rule(operation, effect, nth, when, writes))

    def kill(self, pid: int, nth: int, when: When = "before") -> Rule:
        """SIGKILL a process at the nth writing call, before or after it takes effect."""
        return self.rule("*", f"kill:{pid}", nth, when, writes=True)

    def release(self) -> None:
        """Let all held calls go on."""
        for rule in list(self.rules.rules):
            rule.release()

    def advance(self, seconds: float) -> None:
        """Move AWS's clock on, and let what's due happen."""
        with self.middleware.lock:
            self.world.clock.advance(seconds)
            self.world.timeline.run()

    def open_doors(self) -> int:
        """From now on instances and load balancers answer over HTTP, all under the port that is given."""
        if self.doors is None:
            self.doors = Doors(self.world, self.middleware.lock)
            self.world.doors = self.doors.port
        return self.doors.port

    def age(self, id: str, seconds: float) -> None:
        """Make an image or a snapshot older than it is."""
        with self.middleware.lock:
            for ec2 in [region for account in get_backend("ec2").values() for region in account.values()]:
                if id in ec2.amis:
                    ec2.amis[id].creation_date -= timedelta(seconds=seconds)
                if id in ec2.snapshots:
                    ec2.snapshots[id].start_time -= timedelta(seconds=seconds)

    def reset(self) -> None:
        """An empty account, an empty log, no rules, the seed from its start."""
        self.rules.clear()
        with self.middleware.lock:
            self.world.reset(self.seed)
            self.faults.reset()
            empty_accounts()
            self.log.clear()

    def admin(self, method: str, path: str, body: bytes) -> Any:
        return admin.serve(self, method, path, body)


def profile_of(name: str) -> profile.Profile:
    return profile.load(name)
