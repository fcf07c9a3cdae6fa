"""How close raising and striking come to the critical path of the graph of needs, beside two other ways of waiting."""

import time
from collections.abc import Callable, Iterator
from functools import cache

from blueprints.environment import Environment
from blueprints.part import Part
from blueprints.reading import build
from flows.console import console, stop_local_server
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tasks import scope as scopes
from tasks.decide import in_order
from tasks.plan import Plan
from tasks.reading import plan_of, plan_to_strike, scope_of
from tests.benchmarks.blueprints import web
from tests.conductor import carry_out
from tests.physics import profile

PROFILE = "steady"
STEADY = profile.load(PROFILE)
TIMES = {
    name: float(seconds) / STEADY.scale for name, seconds in STEADY.times.items() if isinstance(seconds, int | float)
}
READY = {"nat-gateway": "nat_available", "load-balancer": "balancer_active", "scaling-group": "instance_running"}
GONE = {"nat-gateway": ("nat_deleted",), "scaling-group": ("instance_terminated", "group_deleted")}
HELD = {"load-balancer": "balancer_gone"}  # its interfaces hold subnets and groups for some time after


def run() -> Iterator[str]:
    """examples/web.yaml and an environment of 200 parts, each as a flow; the first also in two slower ways."""
    scopes.POLL_SECONDS /= STEADY.scale
    with console():
        spin_up(web("warm"))
        tear_down("warm", "eu-west-1")
        yield from _measured(web())
        awaits, Part.awaits = Part.awaits, Part.needs  # type: ignore[method-assign]
        path = raising_path(web("patient").parts())
        took = _seconds(lambda: spin_up(web("patient")))
        Part.awaits = awaits  # type: ignore[method-assign]
        yield f"  waiting in every create: {took:.1f} s (its own path is {path:.1f} s)"
        took = _seconds(lambda: _one_after_the_other(web("slow")))
        yield f"  one step after the other: {took:.1f} s"
        yield from _measured(two_hundred())
    stop_local_server()
    yield f"(a second stands for {STEADY.scale:.0f} of AWS's; what Castra itself takes doesn't shrink with them)"


def _measured(environment: Environment) -> Iterator[str]:
    """Raise it and strike it, each beside its path."""
    parts = environment.parts()
    path = raising_path(parts)
    took = _seconds(lambda: spin_up(environment))
    what = f"raise {environment.name}, {len(parts)} parts"
    yield f"{what}: {took:.1f} s, critical path {path:.1f} s, ratio {took / path:.2f}"
    path = striking_path(plan_to_strike(scope_of(environment)))
    took = _seconds(lambda: tear_down(environment.name, environment.region))
    yield f"strike {environment.name}: {took:.1f} s, critical path {path:.1f} s, ratio {took / path:.2f}"


def raising_path(parts: tuple[Part, ...]) -> float:
    """Seconds of the longest way through needs and waits, if calls took no time at all."""
    made: dict[str, float] = {}
    ready: dict[str, float] = {}
    for part in in_order(parts):
        made[part.key] = max([made[key] for key in part.needs] + [ready[key] for key in part.awaits], default=0.0)
        ready[part.key] = made[part.key] + TIMES.get(READY.get(part.kind, ""), 0.0)
    return max(ready.values())


def striking_path(plan: Plan) -> float:
    """The same for removals; what a balancer's interfaces hold goes when they let go."""
    removals = {removal.label: removal for removal in plan.removals}

    @cache
    def gone(label: str) -> float:
        removal = removals[label]
        held = [gone(before) + TIMES[HELD[kind]] for before in removal.after if (kind := removals[before].kind) in HELD]
        start = max([gone(before) for before in removal.after] + held, default=0.0)
        return start + sum(TIMES[name] for name in GONE.get(removal.kind, ()))

    return max(map(gone, removals), default=0.0)


def two_hundred() -> Environment:
    """A balancer in front of 31 groups of servers over three zones."""
    server = {
        "image": {"id": "ami-12c6146b"},
        "port": 8080,
        "count": {"min": 1, "max": 4},
        "scaling": {"target_cpu": 50},
    }
    names = [f"s{number}" for number in range(31)]
    rules = [{"path": f"/{name}/*", "to": name} for name in names[1:]]
    document = {
        "name": "large",
        "region": "eu-west-1",
        "network": {"cidr": "10.0.0.0/16", "zones": 3, "nat": "one"},
        "balancers": {"front": {"public": True, "listeners": [{"port": 80, "to": names[0], "rules": rules}]}},
        "servers": dict.fromkeys(names, server),
    }
    return build(document)


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _one_after_the_other(environment: Environment) -> None:
    scope = scope_of(environment)
    carry_out(plan_of(environment, scope), scope)
