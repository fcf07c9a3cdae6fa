"""`make console`: Castra in Prefect's UI, on an emulated AWS on this machine, with nothing to set up.

A server, the deployments of prefect.yaml, a worker and the emulator, until Ctrl-C; then nothing of it is left.
"""

import argparse
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from prefect.settings import PREFECT_HOME, temporary_settings
from rich.console import Console as Screen

from flows.console import free_port, serve, wait_for
from tests.physics.process import client_settings, emulator

ROOT = Path(__file__).parents[1]
PREFECT = str(Path(sys.executable).parent / "prefect")
POOL = "castra"
REGION = "eu-west-1"
GRACE = 10  # seconds that a process has for its end
screen = Screen(soft_wrap=True, highlight=False)


@dataclass(frozen=True)
class Running:
    """What runs: the addresses of Prefect's UI and of the emulated AWS, and the processes by name."""

    url: str
    aws: str
    processes: Mapping[str, "subprocess.Popen[bytes]"]


def main() -> int:
    """Start all of it, say what to do, and stay until Ctrl-C; 1 if something of it ended before."""
    reader = argparse.ArgumentParser(prog="make console", description=__doc__)
    reader.add_argument("--port", type=int, default=0, help="of the UI; else 4200, or any that is free")
    port = reader.parse_args().port
    if port and not free(port):
        screen.print(f"Port {port} is taken on this machine. Choose another: make console PORT=4201", style="red")
        return 1
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    with tempfile.TemporaryDirectory(prefix="castra-console-", ignore_cleanup_errors=True) as folder:
        try:
            with console(Path(folder), port) as running:
                screen.print(_welcome(running))
                return _stay(running, Path(folder))
        except KeyboardInterrupt:
            screen.print("\nAll of it has ended; nothing is left.")
            return 0


def interrupted(number: int, _: FrameType | None) -> None:
    """The first Ctrl-C ends it all; a second one doesn't keep that from being done."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt(number)


def free(port: int) -> bool:
    """Whether nothing listens there."""
    with socket.socket() as candidate:
        return candidate.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def console(folder: Path, port: int = 0) -> Iterator[Running]:
    """Within, all of it runs; what it keeps, and its logs, are in `folder`."""
    started = time.monotonic()
    with ExitStack() as stack:
        aws = stack.enter_context(emulator())
        told(started, "an emulated AWS", aws)
        stack.enter_context(temporary_settings({PREFECT_HOME: folder}))
        port = port or free_port()
        url = f"http://127.0.0.1:{port}"
        env = environment_of_a_worker(os.environ, aws) | {"PREFECT_HOME": str(folder), "PREFECT_API_URL": f"{url}/api"}
        server = serve(port, url, folder / "server.log")
        stack.callback(end, server)
        wait_for(url, server, folder / "server.log")
        told(started, "Prefect's server", url)
        prefect(env, "work-pool", "create", POOL, "--type", "process")
        prefect(env, "--no-prompt", "deploy", "--all")
        told(started, "the deployments of prefect.yaml", f"on the work pool {POOL}")
        worker = work(env, folder / "worker.log")
        stack.callback(end, worker)
        told(started, "a worker", "which knows no AWS but the emulated one")
        yield Running(url, aws, {"the server": server, "the worker": worker})


def environment_of_a_worker(environ: Mapping[str, str], aws: str) -> dict[str, str]:
    """An environment from which no AWS but the emulated one can be reached, whatever the person's own says.

    Raises ValueError for an address that isn't this machine's.
    """
    if urlsplit(aws).hostname != "127.0.0.1":
        raise ValueError(f"{aws or 'no address'} isn't an emulated AWS on this machine: no worker is started")
    foreign = ("AWS_", "PREFECT_")
    kept = {name: value for name, value in environ.items() if not name.startswith(foreign)}
    nothing = {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    return kept | client_settings(aws, REGION) | nothing


def work(env: Mapping[str, str], log: Path) -> "subprocess.Popen[bytes]":
    """A worker, in a session of its own: what it starts is in it, too, and can be ended with it."""
    command = [PREFECT, "worker", "start", "--pool", POOL, "--name", "console"]
    more = {"PREFECT_WORKER_QUERY_SECONDS": "1"}
    with log.open("wb") as output:
        return subprocess.Popen(
            command, cwd=ROOT, env={**env, **more}, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            start_new_session=True,
        )  # fmt: skip


def end(process: "subprocess.Popen[bytes]") -> None:
    """End a process and all that it has started; after a while, whether it wants to or not."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(GRACE)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def prefect(env: Mapping[str, str], *words: str) -> None:
    """Run Prefect's command to its end. Raises SystemExit with what it said, where it fails."""
    run = subprocess.run(
        [PREFECT, *words], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise SystemExit(f"prefect {' '.join(words)} failed:\n{run.stdout}{run.stderr}")


def told(started: float, what: str, where: str) -> None:
    """One line for each thing that runs."""
    screen.print(f"  {time.monotonic() - started:5.1f} s  {what}: {where}")


def _welcome(running: Running) -> str:
    return f"""
[bold]Castra's console: {running.url}/deployments[/bold]

  1. Choose [bold]raise-from-catalogue[/bold], Run, Custom run: an item, a name, Submit.
  2. Open the run: its graph has a task for each resource, its artifacts are the plan, the result and a picture.
  3. Choose [bold]tear-down[/bold], Run, Custom run: the name, Submit.

Nothing here is real, costs money or outlives this command; its emulated AWS is in {REGION}.
In another shell:

  export PREFECT_API_URL={running.url}/api AWS_ENDPOINT_URL={running.aws} AWS_REGION={REGION}
  export AWS_ACCESS_KEY_ID=emulated AWS_SECRET_ACCESS_KEY=emulated
  .venv/bin/castra list

Ctrl-C ends it."""


def _stay(running: Running, folder: Path) -> int:
    """Until something of it ends, which it shouldn't, or Ctrl-C."""
    while True:
        for name, process in running.processes.items():
            with suppress(subprocess.TimeoutExpired):
                code = process.wait(0.5)
                log = folder / f"{name.removeprefix('the ')}.log"
                screen.print(f"{name} has ended with {code}:", log.read_text()[-2000:], markup=False)
                return 1


if __name__ == "__main__":
    raise SystemExit(main())
