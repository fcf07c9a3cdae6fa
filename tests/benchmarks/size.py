"""How a plan grows with an environment: reads with pages, not with parts; and the time of the pure part."""

import time
from collections.abc import Iterator

from tasks.decide import make_plan
from tasks.reading import scope_of
from tasks.registry import KINDS
from tasks.survey import survey
from tests.benchmarks.blueprints import fleet
from tests.conductor import raise_all


def run() -> Iterator[str]:
    """Plan an environment of 50 parts, and one of 500."""
    small_reads = None
    for groups in (8, 98):
        environment = fleet(groups, f"fleet-{groups}")
        raise_all(scope_of(environment), environment.parts())
        scope, started = scope_of(environment), time.perf_counter()
        parts = environment.parts()
        unfolded = time.perf_counter()
        seen = survey(scope, KINDS.values(), parts)
        surveyed = time.perf_counter()
        planned = make_plan(parts, seen, KINDS)
        ended = time.perf_counter()
        reads = scope.calls.summary()["read"]
        small_reads = small_reads or reads
        yield (
            f"{len(parts)} parts: {reads} reads ({reads / small_reads:.2f} x), survey {surveyed - unfolded:.2f} s,"
            f" pure part {unfolded - started + ended - surveyed:.2f} s, settled: {planned.settled}"
        )
