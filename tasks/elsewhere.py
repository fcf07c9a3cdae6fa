"""Steps in another process than their run's, as Dask's workers carry them out: what they cost comes back with them."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from tasks.progress import Event, announce, overhearing
from tasks.report import Outcome, Tally
from tasks.scope import Scope


@contextmanager
def tallied(scope: Scope) -> Iterator[Callable[[Outcome], Outcome]]:
    """Within, what this step loses by retries is noted; gives what adds that, and the calls, to its outcome.

    Where the run is in this process, it has heard and counted all of it, and nothing is added.
    """
    if not scope.elsewhere:
        yield lambda outcome: outcome
        return
    lost: list[tuple[str, float]] = []

    def hear(event: Event) -> None:
        if event.status == "retried":
            lost.append((event.what, event.seconds))

    def told(outcome: Outcome) -> Outcome:
        return outcome.model_copy(update={"elsewhere": Tally(calls=scope.calls.take(), lost=tuple(lost))})

    with overhearing(hear):
        yield told


def count(outcome: Outcome, scope: Scope) -> None:
    """Count, in the run's process, what a step has cost elsewhere. One that failed there is told of by the next."""
    if told := outcome.elsewhere:
        scope.calls.add(told.calls)
        for means, seconds in told.lost:
            announce(Event("retried", means, seconds=seconds))


def begun_before(step: str) -> bool:
    """Whether a step, by the id of its task run, was begun by a worker that has died since: Dask runs it once more.

    What isn't run by Dask was not. The scheduler remembers, as long as the run lasts.
    """
    if "distributed" not in sys.modules:
        return False
    from distributed import get_client, get_worker

    try:
        get_worker()
    except ValueError:
        return False
    client: Any = get_client()
    key = ["castra", "begun", step]
    if client.get_metadata(key, default=False):
        return True
    client.set_metadata(key, True)
    return False
