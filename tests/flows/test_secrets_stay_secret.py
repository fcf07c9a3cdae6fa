"""A random value is in nothing that a run leaves: Prefect's database and files, logs, the report."""

import logging
from pathlib import Path

import pytest

from blueprints.reading import build
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tests.flows.world import REGION, client
from tests.physics import Physics

pytestmark = pytest.mark.usefixtures("prefect")


def test_neither_what_prefect_keeps_of_a_run_nor_its_log_has_a_value(
    aws: Physics, name: str, prefect_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    wiped = {"on_removal": "wipe"}
    document = build(
        {
            "name": name,
            "region": REGION,
            "secrets": {"key": {**wiped, "recovery": 0}},
            "parameters": {"salt": {"random": 40, **wiped}},
        }
    )
    report = spin_up(document)
    key = client("secretsmanager").get_secret_value(SecretId=f"castra/{name}/key")["SecretString"]
    salt = client("ssm").get_parameter(Name=f"/castra/{name}/salt", WithDecryption=True)["Parameter"]["Value"]
    spin_up(document)
    kept = [path.read_bytes() for path in prefect_home.rglob("*") if path.is_file()]
    assert any(f"castra/{name}/key".encode() in one for one in kept), "the run's outputs are looked at"
    told = [*kept, caplog.text.encode(), report.model_dump_json().encode()]
    assert [value for value in (key, salt) for one in told if value.encode() in one] == []
    assert tear_down(name, REGION).left == 0
