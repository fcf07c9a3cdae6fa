"""`castra` as people run it: a process of its own, with what it printed and how it ended."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.flows.world import ROOT
from tests.physics import Physics
from tests.physics.rules import When

CASTRA = Path(sys.executable).parent / "castra"
LIMIT = 240  # seconds, on a busy machine; a quiet one needs ten


class Ended(subprocess.CompletedProcess[str]):
    """A run that has ended."""

    @property
    def document(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.stdout)


def castra(*words: object, env: dict[str, str | None] | None = None) -> Ended:
    """Run `castra` to its end, without a terminal. `env` changes its environment; None takes a variable out."""
    command = [str(CASTRA), *map(str, words)]
    run = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environ(env),
        timeout=LIMIT,
        check=False,
    )
    return Ended(run.args, run.returncode, run.stdout, run.stderr)


def start(*words: object, env: dict[str, str | None] | None = None, **more: Any) -> "subprocess.Popen[str]":
    """Start `castra`; its two outputs can be read."""
    settings = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **more}
    return subprocess.Popen([str(CASTRA), *map(str, words)], text=True, cwd=ROOT, env=environ(env), **settings)


def killed(aws: Physics, blueprint: Path, moment: int, when: When, operation: str = "*") -> None:
    """Raise it in a process of its own that is killed at a write, before or after that takes effect."""
    process = start("up", blueprint, "--yes")
    rule = aws.rule(operation, f"kill:{process.pid}", moment, when, writes=True)
    process.communicate(timeout=LIMIT)
    assert (rule.hits, process.returncode) == (1, -signal.SIGKILL)
    aws.rules.clear()


def environ(changes: dict[str, str | None] | None) -> dict[str, str]:
    """This process's environment with changes."""
    changed = {**os.environ, **(changes or {})}
    return {name: value for name, value in changed.items() if value is not None}
