"""A console that a person has started by `make console`, for tests that look at it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.flows.server import free_port
from tests.flows.shell import LIMIT
from tests.flows.test_prefect_end_to_end import Castrum
from tests.flows.world import ROOT

CONSOLE = [sys.executable, "-m", "examples.console"]


@dataclass(frozen=True)
class Shown:
    """A console that runs: what it has said, its process, and the folder under which all of it keeps its files."""

    said: str
    process: "subprocess.Popen[str]"
    folder: Path

    @property
    def castrum(self) -> Castrum:
        """Its server."""
        return Castrum(self._told(r"(http://\S+)/deployments"), {})

    @property
    def aws(self) -> str:
        """The address of its emulated AWS."""
        return self._told(r"AWS_ENDPOINT_URL=(\S+)")

    def _told(self, pattern: str) -> str:
        found = re.search(pattern, self.said)
        assert found, self.said
        return found[1]


@contextmanager
def shown_in(folder: Path) -> Iterator[Shown]:
    """A console within; it's ended if nobody has ended it."""
    command = [*CONSOLE, "--port", str(free_port())]
    env = {**os.environ, "TMPDIR": str(folder), "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = ""
        for line in process.stdout:
            said += line
            if "Ctrl-C ends it" in line:
                break
        try:
            yield Shown(said, process, folder)
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(LIMIT)
