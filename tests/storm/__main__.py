"""`make storm-test`: raise, change, raise and strike on bad days; each seed is another one."""

import argparse
import multiprocessing
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

from tests.crash.stage import prefect
from tests.storm.life import Result, live


def run(first: int, seeds: int, jobs: int) -> int:
    """Live all; gives the exit code."""
    results: list[Result] = []
    with prefect(), ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as workers:
        futures = [workers.submit(live, seed) for seed in range(first, first + seeds)]
        for future in as_completed(futures):
            result = future.result()
            results.append(result)
            print(f"  seed {result.seed}: {result.seconds:.0f} s, {result.again} re-runs", flush=True)
            for wrong, what in result.wrong:
                print(f"WRONG seed {result.seed}: {wrong}: {what}", flush=True)
            if result.wrong:
                print(f"    see it again by: python -m tests.storm --seeds 1 --first {result.seed}", flush=True)
    lost = sum((result.lost for result in results), Counter[str]())
    print("  tried again: " + (", ".join(f"{what} {number:.0f}" for what, number in sorted(lost.items())) or "nothing"))
    wrong = Counter(wrong for result in results for wrong, _ in result.wrong)
    told = f"{wrong['doubled']} doubled, {wrong['left']} left, {wrong['lost']} lost"
    print(f"storm-test: {len(results)} seeds: {told}; re-runs: {sum(result.again for result in results)}")
    return 1 if wrong else 0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="how many")
    parser.add_argument("--first", type=int, default=1, help="the first of them")
    parser.add_argument("--jobs", type=int, default=2, help="emulators at once")
    asked = parser.parse_args()
    sys.exit(run(asked.first, asked.seeds, asked.jobs))


if __name__ == "__main__":
    main()
