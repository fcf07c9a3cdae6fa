"""A team's server, started from the files in `deployments/` with other addresses, and who asks it."""

import base64
import json
import os
import secrets
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.flows.server import answers, free_port
from tests.flows.world import ROOT
from tests.topology.members import Member
from tests.topology.programs import program
from tests.topology.stores import postgres, redis

PREFECT = str(Path(sys.executable).parent / "prefect")
POOL = "castra"
PATIENCE = 180


def settings(name: str) -> dict[str, str]:
    """One of the environment files in `deployments/`."""
    lines = (ROOT / "deployments" / name).read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


@dataclass
class Topology:
    """What runs, and the environment of those who speak to it."""

    url: str
    auth: str
    env: dict[str, str]
    servers: list[Member]
    services: Member
    workers: list[Member]

    def ask(self, path: str, **body: Any) -> Any:
        """POST to its API with the password and a token against forgery, and again while no server answers."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                token = self._fetch("GET", "csrf-token?client=topology")["token"]
                return self._fetch("POST", path, body, {"Prefect-Csrf-Token": token, "Prefect-Csrf-Client": "topology"})
            except (urllib.error.URLError, ConnectionError) as error:
                gone = not isinstance(error, urllib.error.HTTPError) or error.code in (502, 503, 504)
                if not gone or time.monotonic() > deadline:
                    raise
                time.sleep(0.5)

    @property
    def word(self) -> str:
        """The header that lets one in."""
        return f"Basic {base64.b64encode(self.auth.encode()).decode()}"

    def _fetch(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        encoded = None if body is None else json.dumps(body).encode()
        said = {"Content-Type": "application/json", "Authorization": self.word, **(headers or {})}
        asked = urllib.request.Request(f"{self.url}/api/{path}", encoded, said, method=method)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return json.load(answer)

    def refusal(self, path: str, body: bytes | None = None, **headers: str) -> int:
        """The status of a GET, or of a POST if there's a body, with these headers alone."""
        asked = urllib.request.Request(f"{self.url}/api/{path}", body, {"Content-Type": "application/json", **headers})
        try:
            urllib.request.urlopen(asked, timeout=60).close()
        except urllib.error.HTTPError as error:
            error.close()
            return error.code
        return 200

    def run(self, *words: str) -> str:
        """Run a command of this repository to its end, as a person at a shell does; what it printed."""
        run = subprocess.run(
            list(words), cwd=ROOT, env=self.env, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def deployment(self, flow: str) -> str:
        """The id of a verb's deployment."""
        (known,) = self.ask(
            "deployments/filter", flows={"name": {"any_": [flow]}}, deployments={"name": {"any_": [POOL]}}
        )
        return str(known["id"])

    def start_run(self, deployment: str, key: str, **parameters: Any) -> str:
        """Start a run, one for each key; its id."""
        asked = {"parameters": parameters, "idempotency_key": key}
        return str(self.ask(f"deployments/{deployment}/create_flow_run", **asked)["id"])

    def runs(self, ids: list[str]) -> list[Any]:
        """Runs as they are now."""
        return list(self.ask("flow_runs/filter", flow_runs={"id": {"any_": ids}})) if ids else []


@contextmanager
def topology(folder: Path, workers: int = 3, limit: int = 4, **more: str) -> Iterator[Topology]:
    """Start all of it within, end all of it at the end; `more` are settings of the servers beside their file's."""
    with ExitStack() as stack:
        word, auth = secrets.token_urlsafe(16), f"castra:{secrets.token_urlsafe(24)}"
        database, database_port = postgres(folder, word)
        stack.callback(database.kill)
        store, redis_port = redis(folder, word)
        stack.callback(store.kill)
        server_env = {
            **_clean(),
            **settings("server.env"),
            "PREFECT_HOME": str(folder / "server"),
            "PREFECT_SERVER_API_HOST": "127.0.0.1",
            "PREFECT_SERVER_API_AUTH_STRING": auth,
            "PREFECT_SERVER_DATABASE_HOST": "127.0.0.1",
            "PREFECT_SERVER_DATABASE_PORT": str(database_port),
            "PREFECT_SERVER_DATABASE_PASSWORD": word,
            "PREFECT_REDIS_MESSAGING_URL": f"redis://:{word}@127.0.0.1:{redis_port}/0",
            "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL": f"redis://:{word}@127.0.0.1:{redis_port}/0",
            "PREFECT_SERVER_DOCKET_URL": f"redis://:{word}@127.0.0.1:{redis_port}/0",
            **more,
        }
        tables = [PREFECT, "server", "database", "upgrade", "--yes"]
        made = subprocess.run(tables, env=server_env, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stdout + made.stderr
        ports = [free_port(), free_port()]
        url, front = _front(folder, ports)
        server_env["PREFECT_SERVER_UI_API_URL"] = f"{url}/api"
        start = [PREFECT, "server", "start", "--no-services"]
        servers = [
            Member(f"server-{number}", [*start, "--port", str(port)], folder, server_env)
            for number, port in enumerate(ports, 1)
        ]
        services = Member("services", [PREFECT, "server", "services", "start"], folder, server_env)
        env = {
            **_clean(),
            **settings("worker.env"),
            "PREFECT_HOME": str(folder / "worker"),
            "PREFECT_API_URL": f"{url}/api",
            "PREFECT_API_AUTH_STRING": auth,
        }
        work = [PREFECT, "worker", "start", "--pool", POOL, "--limit", str(limit)]
        names = [f"worker-{number}" for number in range(1, workers + 1)]
        crew = [Member(name, [*work, "--name", name], folder, env) for name in names]
        for server, port in zip(servers, ports, strict=True):  # one after the other, as in compose.yaml
            stack.callback(server.kill)
            server.start()
            _wait(f"http://127.0.0.1:{port}", [server])
        for member in (services, front):
            stack.callback(member.kill)
            member.start()
        _wait(url, [front])
        made_of = Topology(url, auth, env, servers, services, crew)
        made_of.run(PREFECT, "work-pool", "create", POOL, "--type", "process")
        made_of.run(PREFECT, "--no-prompt", "deploy", "--all")
        for member in crew:
            stack.callback(member.kill)
            member.start()
        yield made_of


def _clean() -> dict[str, str]:
    """This process's environment without any setting of Prefect's."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}


def _front(folder: Path, ports: list[int]) -> tuple[str, Member]:
    """The front door, by the file that stands in `deployments/`."""
    home, port = folder / "front", free_port()
    home.mkdir()
    text = (ROOT / "deployments" / "nginx.conf").read_text().replace("/tmp/", f"{home}/")
    for number, at in enumerate(ports, 1):
        assert f"server-{number}:4200" in text
        text = text.replace(f"server-{number}:4200", f"127.0.0.1:{at}")
    (home / "nginx.conf").write_text(text.replace("listen 8080", f"listen 127.0.0.1:{port}"))
    ours = "daemon off; user root;" if os.getuid() == 0 else "daemon off;"
    command = [str(program("nginx")), "-c", str(home / "nginx.conf"), "-p", str(home), "-g", ours]
    return f"http://127.0.0.1:{port}", Member("front", command, home, _clean())


def _wait(url: str, members: list[Member]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not answers(url):
        for member in members:
            assert member.alive, member.told()
        assert time.monotonic() < deadline, "\n".join(member.told() for member in members)
        time.sleep(0.2)
