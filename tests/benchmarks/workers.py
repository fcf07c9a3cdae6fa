"""40 environments at once on a team's server, by one, two and four workers."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.flows.world import small_document
from tests.topology.programs import missing
from tests.topology.topology import Topology, topology

ENVIRONMENTS = 40
PROFILE = "steady"  # where runs have to wait for AWS, as they do: a NAT gateway takes 22 s in it
LIMIT = 4
"""Runs that a worker takes at once."""


def run() -> Iterator[str]:
    """The same server for all; those workers that aren't counted are ended before."""
    if lacking := missing():
        yield lacking
        return
    folder = Path(tempfile.mkdtemp(prefix="castra-workers-"))
    folder.chmod(0o755)  # PostgreSQL's user must get in
    took: dict[int, float] = {}
    try:
        with topology(folder, workers=4, limit=LIMIT) as there:
            _raised(there, ["warm"])
            for count in (4, 2, 1):
                for worker in there.workers[count:]:
                    worker.kill()
                took[count] = _raised(there, [f"w{count}-{number}" for number in range(ENVIRONMENTS)])
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    for count, seconds in sorted(took.items()):
        yield f"{count} with {LIMIT} runs at once each: {seconds:.1f} s, {took[1] / seconds:.2f} times as quick as one"


def _raised(there: Topology, names: list[str]) -> float:
    """Seconds from the first run that is asked for until all have completed."""
    deployment = there.deployment("spin-up")
    started = time.monotonic()
    ids = [there.start_run(deployment, name, blueprint=small_document(name)) for name in names]
    while states := [run["state_type"] for run in there.runs(ids) if run["state_type"] != "COMPLETED"]:
        assert not {"FAILED", "CRASHED"} & set(states), states
        time.sleep(0.5)
    return time.monotonic() - started
