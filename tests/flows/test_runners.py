"""Steps on Dask: a run on processes of its own; one that dies under it loses nothing and doubles nothing."""

import os
import signal
from pathlib import Path

import psutil
import pytest
from prefect.task_runners import ThreadPoolTaskRunner
from prefect_dask import DaskTaskRunner

from flows.runners import runner
from flows.tear_down import tear_down
from tasks.errors import CastraError
from tests.flows.shell import LIMIT, start
from tests.flows.world import REGION, small, small_document, standing, whole, witness, written
from tests.physics import Physics


def test_steps_run_on_threads_unless_dask_is_asked_for() -> None:
    assert isinstance(runner(), ThreadPoolTaskRunner)
    assert isinstance(runner("2"), DaskTaskRunner)
    assert runner("tcp://127.0.0.1:8786").address == "tcp://127.0.0.1:8786"


@pytest.mark.parametrize("nonsense", ["0", "-1", "many", "2.5"])
def test_what_is_neither_a_number_nor_an_address_is_refused(nonsense: str) -> None:
    with pytest.raises(CastraError, match=r"CASTRA_DASK: .* is neither .* tcp://"):
        runner(nonsense)


@pytest.mark.slow
@pytest.mark.usefixtures("prefect")
def test_a_process_of_dasks_that_dies_is_made_good_for_and_nothing_is_made_twice(
    aws: Physics, tmp_path: Path, name: str
) -> None:
    """It dies in the midst of a create that takes effect, with the results of all steps before it."""
    blueprint = written(small_document(name), tmp_path)
    before = witness()
    creating = aws.rule("CreateSubnet", "hold", 2, "after")
    with start("up", blueprint, "--yes", "--json", env={"CASTRA_DASK": "1"}) as process:
        try:
            assert creating.reached.wait(LIMIT)
            (worker,) = workers_of(process.pid)
            os.kill(worker, signal.SIGKILL)
        finally:
            creating.release()
            out, errors = process.communicate(timeout=LIMIT)
    aws.rules.clear()
    assert process.returncode == 0, errors
    assert '"outcomes"' in out
    assert standing(name) == whole(small(name))
    made = witness() - before
    assert made["subnet"] == len([key for key, _ in whole(small(name)) if key.startswith("subnet/")])
    assert made["vpc"] == made["nat gateway"] == 1
    assert tear_down(name, REGION).left == 0
    assert witness() == before


def workers_of(pid: int) -> list[int]:
    """Dask's processes below this one."""
    below = psutil.Process(pid).children(recursive=True)
    return [one.pid for one in below if "spawn_main" in " ".join(one.cmdline())]
