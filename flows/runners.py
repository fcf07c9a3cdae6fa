"""What runs a flow's steps: threads of the run's process; or, where one process isn't enough, Dask's."""

import os
from typing import Any

from prefect.task_runners import ThreadPoolTaskRunner

from tasks.errors import CastraError

DASK = "CASTRA_DASK"
"""An environment variable: how many processes of this machine carry the steps out, or the address of a scheduler."""

WIDTH = 4096
"""Threads at most. A submitted task waits for what it needs in its thread, so the pool is as wide as the graph; threads
are only made when there's a step for each, and what bounds the calls is the scope's `Turns`."""

THREADS = 256  # of each of Dask's processes: a step that waits for AWS holds one, one that waits for another step none


def runner(dask: str = "") -> Any:
    """A task runner of Prefect's: threads, or Dask by a number of processes or a scheduler's address.

    Raises CastraError where Dask is asked for and not installed, or by what is neither.
    """
    if not dask:
        return ThreadPoolTaskRunner(max_workers=WIDTH)
    try:
        from prefect_dask.task_runners import DaskTaskRunner
    except ImportError as error:
        raise CastraError(DASK, "prefect-dask isn't installed", "Install castra[dask], or unset it") from error
    if "://" in dask:
        return DaskTaskRunner(address=dask)
    if not dask.isdecimal() or dask == "0":
        why = f"{dask!r} is neither a number of processes nor a scheduler's address"
        raise CastraError(DASK, why, "Write 4, say, or tcp://10.0.0.5:8786")
    return DaskTaskRunner(
        cluster_kwargs={"n_workers": int(dask), "threads_per_worker": THREADS, "dashboard_address": "127.0.0.1:0"}
    )


RUNNER: Any = runner()
STEPS: Any = runner(os.environ.get(DASK, ""))
"""For flows whose steps are a plan's only: an operation's deeds and a sweep's runs can't leave their process."""
