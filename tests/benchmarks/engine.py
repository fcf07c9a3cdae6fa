"""What Prefect adds: the same steps with the engine and without it, one after the other, in one run."""

import time
from collections.abc import Callable, Iterator

from blueprints.environment import Environment
from flows.console import console, stop_local_server
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tasks.plan import Plan
from tasks.reading import plan_of, plan_to_strike, scope_of
from tests.benchmarks.blueprints import web
from tests.conductor import carry_out


def run() -> Iterator[str]:
    """Raise and strike examples/web.yaml in turns: a plain loop, and Prefect's engine on a local server."""
    started = time.perf_counter()
    with console():
        yield f"local Prefect server, first start: {time.perf_counter() - started:.1f} s"
        spin_up(web("warm"))
        tear_down("warm", "eu-west-1")
        loop = _seconds(lambda: _raise_without_engine(web("loop")))
        flow = _seconds(lambda: spin_up(web("flow")))
        yield f"raise, 33 steps: plain loop {loop:.2f} s, as a flow {flow:.2f} s, ratio {flow / loop:.2f}"
        loop = _seconds(lambda: _strike_without_engine(web("loop")))
        flow = _seconds(lambda: tear_down("flow", "eu-west-1"))
        yield f"strike, 33 steps: plain loop {loop:.2f} s, as a flow {flow:.2f} s, ratio {flow / loop:.2f}"
        yield "(a flow run looks twice, holds a lease and looks again; 1 s of it is Prefect waiting for its heartbeat)"
    stop_local_server()


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def _raise_without_engine(environment: Environment) -> Plan:
    scope = scope_of(environment)
    planned = plan_of(environment, scope)
    carry_out(planned, scope)
    return planned


def _strike_without_engine(environment: Environment) -> Plan:
    scope = scope_of(environment)
    planned = plan_to_strike(scope)
    carry_out(planned, scope)
    return planned
