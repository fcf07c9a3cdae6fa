"""An emulated AWS, and `castra` on it in processes of its own, to be killed, robbed of an answer, or raced."""

import json
import multiprocessing
import os
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import count
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from unittest.mock import patch

import boto3
from botocore.config import Config

from tests.flows.server import prefect_server
from tests.physics.process import client_settings, emulator

LIMIT = 240  # seconds that one run may take, on a busy machine
LEASE_IS_OVER = 30  # seconds after which a dead run's lease has expired
_forks = multiprocessing.get_context("forkserver")


@dataclass(frozen=True)
class Ended:
    """How a run ended: its exit code (-9 if it was killed) and all that it printed."""

    code: int
    output: str

    @property
    def clearly(self) -> bool:
        """Done, or refused or failed in words."""
        return self.code in (0, 1) and "Traceback" not in self.output


class Running:
    """A run that waits at its gate until `go`."""

    def __init__(self, words: tuple[str, ...], settings: dict[str, str], output: Path, poll_seconds: float) -> None:
        from tests.crash import command  # imports Prefect, which reads its settings then

        ours, theirs = _forks.Pipe()
        self.gate: Connection = ours
        self.output = output
        arguments = (list(words), settings, str(output), poll_seconds, theirs)
        self.process = _forks.Process(target=command.run, args=arguments)
        self.process.start()

    @property
    def pid(self) -> int:
        return self.process.pid or 0

    def go(self) -> None:
        self.gate.send("go")

    def end(self) -> Ended:
        """Wait for its end."""
        self.process.join(LIMIT)
        if self.process.exitcode is None:
            self.process.kill()
            self.process.join()
            return Ended(124, f"still running after {LIMIT} s\n{self.output.read_text()}")
        return Ended(self.process.exitcode, self.output.read_text() if self.output.exists() else "")


class Stage:
    """One emulator, reset before each case."""

    def __init__(self, url: str, folder: Path, poll_seconds: float = 0.1) -> None:
        self.url, self.folder, self.poll_seconds = url, folder, poll_seconds
        self.numbers = count(1)

    # ------------------------------------------------------------------ runs

    def start(self, *words: object) -> Running:
        """Start `castra`; it waits at its gate."""
        output = self.folder / f"{os.getpid()}-{next(self.numbers)}.out"
        server = {name: os.environ[name] for name in ("PREFECT_API_URL", "PREFECT_HOME")}
        return Running(tuple(map(str, words)), client_settings(self.url) | server, output, self.poll_seconds)

    def castra(self, *words: object) -> Ended:
        """Run `castra` to its end."""
        running = self.start(*words)
        running.go()
        return running.end()

    # ------------------------------------------------------------------ the emulator

    def ask(self, method: str, path: str, **body: Any) -> Any:
        """Its own interface, `/physics/...`."""
        request = urllib.request.Request(f"{self.url}/physics/{path}", json.dumps(body).encode(), method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def reset(self) -> None:
        self.ask("POST", "reset")

    def age(self, id: str, days: float) -> None:
        """Make an image or a snapshot so many days older."""
        self.ask("POST", "age", id=id, seconds=days * 86400)

    def rule(self, effect: str, nth: int, when: str = "before") -> None:
        """Order the fate of the nth write from now on."""
        self.ask("POST", "rules", operation="*", effect=effect, nth=nth, when=when, writes=True)

    def struck(self) -> bool:
        """Whether an order was carried out; forgets all orders."""
        hits = sum(rule["hits"] for rule in self.ask("GET", "rules"))
        self.ask("DELETE", "rules")
        return hits > 0

    def writes(self) -> int:
        """How many writes there were since the last reset."""
        return len(self.ask("GET", "writes"))

    def let_the_lease_expire(self) -> None:
        """Move AWS's clock on, S3's too: a dead run's lease counts by it alone."""
        self.ask("POST", "advance", seconds=LEASE_IS_OVER)

    # ------------------------------------------------------------------ plain clients

    @cached_property
    def _clients(self) -> dict[str, Any]:
        return {}

    def client(self, service: str, region: str = "eu-west-1") -> Any:
        """A plain client of this emulator."""
        key = f"{service} in {region}"
        if key not in self._clients:
            patience = Config(retries={"mode": "standard", "total_max_attempts": 10})
            self._clients[key] = boto3.client(service, region_name=region, endpoint_url=self.url, config=patience)
        return self._clients[key]


@contextmanager
def prefect() -> Iterator[None]:
    """Within, runs are told to one Prefect server, which only this has. Enter it before anything imports Prefect."""
    with (
        tempfile.TemporaryDirectory(prefix="castra-crash-", ignore_cleanup_errors=True) as home,
        prefect_server(Path(home), "--no-services", "--no-ui") as url,
    ):
        settings = {
            "PREFECT_HOME": home,
            "PREFECT_API_URL": f"{url}/api",
            "PREFECT_LOGGING_TO_API_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "CRITICAL",
        }
        with patch.dict(os.environ, settings):
            yield


@contextmanager
def stage(profile: str = "calm", seed: int = 1, poll_seconds: float = 0.1) -> Iterator[Stage]:
    """An emulator, and forks of one warmed process; within, this process's clients speak to the emulator, too."""
    with (
        tempfile.TemporaryDirectory(prefix="castra-crash-") as folder,
        emulator(profile, seed) as url,
        patch.dict(os.environ, {**client_settings(url), "CASTRA_TESTS_WARM": "1"}),
    ):
        _forks.set_forkserver_preload(["tests.crash.command"])
        yield Stage(url, Path(folder), poll_seconds)
