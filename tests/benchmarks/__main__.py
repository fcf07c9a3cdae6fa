"""`make bench`: figures as ratios measured in one run. No figure decides whether a test passes: machines are noisy."""

import os
import subprocess
import sys
import tempfile
from importlib import import_module

from tests.physics.process import client_settings, emulator

BENCHMARKS = (
    "shell",
    "second_up",
    "size",
    "engine",
    "critical_path",
    "thousand",
    "publish",
    "backups",
    "ten_thousand",
    "rotation",
    "workers",
    "wide",
)


def main() -> None:
    """Run those named on the command line, or all; each in a process of its own, as Prefect reads its home once."""
    match sys.argv[1:]:
        case [name]:
            run(name)
        case names:
            for name in names or BENCHMARKS:
                subprocess.run([sys.executable, "-m", "tests.benchmarks", name], check=True)


def run(name: str) -> None:
    """One of them, on an empty AWS, with a home of its own for Prefect."""
    with tempfile.TemporaryDirectory() as home:
        # Prefect reads these when it's imported, and benchmarks import it.
        os.environ.update(PREFECT_LOGGING_LEVEL="ERROR", PREFECT_HOME=home)
        benchmark = import_module(f"tests.benchmarks.{name}")
        with emulator(getattr(benchmark, "PROFILE", "calm")) as url:
            os.environ.update(client_settings(url))
            print(f"{name}: {(benchmark.__doc__ or '').splitlines()[0]}", flush=True)
            for line in benchmark.run():
                print(f"  {line}", flush=True)


if __name__ == "__main__":
    main()
