"""Rotations: how close rolling comes to what starting and checking servers takes, and how soon a bad image is found."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tasks.images.rolling import Rolled
from tasks.scope import Scope
from tasks.waiting import wait_until
from tests.conductor import raise_all
from tests.physics import profile
from tests.rotated import environment, register, rotate
from tests.tasks.rows.compute import described

PROFILE = "steady"
STEADY = profile.load(PROFILE)
SERVERS = 6
SETTINGS = {"canary": 1, "batch": 2, "settle": 0, "within": 15}


def run() -> Iterator[str]:
    """Six servers behind a load balancer: to a good image, then to bad ones of three sorts."""
    scope = Scope("bench", "eu-west-1", poll_seconds=0.1)
    raise_all(scope, environment("bench", count=SERVERS).parts())
    boots, checked, ends = (_real(name) for name in ("instance_running", "target_checked", "instance_terminated"))
    _wait_until_all_serve(scope)
    rolled, low = _rotated(scope, "good")
    ideal = (boots + checked) * rolled.batches
    ratio = (rolled.seconds - ends) / ideal
    took = f"{rolled.seconds:.1f} s, of which the end of the last old ones takes {ends:.1f} s"
    yield f"good image: {SERVERS} servers in {rolled.batches} steps, {took}"
    yield f"  the rest beside (start + check) × steps = {ideal:.1f} s: ratio {ratio:.2f}; {low:.1f} s below the minimum"
    for name, what in (
        ("bad", "never answers"),
        ("failing-40", "answers for 40 s of AWS's"),
        ("ending-40", "ends after 40 s of AWS's"),
    ):
        rolled, low = _rotated(scope, name, settle=15)
        verdict = f"{rolled.verdict_seconds or 0:.1f} s to the verdict"
        yield f"bad image, {what}: {verdict}, {rolled.seconds:.1f} s until all was as before"
        yield f"  {low:.1f} s below the minimum; {rolled.record.verdict}"
    yield f"(a second stands for {STEADY.scale:.0f} of AWS's; a new server had {SETTINGS['within']} s to get well)"


def _real(name: str) -> float:
    """Seconds of ours that a change of state takes."""
    lapse = STEADY.times[name]
    assert not isinstance(lapse, list)
    return lapse / STEADY.scale


def _rotated(scope: Scope, name: str, **settings: int) -> tuple[Rolled, float]:
    """A rotation to an image of this name, and for how many seconds fewer served than the minimum."""
    blueprint = environment("bench", register(scope, name), count=SERVERS, rotation=SETTINGS | settings)
    with _watched(scope) as below:
        rolled = rotate(blueprint, scope)
    return rolled, sum(below)


@contextmanager
def _watched(scope: Scope) -> Iterator[list[float]]:
    """Within, looks ten times a second who serves, by a client of its own; gives the seconds below the minimum."""
    below: list[float] = []
    done, other = threading.Event(), Scope(scope.environment, scope.region)

    def watch() -> None:
        last = time.monotonic()
        while not done.wait(0.1):
            now = time.monotonic()
            if _serving(other) < SERVERS:
                below.append(now - last)
            last = now

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield below
    finally:
        done.set()
        watcher.join()


def _serving(scope: Scope) -> int:
    """In service for Auto Scaling, and healthy for the load balancer."""
    group = described(scope, scope.name("app"))
    told = scope.elbv2.describe_target_health(TargetGroupArn=group["TargetGroupARNs"][0])["TargetHealthDescriptions"]
    healthy = {one["Target"]["Id"] for one in told if one["TargetHealth"]["State"] == "healthy"}
    return sum(one["LifecycleState"] == "InService" and one["InstanceId"] in healthy for one in group["Instances"])


def _wait_until_all_serve(scope: Scope) -> None:
    wait_until(scope, lambda: _serving(scope) == SERVERS, "the servers", within=120)
