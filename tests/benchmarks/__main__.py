"""`make bench`: figures as ratios measured in one run. No figure decides whether a test passes: machines are noisy."""

import os
import sys
import tempfile
from importlib import import_module

from tests.physics.process import client_settings, emulator

BENCHMARKS = ("shell", "second_up", "size", "engine")


def main() -> None:
    """Run those named on the command line, or all; each on an empty AWS, with a home of its own for Prefect."""
    for name in sys.argv[1:] or BENCHMARKS:
        with tempfile.TemporaryDirectory() as home, emulator() as url:
            os.environ.update(client_settings(url), PREFECT_HOME=home, PREFECT_LOGGING_LEVEL="ERROR")
            benchmark = import_module(f"tests.benchmarks.{name}")
            print(f"{name}: {(benchmark.__doc__ or '').splitlines()[0]}", flush=True)
            for line in benchmark.run():
                print(f"  {line}", flush=True)


if __name__ == "__main__":
    main()
