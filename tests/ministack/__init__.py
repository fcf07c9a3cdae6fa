"""The second emulator, ministack: it shares no code with the first, and really runs functions, their triggers and APIs.

It pins another botocore than Castra, so `make setup` gives it a virtual environment of its own.
https://github.com/ministackorg/ministack
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from tests.flows.server import free_port

PROGRAM = Path(sys.prefix) / "ministack" / "bin" / "ministack"
ACCOUNT = "123456789012"


@contextmanager
def ministack() -> Iterator[str]:
    """Run one on a free port of this machine, until the end of the block; gives its URL."""
    assert PROGRAM.exists(), f"there's no {PROGRAM}: run `make setup`"
    port = free_port()
    own = {"GATEWAY_PORT": str(port), "BIND_HOST": "127.0.0.1", "MINISTACK_ACCOUNT_ID": ACCOUNT}
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")} | own
    with tempfile.TemporaryDirectory(prefix="castra-ministack-") as folder:
        with (Path(folder) / "log").open("wb") as log:
            process = subprocess.Popen([PROGRAM], cwd=folder, stdout=log, stderr=log, env=environment)
        try:
            url = f"http://127.0.0.1:{port}"
            wait_for(f"{url}/_ministack/health")
            yield url
        finally:
            process.terminate()
            process.wait(30)


@retry(
    retry=retry_if_exception_type(httpx.TransportError), stop=stop_after_delay(60), wait=wait_fixed(0.1), reraise=True
)
def wait_for(url: str) -> None:
    """Wait until it answers."""
    httpx.get(url, timeout=5).raise_for_status()
