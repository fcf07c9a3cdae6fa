"""Castra as a team runs it: a Prefect server, a worker somewhere else, and runs that are triggered over the API."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml

from tasks.reading import outputs_of
from tests.flows.server import post, prefect_server
from tests.flows.shell import LIMIT
from tests.flows.world import REGION, ROOT, keys, scope, small, small_document, standing, whole, witness
from tests.physics import Physics

PREFECT = Path(sys.executable).parent / "prefect"
POOL = "castra"
SECRET = "wJalrXUtnFEMI-a-secret-of-this-test"
"""The secret key of the worker's AWS credentials; it's looked for in all that Prefect keeps."""


@dataclass(frozen=True)
class Castrum:
    """A server's address, and the environment of those who speak to it."""

    url: str
    env: dict[str, str]

    def ask(self, path: str, **body: Any) -> Any:
        """POST to its API; the answer."""
        return post(self.url, path, **body)

    def prefect(self, *words: str, cwd: Path = ROOT) -> str:
        """Run the `prefect` command to its end; what it printed."""
        run = subprocess.run(
            [str(PREFECT), *words],
            cwd=cwd,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=LIMIT,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def deployment(self, flow: str) -> Any:
        """What the server knows of a verb's deployment."""
        named = {"flows": {"name": {"any_": [flow]}}, "deployments": {"name": {"any_": ["castra"]}}}
        known = self.ask("deployments/filter", **named)
        assert len(known) == 1
        return known[0]

    def ended(self, flow_run: str) -> Any:
        """Wait until a run has ended; the run."""
        deadline = time.monotonic() + LIMIT
        while True:
            (run,) = self.ask("flow_runs/filter", flow_runs={"id": {"any_": [flow_run]}})
            if run["state_type"] in ("COMPLETED", "FAILED", "CRASHED", "CANCELLED"):
                return run
            assert time.monotonic() < deadline, f"the run is still {run['state_name']}"
            time.sleep(0.2)

    def steps(self, flow_run: str, count: int) -> dict[str, str]:
        """The steps of a run's graph and their states, once that many are recorded: they arrive a little later."""
        deadline = time.monotonic() + LIMIT
        while True:
            found = self.ask("task_runs/filter", flow_runs={"id": {"any_": [flow_run]}})
            if len(found) >= count and all(step["state_type"] == "COMPLETED" for step in found):
                return {step["name"]: step["state_type"] for step in found}
            assert time.monotonic() < deadline, f"{len(found)} steps are recorded"
            time.sleep(0.2)

    def artifacts(self, flow_run: str) -> dict[str, Any]:
        """The artifacts that a run left, by key."""
        found = self.ask("artifacts/filter", artifacts={"flow_run_id": {"any_": [flow_run]}})
        assert {artifact["type"] for artifact in found} <= {"table", "image", "markdown"}
        return {artifact["key"]: artifact for artifact in found}


@pytest.fixture(scope="module")
def castrum(aws: Physics, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Castrum]:
    """A server with all its services, every verb deployed, and a worker that has nothing but AWS credentials."""
    home = tmp_path_factory.mktemp("prefect")
    with prefect_server(home, "--no-ui") as url:
        env = {**os.environ, "PREFECT_API_URL": f"{url}/api", "PREFECT_HOME": str(home)}
        env |= {"PREFECT_LOGGING_TO_API_ENABLED": "true", "AWS_SECRET_ACCESS_KEY": SECRET}
        castrum = Castrum(url, env)
        castrum.prefect("work-pool", "create", POOL, "--type", "process")
        castrum.prefect("--no-prompt", "deploy", "--all")
        with worker(castrum, tmp_path_factory.mktemp("elsewhere")):
            yield castrum


@contextmanager
def worker(castrum: Castrum, folder: Path) -> Iterator[None]:
    """A worker of the pool, in a folder that has nothing to do with Castra's."""
    command = [str(PREFECT), "worker", "start", "--pool", POOL, "--name", "one"]
    env = castrum.env | {"PREFECT_WORKER_QUERY_SECONDS": "1"}
    with (folder / "worker.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        yield
    finally:
        # Its work is done; a worker that is asked to end may take minutes over it.
        process.kill()
        process.wait(LIMIT)


@pytest.mark.slow
def test_a_server_and_a_worker_do_all_that_people_schedules_and_systems_ask_for(
    castrum: Castrum, aws: Physics, name: str, tmp_path: Path
) -> None:
    """One test, for its server takes a minute to stand, and each process that runs tests would start another one."""
    _an_environment_is_raised_and_struck_by_a_worker(castrum, name)
    _whatever_has_a_schedule_has_its_runs_to_come(castrum)
    _a_sweep_runs_a_verb_for_each_environment_of_a_folder(castrum, name, tmp_path)
    _three_ways_of_the_api_lead_to_one_run_by_its_key(castrum, f"{name}-api")


def _an_environment_is_raised_and_struck_by_a_worker(castrum: Castrum, name: str) -> None:
    before, environment, document = witness(), small(name), small_document(name)

    # Every verb is deployed, with the form that people fill in.
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    verbs = [Path(one["entrypoint"].partition(":")[0]).stem for one in declared if one["name"] == "castra"]
    assert len(verbs) > 15
    for verb in verbs:
        deployment = castrum.deployment(verb.replace("_", "-"))
        assert (deployment["name"], deployment["work_pool_name"]) == ("castra", POOL)
        assert deployment["enforce_parameter_schema"]
        assert all(field.get("description") for field in deployment["parameter_openapi_schema"]["properties"].values())

    # Wrong parameters are refused before a run is made.
    spin_up, tear_down = castrum.deployment("spin-up")["id"], castrum.deployment("tear-down")["id"]
    for wrong in (
        {},
        {"blueprint": 5},
        {"blueprint": document | {"network": {"cidr": "10.0.0.0/16", "nat": "two"}}},
    ):
        with pytest.raises(urllib.error.HTTPError) as refused:
            castrum.ask(f"deployments/{spin_up}/create_flow_run", parameters=wrong)
        assert refused.value.code == 409
        refused.value.close()

    # Raised from a shell, by parameters as JSON.
    parameters = json.dumps({"blueprint": document})
    said = castrum.prefect("deployment", "run", "spin-up/castra", "--params", parameters)
    (known,) = castrum.ask("flow_runs/filter", flow_runs={"deployment_id": {"any_": [spin_up]}})
    assert known["id"] in said
    raised = castrum.ended(known["id"])
    assert (raised["name"], raised["state_type"]) == (f"raise {name}", "COMPLETED"), raised["state"]["message"]
    assert standing(name) == whole(environment)

    # The graph shows each step by its name, and what it waited for.
    steps = castrum.steps(raised["id"], len(keys(environment)))
    assert {f"create {part}" for part in keys(environment)} <= set(steps)
    assert "await nat-gateway/a" in steps

    # Tables of what was to be done, of what was, and of the outputs; a page, and a picture of what stands.
    tables = castrum.artifacts(raised["id"])
    assert set(tables) == {f"{what}-{name}" for what in ("plan", "result", "outputs", "report", "picture")}
    assert tables[f"picture-{name}"]["type"] == "image"
    planned = json.loads(tables[f"plan-{name}"]["data"])
    assert {row["part"]: row["action"] for row in planned} == dict.fromkeys(keys(environment), "create")
    done = json.loads(tables[f"result-{name}"]["data"])
    assert {row["part"] for row in done if row["action"] == "create"} == set(keys(environment))
    outputs = {row["output"]: row["value"] for row in json.loads(tables[f"outputs-{name}"]["data"])}
    assert "nat-gateway/a.public_ip" in outputs
    assert f"| nat-gateway/a.public_ip | {outputs['nat-gateway/a.public_ip']} |" in tables[f"report-{name}"]["data"]

    # Struck over the API; and a run that fails says why.
    asked = {"environment": name, "region": REGION}
    wrong_account = castrum.ask(
        f"deployments/{tear_down}/create_flow_run", parameters=asked | {"account": "999999999999"}
    )
    struck = castrum.ask(f"deployments/{tear_down}/create_flow_run", parameters=asked)
    failed = castrum.ended(wrong_account["id"])
    assert failed["state_type"] == "FAILED"
    assert "the blueprint is for account 999999999999" in failed["state"]["message"]
    ended = castrum.ended(struck["id"])
    assert (ended["name"], ended["state_type"]) == (f"strike {name}", "COMPLETED"), ended["state"]["message"]
    assert standing(name) == []
    assert witness() == before
    assert "0 resources left" in castrum.artifacts(struck["id"])[f"result-{name}"]["description"]

    # No secret of AWS is in anything that Prefect keeps.
    kept = [castrum.ask(f"{what}/filter") for what in ("flow_runs", "task_runs", "artifacts", "logs", "deployments")]
    assert all(kept)
    assert SECRET not in json.dumps(kept)
    database = [file.read_bytes() for file in Path(castrum.env["PREFECT_HOME"]).glob("prefect.db*")]
    assert database
    assert not any(SECRET.encode() in content for content in database)


def _whatever_has_a_schedule_has_its_runs_to_come(castrum: Castrum) -> None:
    """The server's scheduler writes them down ahead of time: a schedule that it can't read is one that never runs."""
    declared = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    wanted = {one["name"] for one in declared if one.get("schedules")}
    deployments = castrum.ask("deployments/filter", deployments={"name": {"any_": sorted(wanted)}})
    assert {one["name"] for one in deployments} == wanted
    deadline = time.monotonic() + LIMIT
    for one in deployments:
        to_come = {"deployment_id": {"any_": [one["id"]]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
        while not castrum.ask("flow_runs/filter", flow_runs=to_come):
            assert time.monotonic() < deadline, f"{one['name']} has no run to come"
            time.sleep(0.5)


def _a_sweep_runs_a_verb_for_each_environment_of_a_folder(castrum: Castrum, name: str, tmp_path: Path) -> None:
    for each in (f"{name}-a", f"{name}-b"):
        (tmp_path / f"{each}.yaml").write_text(yaml.safe_dump(small_document(each)))
    known = castrum.ask("deployments/filter", deployments={"name": {"any_": ["hourly-backups"]}})
    asked = {"verb": "drift", "folder": str(tmp_path)}
    run = castrum.ask(f"deployments/{known[0]['id']}/create_flow_run", parameters=asked)
    ended = castrum.ended(run["id"])
    assert ended["state_type"] == "COMPLETED", ended["state"]["message"]
    drift = castrum.deployment("drift")["id"]
    runs = castrum.ask("flow_runs/filter", flow_runs={"deployment_id": {"any_": [drift]}})
    started = [one for one in runs if one["parent_task_run_id"]]
    assert {one["parameters"]["blueprint"]["name"] for one in started} == {f"{name}-a", f"{name}-b"}
    assert {one["state_type"] for one in started} == {"COMPLETED"}


def _three_ways_of_the_api_lead_to_one_run_by_its_key(castrum: Castrum, name: str) -> None:
    """What docs/api.md shows, as it stands there but for the names, and the pipeline's script, all with one key."""
    asked = (("http://127.0.0.1:4200", castrum.url), ("jamstack", "batch"), ("pr-12", name))
    curl, python = (reduce(lambda text, pair: text.replace(*pair), asked, block) for block in code_of("docs/api.md"))
    if shutil.which("curl"):
        started = ran(castrum, ["bash", "-euc", curl.partition("curl -sf $PREFECT_API_URL/artifacts")[0]])
        assert json.loads(started)["state"]["type"] != "FAILED"
    ran(castrum, [sys.executable, "-c", python])
    script = [sys.executable, str(ROOT / "examples" / "pull-request" / "castra.py")]
    told = ran(castrum, [*script, "raise", "batch", name, f"{name}-4f0c2d1"])
    deployment = castrum.deployment("raise-from-catalogue")["id"]
    runs = castrum.ask("flow_runs/filter", flow_runs={"deployment_id": {"any_": [deployment]}})
    assert [(run["parameters"]["name"], run["state_type"]) for run in runs] == [(name, "COMPLETED")]
    outputs = dict(line.split("=", 1) for line in told.splitlines())
    assert outputs == outputs_of(scope(name))
    assert outputs
    ran(castrum, [*script, "strike", name, f"{name}-closed"])
    assert standing(name) == []


def code_of(page: str) -> list[str]:
    """The blocks of code of a page that are indented, those of one section as one."""
    sections = (ROOT / page).read_text().split("\n## ")[1:]
    blocks = ("\n".join(line[4:] for line in one.splitlines() if line.startswith("    ")) for one in sections)
    return [block for block in blocks if block]


def ran(castrum: Castrum, command: list[str]) -> str:
    """Run it to its end, as somebody who knows the server; what it printed."""
    run = subprocess.run(command, env=castrum.env, capture_output=True, text=True, timeout=LIMIT, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout
