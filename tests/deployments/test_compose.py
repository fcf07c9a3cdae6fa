"""What `deployments/` says of a team's server holds together: compose file, image, settings, front door."""

import asyncio
import json
import re
from typing import Any

import pytest
import yaml
from prefect.settings import PREFECT_API_URL, Settings, temporary_settings
from prefect.workers.process import ProcessJobConfiguration
from pydantic import BaseModel

from tests.flows.world import ROOT
from tests.topology.topology import settings

HERE = ROOT / "deployments"
COMPOSE: dict[str, Any] = yaml.safe_load((HERE / "compose.yaml").read_text())
SERVICES: dict[str, Any] = COMPOSE["services"]
OURS = [name for name, service in SERVICES.items() if service["image"].startswith("castra:")]
POOLS = {path.stem: json.loads(path.read_text()) for path in (HERE / "pools").glob("*.json")}
REDIS = {"PREFECT_REDIS_MESSAGING_URL", "PREFECT_REDIS_WORKER_CLEANUP_QUEUE_URL"}
"""Settings of prefect-redis."""


def known(model: type[BaseModel], path: str = "PREFECT") -> set[str]:
    """The names of all settings that a model of Prefect's has."""
    found = set()
    for name, field in model.model_fields.items():
        kind, here = field.annotation, f"{path}_{name.upper()}"
        found |= known(kind, here) if isinstance(kind, type) and issubclass(kind, BaseModel) else {here}
    return found


@pytest.mark.parametrize("file", ["server.env", "worker.env"])
def test_every_setting_is_one_that_prefect_knows_and_none_is_a_secret(file: str) -> None:
    said = settings(file)
    assert said.keys() <= known(Settings)
    assert not [name for name in said if "PASSWORD" in name or "AUTH_STRING" in name or "CONNECTION_URL" in name]


def test_servers_ask_for_a_password_and_a_token_and_share_all_that_two_of_them_must() -> None:
    for name in ("server-1", "server-2", "background", "tables"):
        service = SERVICES[name]
        assert service["env_file"] == ["server.env"]
        assert service["environment"].keys() <= known(Settings) | REDIS
        assert "CASTRA_AUTH:?" in service["environment"]["PREFECT_SERVER_API_AUTH_STRING"]
        assert {*REDIS, "PREFECT_SERVER_DOCKET_URL", "PREFECT_SERVER_UI_API_URL"} <= service["environment"].keys()
    said = settings("server.env")
    assert said["PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED"] == "true"
    shared = {name: value for name, value in said.items() if value.startswith("prefect_redis.")}
    assert len(shared) == 5


def test_the_second_server_starts_after_the_first_and_both_after_the_tables() -> None:
    assert SERVICES["server-1"]["depends_on"]["tables"] == {"condition": "service_completed_successfully"}
    assert SERVICES["server-2"]["depends_on"]["server-1"] == {"condition": "service_healthy"}


def test_no_image_is_the_latest_one_and_no_secret_is_written_down() -> None:
    text = (HERE / "compose.yaml").read_text()
    for service in SERVICES.values():
        assert re.fullmatch(r"[a-z/-]+:\d[\w.]*", service["image"])
    assert not re.search(r"(PASSWORD|AUTH_STRING): (?!\$\{)", text)
    assert set(re.findall(r"\$\{(\w+)", text)) == {
        "CASTRA_AUTH",
        "CASTRA_DATABASE_PASSWORD",
        "CASTRA_REDIS_PASSWORD",
        "CASTRA_URL",
    }


def test_what_is_castras_has_no_privileges_and_only_the_front_door_is_open_to_this_machine_alone() -> None:
    assert {"server-1", "server-2", "background", "worker", "tables"} == set(OURS)
    for name in [*OURS, "front"]:
        assert SERVICES[name]["cap_drop"] == ["ALL"]
        assert SERVICES[name]["security_opt"] == ["no-new-privileges:true"]
    open_ones = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert open_ones == {"front": ["127.0.0.1:4200:8080"]}


def test_the_image_is_locked_runs_as_nobody_and_holds_what_prefect_yaml_names() -> None:
    lines = (HERE / "Dockerfile").read_text().splitlines()
    assert lines[-1] == "USER 10001"
    for line in lines:
        assert not line.startswith("FROM") or re.match(r"FROM python:\d+\.\d+-slim-\w+", line)
        assert "uv sync" not in line or "--locked --no-dev" in line
    copied = {line.split()[1] for line in lines if line.startswith("COPY") and "--from" not in line}
    entrypoints = yaml.safe_load((ROOT / "prefect.yaml").read_text())["deployments"]
    assert {one["entrypoint"].partition("/")[0] for one in entrypoints} <= copied
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    assert copied - {"pyproject.toml", "README.md"} <= let_in


def test_the_front_door_leads_to_both_servers() -> None:
    text = (HERE / "nginx.conf").read_text()
    assert set(re.findall(r"server (\S+):4200", text)) == {"server-1", "server-2"}
    assert "listen 8080" in text
    assert settings("worker.env")["PREFECT_API_URL"] == "http://front:8080/api"


@pytest.mark.parametrize("name", ["process", "docker", "kubernetes", "ecs"])
def test_a_pools_template_asks_for_what_it_uses_and_holds_no_secret_nor_privilege(name: str) -> None:
    template = POOLS[name]
    said = json.dumps(template["job_configuration"])
    used = set(re.findall(r"\{\{ (\w+) \}\}", said))
    asked = template["variables"]["properties"]
    assert used == asked.keys()
    assert set(template["variables"]["required"]) <= asked.keys()
    assert all(one["title"] and one["description"] for one in asked.values())
    assert not re.search(r"SecretAccessKey|AWS_SECRET|privileged\": true|:latest", json.dumps(template))
    assert name == "process" or asked["image"]["default"] == SERVICES["worker"]["image"]


def test_runs_in_containers_are_nobody() -> None:
    pod = POOLS["kubernetes"]["job_configuration"]["job_manifest"]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["containers"][0]["securityContext"]["allowPrivilegeEscalation"] is False
    (task,) = POOLS["ecs"]["job_configuration"]["task_definition"]["containerDefinitions"]
    assert f"USER {task['user']}" in (HERE / "Dockerfile").read_text()
    assert POOLS["docker"]["job_configuration"]["container_create_kwargs"]["cap_drop"] == ["ALL"]


def test_prefect_takes_the_template_of_processes() -> None:
    values = {"working_dir": "/castra"}
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api"}):  # nobody is asked
        job = asyncio.run(ProcessJobConfiguration.from_template_and_values(POOLS["process"], values))
    assert str(job.working_dir) == "/castra"
