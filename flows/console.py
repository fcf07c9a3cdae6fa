"""The Prefect server that the shell's writing verbs run on: the one that is named, else a local one that lasts."""

import contextlib
import fcntl
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from prefect.settings import (
    PREFECT_API_URL,
    PREFECT_FLOWS_HEARTBEAT_FREQUENCY,
    PREFECT_HOME,
    PREFECT_UI_URL,
    temporary_settings,
)
from tenacity import Retrying, retry_if_result, stop_after_delay, wait_fixed

from tasks.errors import CastraError

PORT = 4200
PATIENCE = 120  # seconds for a server's first start, which makes its database


@contextmanager
def console() -> Iterator[str]:
    """Within, flows run on a server; gives the URL of its UI. A local one is started if need be, and left running."""
    if named := PREFECT_API_URL.value():
        if not _answers_soon(named):
            why = f"no Prefect server answers at PREFECT_API_URL={named}"
            raise CastraError("console", why, "Start it, or unset PREFECT_API_URL to use a local one")
        yield named.removesuffix("/api")
        return
    url = local_server()
    # Heartbeats tell a team's server of runs that died. Here the person at the shell sees that, and each run would wait
    # a second at its end for the heartbeat's thread.
    own = {PREFECT_API_URL: f"{url}/api", PREFECT_UI_URL: url, PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}
    with temporary_settings(own):
        yield url


def local_server() -> str:
    """The URL of this user's local server, started if it doesn't run. Its database is in PREFECT_HOME, and lasts."""
    home = Path(PREFECT_HOME.value())
    home.mkdir(parents=True, exist_ok=True)
    record = home / "castra-console.json"
    with _alone(home / "castra-console.lock"):
        with contextlib.suppress(FileNotFoundError, json.JSONDecodeError, KeyError):
            url = str(json.loads(record.read_text())["url"])
            if _is_ours(url):
                return url
        port = free_port()
        url = f"http://127.0.0.1:{port}"
        process = serve(port, url, home / "castra-console.log")
        record.write_text(json.dumps({"url": url, "pid": process.pid}))
        wait_for(url, process, home / "castra-console.log")
        return url


def stop_local_server() -> bool:
    """Stop this user's local server, if one runs. Its history stays."""
    record = Path(PREFECT_HOME.value()) / "castra-console.json"
    try:
        known = json.loads(record.read_text())
        if not _is_ours(str(known["url"])):
            return False  # its process id may be somebody else's by now
        os.killpg(int(known["pid"]), signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError, json.JSONDecodeError, KeyError):
        return False
    finally:
        record.unlink(missing_ok=True)
    return True


def serve(port: int, url: str, log: Path) -> subprocess.Popen[bytes]:
    """A server that keeps what it keeps in PREFECT_HOME; in a session of its own, so that it outlives the Ctrl-C."""
    settings = {
        "PREFECT_HOME": str(PREFECT_HOME.value()),
        "PREFECT_SERVER_UI_API_URL": f"{url}/api",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        # Without these the recorder takes 45 task runs a second, and drops what its queue can't hold.
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "200",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "500",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    }
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | settings
    with log.open("ab") as output:
        return subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, env=environment
        )


def wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the server answers. Raises CastraError where it doesn't, or has ended."""
    started = time.monotonic()
    ended = Retrying(
        retry=retry_if_result(lambda ready: not ready),
        wait=wait_fixed(0.2),
        stop=stop_after_delay(PATIENCE),
        retry_error_callback=lambda _: False,
    )
    if not ended(lambda: _is_ours(url) or process.poll() is not None) or process.poll() is not None:
        why = f"the local Prefect server didn't start within {time.monotonic() - started:.0f} s"
        raise CastraError("console", why, f"Its log is {log}")


def _answers_soon(api: str) -> bool:
    """Whether it answers within some seconds: a busy server may be late."""
    patience = Retrying(
        retry=retry_if_result(lambda yes: not yes),
        wait=wait_fixed(0.5),
        stop=stop_after_delay(5),
        retry_error_callback=lambda _: False,
    )
    return bool(patience(lambda: _answers(api)))


def _answers(api: str) -> bool:
    try:
        with urllib.request.urlopen(f"{api}/health", timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def _is_ours(url: str) -> bool:
    """Whether the server there keeps what it keeps in this home: another one may have the port by now."""
    try:
        with urllib.request.urlopen(f"{url}/api/admin/settings", timeout=5) as answer:
            return Path(json.load(answer)["home"]) == Path(PREFECT_HOME.value())
    except urllib.error.HTTPError as error:
        return error.code == 401  # it asks who we are, and can't be told apart
    except (OSError, ValueError, KeyError):
        return False


def free_port() -> int:
    """4200, where people look for it, or any that is free."""
    for port in (PORT, 0):
        with socket.socket() as candidate, contextlib.suppress(OSError):
            candidate.bind(("127.0.0.1", port))
            return int(candidate.getsockname()[1])
    raise CastraError("console", "no port is free on this machine", "Close something")


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """One process at a time, on this machine."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
