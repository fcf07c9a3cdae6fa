"""The processes of a topology: each can be started, killed with all that it started, and started anew."""

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path


class Member:
    """One process, which writes to a log of its own."""

    def __init__(
        self, name: str, command: list[str], folder: Path, env: dict[str, str], user: str | None = None
    ) -> None:
        self.name, self.command, self.env, self.user = name, command, env, user
        self.log = folder / f"{name}.log"
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, in a session of its own; its log goes on where it was."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self.user,
            )

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self.process is not None and self.process.poll() is None

    def children(self) -> list[int]:
        """The processes that it started, and those that they started."""
        return descendants(self.process.pid) if self.process and self.alive else []

    def kill(self) -> int:
        """SIGKILL it and all that it started, as the loss of its machine does; how many processes that were."""
        if not self.process:
            return 0
        struck = [self.process.pid, *self.children()]
        for pid in struck:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(30)
        return len(struck)

    def told(self) -> str:
        """The end of its log, for who has to find out what went wrong."""
        return f"{self.name}:\n" + "\n".join(self.log.read_text(errors="replace").splitlines()[-30:])


def descendants(pid: int) -> list[int]:
    """All processes that came of one, however many removes."""
    of: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            of.setdefault(parent, []).append(int(stat.parent.name))
    found: list[int] = []
    open_ends = [pid]
    while open_ends:
        children = of.get(open_ends.pop(), [])
        found += children
        open_ends += children
    return found
