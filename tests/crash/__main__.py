"""`make crash-test`: `castra` killed at every write, robbed of every answer, and racing itself."""

import argparse
import multiprocessing
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

import yaml

from tests.crash import cases, operations, stage, worker
from tests.crash.disturbing import Case, Mode, Result

MOST_TOLD = 6  # of one case
MODES: dict[str, list[Mode]] = {
    "kill": ["kill-before", "kill-after"],
    "lose": ["lose"],
    "race": ["race"],
    "all": ["kill-before", "kill-after", "lose", "race"],
}


def run(chosen: argparse.Namespace) -> int:
    """Live all cases; gives the exit code."""
    results: list[Result] = []
    spawn = multiprocessing.get_context("spawn")
    with stage.prefect(), ProcessPoolExecutor(chosen.jobs, spawn, initializer=worker.open_stage) as workers:
        todo: list[tuple[Case, Any]] = []
        for subject, operation in subjects(chosen):
            reference = workers.submit(worker.reference_of, subject, operation).result()
            print(f"{subject}: {reference}", flush=True)
            modes, only = MODES[chosen.mode], chosen.only
            if only is not None:
                of_it = [Case(subject, mode, only, chosen.direction, operation) for mode in modes]
            elif operation:
                of_it = operations.cases(subject, reference, modes, chosen.every, chosen.seed)
            else:
                of_it = cases.cases(subject, reference, modes, chosen.direction, chosen.every, chosen.seed)
            todo += [(case, reference) for case in of_it]
        started = time.monotonic()
        futures = [workers.submit(worker.live, *one) for one in todo]
        for number, future in enumerate(as_completed(futures), 1):
            results.append(future.result())
            for line in told(results[-1]):
                print(line, flush=True)
            if number % 10 == 0:
                print(f"  {number} of {len(todo)} in {time.monotonic() - started:.0f} s", flush=True)
    summary, right = summed(results)
    print(summary)
    return 0 if right else 1


def told(result: Result) -> Iterator[str]:
    case = result.case
    if result.wrong:
        yield f"WRONG {case.subject} {case.mode} k={case.k} {case.direction}, see it again by: {case.again}"
        yield from (f"    {wrong}: {what}" for wrong, what in result.wrong[:MOST_TOLD])
        if len(result.wrong) > MOST_TOLD:
            yield f"    and {len(result.wrong) - MOST_TOLD} more"


def summed(results: list[Result]) -> tuple[str, bool]:
    """The one line at the end, and whether all is right."""
    struck: Counter[str] = Counter()
    for result in results:
        struck[result.case.mode.partition("-")[0]] += result.struck
    wrong = Counter(wrong for result in results for wrong, _ in result.wrong)
    done = f"{struck['kill']} kills, {struck['lose']} lost answers, {struck['race']} races"
    return (
        f"crash-test: {done}: {wrong['doubled']} doubled, {wrong['left']} left, {wrong['lost']} lost",
        bool(results) and not wrong,
    )


def subjects(chosen: argparse.Namespace) -> list[tuple[str, bool]]:
    """The blueprints and the operations that are chosen, all of them where none is; whether it's an operation."""
    if chosen.blueprint or chosen.operation:
        return [(one, False) for one in chosen.blueprint or ()] + [(one, True) for one in chosen.operation or ()]
    return [(one, False) for one in environments()] + [(one, True) for one in operations.OPERATIONS]


def environments() -> list[str]:
    """The examples that are blueprints, but for those that stand on an image which must be built before."""
    told = {path: yaml.safe_load(path.read_text()) or {} for path in sorted(Path("examples").glob("*.yaml"))}
    return [str(path) for path, document in told.items() if "name" in document and not _waits_for_an_image(document)]


def _waits_for_an_image(document: dict[str, Any]) -> bool:
    machines = [one for section in ("servers", "instances") for one in document.get(section, {}).values()]
    return any("built" in one.get("image", ()) for one in machines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    parser.add_argument("--blueprint", action="append", help="a file; repeatable; else every example")
    parser.add_argument("--operation", action="append", choices=operations.OPERATIONS, help="a name; repeatable")
    parser.add_argument("--every", type=int, default=1, help="only every n-th write")
    parser.add_argument("--only", type=int, help="only this write")
    parser.add_argument("--seed", type=int, default=1, help="with --every, at which write it begins")
    parser.add_argument("--jobs", type=int, default=2, help="emulators at once")
    parser.add_argument("--direction", choices=("up", "down", "both"), default="both", help="what is disturbed")
    parser.add_argument("--mode", choices=MODES, default="all")
    sys.exit(run(parser.parse_args()))


if __name__ == "__main__":
    main()
