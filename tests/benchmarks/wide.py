"""One wide run, its steps on threads of its process and on two processes of Dask's."""

import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from flows.console import console, stop_local_server
from flows.runners import DASK
from tests.benchmarks.critical_path import two_hundred
from tests.flows.shell import CASTRA
from tests.flows.world import written

PROFILE = "steady"
PROCESSES = "2"


def run() -> Iterator[str]:
    """As people run it, each in a process of its own: the start of Dask's processes is part of what it costs."""
    large = two_hundred()
    parts = len(large.parts())
    with console(), tempfile.TemporaryDirectory() as folder:
        document = large.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        blueprint = written(document, Path(folder))
        _castra("up", str(blueprint), "--yes", "--json")  # the server's first run is slower
        _castra("down", large.name, "--region", large.region, "--yes", "--json")
        took: dict[str, list[float]] = {}
        for dask in ("", PROCESSES):
            raising = _castra("up", str(blueprint), "--yes", "--json", dask=dask)
            striking = _castra("down", large.name, "--region", large.region, "--yes", "--json", dask=dask)
            took[dask] = [raising, striking]
        for number, verb in enumerate(("raise", "strike")):
            threads, processes = took[""][number], took[PROCESSES][number]
            told = f"threads {threads:.1f} s, {PROCESSES} of Dask {processes:.1f} s, ratio {processes / threads:.2f}"
            yield f"{verb} {parts} parts: {told}"
    stop_local_server()


def _castra(*words: str, dask: str = "") -> float:
    """Seconds of one run of `castra`."""
    started = time.perf_counter()
    ended = subprocess.run([CASTRA, *words], env=os.environ | {DASK: dask}, stdout=subprocess.PIPE, check=True)
    json.loads(ended.stdout)
    return time.perf_counter() - started
