"""Alarms reach people: through a real server's automations and a webhook on this machine."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from operator import not_
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any

import pytest
import yaml
from prefect.blocks.notifications import CustomWebhookNotificationBlock
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.client.schemas.objects import FlowRun
from prefect.events.clients import get_events_client
from prefect.events.schemas.events import Event, Resource
from prefect.settings import PREFECT_API_URL, temporary_settings
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from deployments.alarms import ENDED, NOTIFIER, SCHEDULED, automations, bring_about, by_block, by_sns
from flows.notify_sns import notify_sns
from tests.flows.server import prefect_server

ROOT = Path(__file__).parent.parent.parent
PATIENCE = 120
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ops"
EVENTS = 10  # alarms that wait for an event


@pytest.fixture(scope="module")
def told() -> Iterator[tuple[str, "Queue[Any]"]]:
    """Where notifications arrive, and its address."""
    arrived: Queue[Any] = Queue()

    class Ear(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Ear)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/ops", arrived
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with all its services, that looks each second for what didn't come."""
    allowed = {"PREFECT_SERVER_EVENTS_PROACTIVE_GRANULARITY": "PT1S"}
    with prefect_server(tmp_path_factory.mktemp("prefect"), "--no-ui", **allowed) as url:
        yield f"{url}/api"


@pytest.fixture
def block(server: str, told: tuple[str, "Queue[Any]"]) -> Iterator[Any]:
    """What sends notifications; within, Prefect's client speaks to the server."""
    with temporary_settings({PREFECT_API_URL: server}):
        made: Any = CustomWebhookNotificationBlock(
            name="ops", url=told[0], json_data={"subject": "{{subject}}", "body": "{{body}}"}
        )
        made.save("ops")
        yield made


def send(name: str, id: str, **reason: str) -> None:
    """An event as flows emit it."""

    async def sent() -> None:
        async with get_events_client() as client:
            resource = Resource({"prefect.resource.id": id, "prefect.resource.name": id.rpartition(".")[2]})
            await client.emit(Event(event=name, resource=resource, payload=dict(reason)))

    asyncio.run(sent())


def bring_all_about(server: str, block: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "deployments.alarms", block],
        cwd=ROOT,
        env={**os.environ, "PREFECT_API_URL": server},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_failed_backup_and_a_schedule_that_stands_still_are_told(
    server: str, block: Any, told: tuple[str, "Queue[Any]"]
) -> None:
    unknown = bring_all_about(server, "custom-webhook/nobody")
    assert unknown.returncode == 1
    assert "custom-webhook/nobody: Unable to find block" in unknown.stderr
    assert "Traceback" not in unknown.stderr
    run = bring_all_about(server, "custom-webhook/ops")
    assert run.returncode == 0, run.stderr
    lines = run.stdout.splitlines()
    assert len(lines) == EVENTS + len(ENDED)
    assert all(line.endswith(": made") for line in lines)

    quick = {"hourly-backups": timedelta(seconds=10)}
    again = [bring_about(one) for one in automations(by_block("custom-webhook/ops"), quick)]
    assert again == ["as wanted"] * EVENTS + ["changed"]
    send("castra.backup.failed", "castra.policy.shop.nightly", reason="instance/db: it is locked")
    heard: dict[str, str] = {}
    deadline = time.monotonic() + PATIENCE
    while len(heard) < 2:
        said = told[1].get(timeout=deadline - time.monotonic())
        heard[said["subject"]] = said["body"]
    assert heard["Castra: A backup failed"] == "nightly: instance/db: it is locked"
    assert heard["Castra: hourly-backups is late"] == "No run of hourly-backups has completed within 0:00:10."


@pytest.mark.slow
def test_a_topic_of_sns_is_told_by_a_run_whose_text_is_filled_in(server: str) -> None:
    with temporary_settings({PREFECT_API_URL: server}):
        without = bring_all_about(server, TOPIC)
        assert (without.returncode, "isn't deployed" in without.stderr) == (1, True), without.stderr
        id = notify_sns.to_deployment("castra").apply()
        assert [bring_about(one) for one in automations(by_sns(TOPIC), {})] != []
        send("castra.environment.failed", "castra.environment.shop", reason="Raising shop: vpc/main: no room")
        run = run_of(id)
    told = "shop: Raising shop: vpc/main: no room"
    assert run.parameters == {"topic": TOPIC, "subject": "Castra: An environment failed", "message": told}
    assert f"{notify_sns.name}/castra" == NOTIFIER


def run_of(deployment: Any) -> FlowRun:
    """The run that an automation has made of it, as soon as there is one."""
    wanted = DeploymentFilter(id=DeploymentFilterId(any_=[deployment]))
    patiently = Retrying(stop=stop_after_delay(PATIENCE), wait=wait_fixed(0.2), retry=retry_if_result(not_))
    with get_client(sync_client=True) as client:
        (run,) = patiently(client.read_flow_runs, deployment_filter=wanted)
    return run


def test_what_is_watched_is_what_runs_by_the_clock() -> None:
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    scheduled = {one["name"]: one for one in declared if one.get("schedules")}
    assert set(scheduled) == set(ENDED)
    for one in scheduled.values():
        assert SCHEDULED in one["tags"]
        assert all(schedule["timezone"] for schedule in one["schedules"])
        assert one["concurrency_limit"] == {"limit": 1, "collision_strategy": "CANCEL_NEW"}
