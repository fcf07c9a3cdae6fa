"""An environment of a thousand parts on one machine: planned, raised, changed in ten parts, and struck."""

import os
import resource
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from blueprints.environment import Environment
from blueprints.reading import build
from flows.console import console, stop_local_server
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tasks.reading import plan_of, scope_of
from tasks.report import Report
from tests.benchmarks.blueprints import fleet
from tests.conductor import carry_out

GROUPS = 197  # of five parts each, and a network of twelve


def run() -> Iterator[str]:
    """As flows on a local Prefect server; the raising also by a plain loop, to tell what Prefect takes."""
    environment = fleet(GROUPS, "large")
    yield f"{len(environment.parts())} parts"
    with console():
        scope = scope_of(environment)
        seconds = _seconds(lambda: plan_of(environment, scope))
        yield f"plan: {seconds:.1f} s, {scope.calls.summary()['read']} reads"
        yield _told("raise", lambda: spin_up(environment))
        yield _told("raise again", lambda: spin_up(environment))
        yield _told("change ten groups", lambda: spin_up(changed(environment, 10)))
        yield _told("strike", lambda: tear_down("large", environment.region))
        plain = fleet(GROUPS, "plain")
        scope = scope_of(plain)
        seconds = _seconds(lambda: carry_out(plan_of(plain, scope), scope))
        yield f"raise by a plain loop, without Prefect: {seconds:.1f} s"
    stop_local_server()
    yield f"memory at most: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB, without the server's"
    database = Path(os.environ["PREFECT_HOME"]) / "prefect.db"
    yield f"Prefect's database afterwards: {database.stat().st_size / 2**20:.0f} MiB"


def changed(environment: Environment, count: int) -> Environment:
    """The same with another maximum in some groups."""
    document = environment.model_dump(mode="json")
    for name in list(document["servers"])[:count]:
        document["servers"][name]["count"]["max"] = 9
    return build(document)


def _told(what: str, flow: Callable[[], Report]) -> str:
    started = time.perf_counter()
    report = flow()
    seconds = time.perf_counter() - started
    return f"{what}: {seconds:.1f} s, {report.calls['read']} reads, {report.calls['write']} writes"


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started
