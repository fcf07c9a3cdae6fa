"""How long a person waits for the shell, from a cold start, five times each."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.blueprints import WEB

CASTRA = str(Path(sys.executable).parent / "castra")


def run() -> Iterator[str]:
    """`castra --help`, `castra check` and `castra plan`."""
    for words in (["--help"], ["check", str(WEB)], ["plan", str(WEB)]):
        subprocess.run([CASTRA, *words], check=True, capture_output=True)
        times = [_seconds(words) for _ in range(5)]
        yield f"castra {words[0]}: {statistics.median(times):.2f} s (from {min(times):.2f} to {max(times):.2f})"


def _seconds(words: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run([CASTRA, *words], check=True, capture_output=True)
    return time.perf_counter() - started
