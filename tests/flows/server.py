"""A Prefect server for tests: of its own folder, on a free port, gone with the test session."""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

PATIENCE = 180  # seconds; a server's first start makes its database
QUIET = {
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_SERVER_LEVEL": "ERROR",
    "PREFECT_SERVER_LOGGING_LEVEL": "ERROR",
}


def post(url: str, path: str, **body: Any) -> Any:
    """Ask a server's API; the answer. SQLite takes one writer at a time, and then the server says 503: asked again."""
    headers = {"Content-Type": "application/json"}
    sent = urllib.request.Request(f"{url}/api/{path}", json.dumps(body).encode(), headers)
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            with urllib.request.urlopen(sent, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            if error.code != 503 or time.monotonic() > deadline:
                raise
            error.close()
            time.sleep(0.2)


@contextmanager
def prefect_server(folder: Path, *words: str, **settings: str) -> Iterator[str]:
    """Run one within; gives its address. `words` are further options of `prefect server start`."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), *words]
    environment = {**os.environ, **QUIET, "PREFECT_HOME": str(folder), **settings}
    environment.pop("PREFECT_API_URL", None)
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment)
    try:
        wait_for(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    """Wait until it answers."""
    deadline = time.monotonic() + PATIENCE
    while not answers(url):
        assert process.poll() is None, f"the Prefect server ended with {process.returncode}"
        assert time.monotonic() < deadline, f"the Prefect server didn't start within {PATIENCE} s"
        time.sleep(0.1)


def answers(url: str) -> bool:
    """Whether a server answers there."""
    try:
        with urllib.request.urlopen(f"{url}/api/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def free_port() -> int:
    """A port of this machine that nobody uses now."""
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        return int(candidate.getsockname()[1])
