"""The programs of Debian's packages that the topology stands on, wherever they are on this machine."""

import shutil
from pathlib import Path

NEEDED = {"initdb": "postgresql", "postgres": "postgresql", "redis-server": "redis-server", "nginx": "nginx-light"}
"""Each program, and the package that brings it."""


def program(name: str) -> Path | None:
    """Where a program is, if it is there at all: Debian has those of PostgreSQL's servers on nobody's PATH."""
    beside = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    if beside:
        return beside[-1]
    found = shutil.which(name, path="/usr/local/bin:/usr/bin:/usr/sbin:/usr/local/sbin")
    return Path(found) if found else None


def missing() -> str:
    """What has to be installed, in words; empty if nothing has."""
    lacking = [name for name in NEEDED if program(name) is None]
    packages = sorted({NEEDED[name] for name in lacking})
    return f"there's no {', '.join(lacking)} here: apt-get install {' '.join(packages)}" if lacking else ""
