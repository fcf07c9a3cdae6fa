"""`make topology`: many environments at once on a team's server, while a worker and a server are killed."""

import argparse
import sys

from tests.topology.programs import missing
from tests.topology.scenario import disturb


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.topology", description=__doc__)
    parser.add_argument("--environments", type=int, default=50, help="how many are raised at once")
    chosen = parser.parse_args()
    if lacking := missing():
        sys.exit(lacking)
    figures = disturb(chosen.environments, lambda line: print(f"  {line}", flush=True))
    print(figures)
    sys.exit(1 if figures.lost or figures.doubled or figures.left or figures.runs_open else 0)


if __name__ == "__main__":
    main()
