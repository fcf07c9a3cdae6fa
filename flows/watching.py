"""wait_for: wait for a run's steps, and show in Prefect how far they are where that takes long."""

import time
from collections.abc import Callable, Collection, Sequence
from queue import Empty, SimpleQueue
from typing import Any, cast
from uuid import UUID

from prefect.artifacts import create_progress_artifact, update_progress_artifact
from prefect.futures import PrefectFuture

PATIENCE = 10.0  # seconds; what ends sooner needs no bar
PERIOD = 5.0  # seconds between two words to the server
NAMED = 5  # steps that are named


def wait_for(steps: Sequence[tuple[str, PrefectFuture[Any]]], what: str) -> None:
    """Wait until all have ended, well or not. From the tenth second on, an artifact of the run shows how many have."""
    ended: SimpleQueue[str] = SimpleQueue()
    for name, future in steps:
        future.add_done_callback(_noted(ended, name))
    pending = dict.fromkeys(name for name, _ in steps)  # in the order of the graph
    total, shown, due = len(pending), None, time.monotonic() + PATIENCE
    while pending:
        try:
            pending.pop(ended.get(timeout=max(0.0, due - time.monotonic())), None)
        except Empty:
            shown = _show(shown, what, total, pending)
            due = time.monotonic() + PERIOD
    if shown:
        _show(shown, what, total, ())
    for _, future in steps:
        future.wait()  # it has ended; this is how its state gets known


def _noted(ended: SimpleQueue[str], name: str) -> Callable[[Any], None]:
    return lambda future: ended.put(name)


def _show(shown: UUID | None, what: str, total: int, pending: Collection[str]) -> UUID:
    """Make the artifact, or bring it up to date; its id."""
    done, more = total - len(pending), len(pending) - NAMED
    first = ", ".join(list(pending)[:NAMED]) + (f" and {more} more" if more > 0 else "")
    described = f"{what}: {done} of {total} steps have ended" + (f"; to come: {first}" if first else "")
    percent = 100 * done / total
    if shown is None:
        return cast(UUID, create_progress_artifact(progress=percent, description=described))
    return cast(UUID, update_progress_artifact(artifact_id=shown, progress=percent, description=described))
