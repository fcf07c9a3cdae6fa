"""`make console`: one command from a clone to a raised environment, and nothing is left when it ends."""

import json
import os
import signal
import socket
import subprocess
import urllib.error
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from examples.console import environment_of_a_worker, free
from tests.console import CONSOLE, Shown, shown_in
from tests.flows.shell import LIMIT
from tests.flows.world import ROOT
from tests.physics.process import emulator


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Shown]:
    """A console that a person has started; it's ended if the test hasn't."""
    with shown_in(tmp_path) as shown:
        yield shown


def belonging_to(folder: Path) -> list[str]:
    """The commands of all processes that were started with files in this folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if str(folder).encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_bytes().replace(b"\0", b" ").decode())
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue  # it has ended meanwhile, or is somebody else's
    return found


@pytest.mark.thorough
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="this system doesn't list processes in /proc")
def test_an_environment_is_raised_in_the_console_and_nothing_is_left_of_it(shown: Shown) -> None:
    castrum = shown.castrum
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert len(castrum.ask("deployments/filter")) == len(declared)
    form = castrum.deployment("raise-from-catalogue")["id"]
    with pytest.raises(urllib.error.HTTPError) as refused:
        castrum.ask(f"deployments/{form}/create_flow_run", parameters={"item": "castle", "name": "first"})
    assert refused.value.code == 409
    assert "'castle' is not one of" in json.load(refused.value)["detail"]
    asked = {"item": "batch", "name": "first", "owner": "me"}
    for flow, parameters in (
        ("raise-from-catalogue", asked),
        ("tear-down", {"environment": "first", "region": "eu-west-1"}),
    ):
        deployment = castrum.deployment(flow)["id"]
        run = castrum.ask(f"deployments/{deployment}/create_flow_run", parameters=parameters)
        ended = castrum.ended(run["id"])
        assert ended["state_type"] == "COMPLETED", ended["state"]["message"]
    assert len(belonging_to(shown.folder)) >= 4
    shown.process.send_signal(signal.SIGINT)
    said, _ = shown.process.communicate(timeout=LIMIT)
    assert "nothing is left" in said
    assert shown.process.returncode == 0
    assert belonging_to(shown.folder) == []
    assert list(shown.folder.glob("castra-console-*")) == []


def test_a_port_that_is_taken_is_said_in_one_sentence() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        run = subprocess.run(
            [*CONSOLE, "--port", str(port)], cwd=ROOT, capture_output=True, text=True, timeout=LIMIT, check=False
        )
    assert run.returncode == 1
    assert run.stdout == f"Port {port} is taken on this machine. Choose another: make console PORT=4201\n"
    assert run.stderr == ""


def test_a_worker_of_the_console_reaches_no_aws_but_the_emulated_one() -> None:
    mine = {"AWS_PROFILE": "prod", "AWS_SESSION_TOKEN": "real", "PREFECT_API_KEY": "real", "PATH": "/bin"}
    env = environment_of_a_worker(mine, "http://127.0.0.1:5056")
    assert env["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5056"
    assert env["AWS_CONFIG_FILE"] == env["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert "real" not in env.values()
    assert "prod" not in env.values()
    with pytest.raises(ValueError, match="isn't an emulated AWS on this machine"):
        environment_of_a_worker(mine, "https://ec2.eu-west-1.amazonaws.com")


def interrupted_with_an_emulator(ports: list[int]) -> None:
    with emulator() as url:
        ports.append(urlsplit(url).port or 0)
        raise KeyboardInterrupt


def test_ctrl_c_leaves_no_emulator_behind() -> None:
    ports: list[int] = []
    with pytest.raises(KeyboardInterrupt):
        interrupted_with_an_emulator(ports)
    assert free(ports[0])
