"""A worker that is killed with its run leaves neither a run that runs for ever nor a slot that is taken."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.events.schemas.automations import EventTrigger
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Pending

from deployments.zombies import automations
from tests.flows.server import prefect_server
from tests.flows.world import ROOT

POOL = "lonely"
PATIENCE = 180


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """A server with all its services, that looks each second for what didn't come, and for slots to give away."""
    allowed = {
        "PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT1S",
        "PREFECT_SERVER_SERVICES_REPOSSESSOR_LOOP_SECONDS": "1",
        "PREFECT_SERVER_CONCURRENCY_MAXIMUM_CONCURRENCY_SLOT_WAIT_SECONDS": "1",
    }
    with prefect_server(tmp_path, "--no-ui", **allowed) as url, temporary_settings({PREFECT_API_URL: f"{url}/api"}):
        yield f"{url}/api"


def command(server: str, *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=ROOT,
        env={**os.environ, "PREFECT_API_URL": server},
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def worker(server: str, folder: Path) -> Iterator[int]:
    """A worker of the pool; gives its process id."""
    words = ["prefect", "worker", "start", "--pool", POOL]
    environment = {**os.environ, "PREFECT_API_URL": server, "PREFECT_WORKER_QUERY_SECONDS": "1"}
    environment["PREFECT_FLOWS_HEARTBEAT_FREQUENCY"] = "30"
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *words],
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
        )
    try:
        yield process.pid
    finally:
        kill(process.pid)
        process.wait(30)


def kill(pid: int) -> int:
    """SIGKILL a process and all that came of it, in whatever session; how many. So ends what was on a lost machine."""
    of: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            of.setdefault(int(stat.read_text().rpartition(")")[2].split()[1]), []).append(int(stat.parent.name))
    struck = [pid]
    for one in struck:
        struck += of.get(one, [])
    for one in struck:
        with suppress(ProcessLookupError):
            os.kill(one, signal.SIGKILL)
    return len(struck)


def deploy(name: str, **options: Any) -> str:
    """Deploy the flow that waits, with the tag of Castra's deployments; its name."""
    loaded: Any = flow.from_source(source=str(ROOT), entrypoint="tests/deployments/waiting.py:waiting")
    loaded.deploy(name=name, work_pool_name=POOL, tags=["castra"], print_next_steps=False, **options)
    return f"waiting/{name}"


def until(client: SyncPrefectClient, run: FlowRun, *states: str) -> Any:
    """Wait until a run is in one of these states; the state."""
    deadline = time.monotonic() + PATIENCE
    while True:
        state = client.read_flow_run(run.id).state
        if state is not None and state.type.value in states:
            return state
        assert time.monotonic() < deadline, f"the run is still {state}"
        time.sleep(0.2)


@pytest.mark.thorough
def test_killed_with_its_worker_a_run_ends_crashed_and_its_slot_is_free(server: str, tmp_path: Path) -> None:
    quick = ("deployments.zombies", "--silent", "60", "--unbegun", "20")
    told = command(server, *quick)
    assert told.stdout.splitlines() == ["castra: a run fell silent: made", "castra: a run never began: made"], (
        told.stderr
    )
    assert all(line.endswith(": as wanted") for line in command(server, *quick).stdout.splitlines())
    assert command(server, "prefect", "work-pool", "create", POOL, "--type", "process").returncode == 0
    one_at_a_time, any_number = deploy("one", concurrency_limit=1), deploy("any")
    pipe, empty = tmp_path / "pipe", tmp_path / "empty"
    os.mkfifo(pipe)
    empty.touch()
    with get_client(sync_client=True) as client:
        ids = {name: client.read_deployment_by_name(name).id for name in (one_at_a_time, any_number)}

        def start(name: str, file: Path, **state: Any) -> FlowRun:
            return client.create_flow_run_from_deployment(ids[name], parameters={"pipe": str(file)}, **state)

        with worker(server, tmp_path) as pid:
            struck = start(one_at_a_time, pipe)
            until(client, struck, "RUNNING")
            assert heard_of(client, struck)
            assert kill(pid) >= 2  # the worker and the run
        unbegun = start(any_number, empty, state=Pending())
        assert "didn't begin" in until(client, unbegun, "CRASHED").message
        with worker(server, tmp_path):
            waits = start(one_at_a_time, empty)
            assert "told nothing" in until(client, struck, "CRASHED").message
            until(client, waits, "COMPLETED")


@pytest.mark.thorough
def test_without_automations_a_dead_runs_slot_is_free_once_prefects_own_lease_of_it_has_expired(
    server: str, tmp_path: Path
) -> None:
    """The lease lasts for five minutes from its last renewal; here it's made to last a minute more, the least."""
    assert command(server, "prefect", "work-pool", "create", POOL, "--type", "process").returncode == 0
    name, pipe, empty = deploy("one", concurrency_limit=1), tmp_path / "pipe", tmp_path / "empty"
    os.mkfifo(pipe)
    empty.touch()
    with get_client(sync_client=True) as client:
        deployment = client.read_deployment_by_name(name).id
        with worker(server, tmp_path) as pid:
            struck = client.create_flow_run_from_deployment(deployment, parameters={"pipe": str(pipe)})
            lease = until(client, struck, "RUNNING").state_details.deployment_concurrency_lease_id
            assert heard_of(client, struck)
            assert kill(pid) >= 2
        with worker(server, tmp_path):
            waits = client.create_flow_run_from_deployment(deployment, parameters={"pipe": str(empty)})
            assert until_held_back(client, waits)
            client.renew_concurrency_lease(lease, lease_duration=60)
            until(client, waits, "COMPLETED")
        left = client.read_flow_run(struck.id).state
        assert left is not None
        assert left.is_running()  # nobody told that it's dead: that is what the automations are for


def until_held_back(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Wait until a worker has asked for the run's slot, and wasn't given it."""
    deadline = time.monotonic() + PATIENCE
    while "AwaitingConcurrencySlot" not in {state.name for state in client.read_flow_run_states(run.id)}:
        assert time.monotonic() < deadline, "it was never held back"
        time.sleep(0.2)
    return True


def heard_of(client: SyncPrefectClient, run: FlowRun) -> bool:
    """Wait until the server has heard the run's first heartbeat: silence is counted from there."""
    asked = {
        "event": {"name": ["prefect.flow-run.heartbeat"]},
        "resource": {"id": [f"prefect.flow-run.{run.id}"]},
    }
    deadline = time.monotonic() + PATIENCE
    while not client.request("POST", "/events/filter", json={"filter": asked}).json()["total"]:
        assert time.monotonic() < deadline, "no heartbeat was heard"
        time.sleep(0.2)
    return True


def test_each_run_of_castras_is_watched_by_itself_and_no_end_of_one_is_taken_for_silence() -> None:
    for automation in automations():
        trigger = automation.trigger
        assert isinstance(trigger, EventTrigger)
        assert trigger.for_each == {"prefect.resource.id"}
        assert trigger.after <= trigger.expect
        ends = {"Completed", "Failed", "Crashed", "Cancelled", "TimedOut", "Suspended"}
        assert {f"prefect.flow-run.{name}" for name in ends} <= trigger.expect


def test_less_than_two_heartbeats_is_refused() -> None:
    refused = command("http://127.0.0.1:9/api", "deployments.zombies", "--silent", "30")
    assert refused.returncode == 2
    assert "--silent" in refused.stderr
