"""PostgreSQL and Redis of their own for a topology, on free ports, with passwords."""

import os
import shutil
import subprocess
import time
from pathlib import Path

from tests.flows.server import free_port
from tests.topology.members import Member
from tests.topology.programs import program

PATIENCE = 60
ROLE = "castra"


def postgres(folder: Path, password: str) -> tuple[Member, int]:
    """A cluster with one database, running; PostgreSQL refuses to run as root, so that it is Debian's user then."""
    home, port = folder / "postgres", free_port()
    home.mkdir()
    user = "postgres" if os.getuid() == 0 else None
    secret = home / "password"
    secret.write_text(password)
    if user:
        shutil.chown(home, user)
        shutil.chown(secret, user)
    data = home / "data"
    asked = [
        "-D",
        str(data),
        "-U",
        ROLE,
        "--pwfile",
        str(secret),
        "--auth",
        "scram-sha-256",
        "-E",
        "UTF8",
        "--locale",
        "C",
    ]
    _run([str(program("initdb")), *asked], home, user)
    words = ["-D", str(data), "-p", str(port), "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=200"]
    member = Member("database", [str(program("postgres")), *words, "-k", str(home)], home, {**os.environ}, user)
    member.start()
    env = {**os.environ, "PGPASSWORD": password}
    create = [str(program("createdb")), "-h", "127.0.0.1", "-p", str(port), "-U", ROLE, ROLE]
    deadline = time.monotonic() + PATIENCE
    while subprocess.run(create, env=env, capture_output=True, check=False).returncode:
        assert member.alive, member.told()
        assert time.monotonic() < deadline, member.told()
        time.sleep(0.2)
    return member, port


def redis(folder: Path, password: str) -> tuple[Member, int]:
    """A Redis that keeps what it's told, running."""
    home, port = folder / "redis", free_port()
    home.mkdir()
    settings = home / "redis.conf"
    settings.write_text(f"bind 127.0.0.1\nport {port}\ndir {home}\nappendonly yes\nrequirepass {password}\n")
    member = Member("redis", [str(program("redis-server")), str(settings)], home, {**os.environ})
    member.start()
    return member, port


def _run(command: list[str], folder: Path, user: str | None) -> None:
    run = subprocess.run(command, cwd=folder, user=user, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
