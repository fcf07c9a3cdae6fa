"""The pipeline's script speaks to a server as a team has it, and tells in words what is refused."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest
from prefect.settings import PREFECT_API_AUTH_STRING, PREFECT_API_URL, temporary_settings

from flows.raise_from_catalogue import raise_from_catalogue
from tests.flows.server import prefect_server
from tests.flows.world import ROOT

SCRIPT = str(ROOT / "examples" / "pull-request" / "castra.py")
AUTH = "castra:a-password-of-this-test"


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server that asks for a password and a token against forgery, with one deployment."""
    asks = {"PREFECT_SERVER_API_AUTH_STRING": AUTH, "PREFECT_SERVER_API_CSRF_PROTECTION_ENABLED": "true"}
    with prefect_server(tmp_path_factory.mktemp("prefect"), "--no-services", "--no-ui", **asks) as url:
        with temporary_settings({PREFECT_API_URL: f"{url}/api", PREFECT_API_AUTH_STRING: AUTH}):
            raise_from_catalogue.to_deployment("castra").apply()
        yield f"{url}/api"


def ran(*words: str, **settings: str) -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, SCRIPT, *words]
    run = subprocess.run(command, env={**os.environ, **settings}, capture_output=True, text=True, check=False)
    assert "Traceback" not in run.stderr
    return run


def test_password_and_token_are_given_and_what_the_form_refuses_is_told(api: str) -> None:
    refused = ran("raise", "castle", "pr-1", "1", PREFECT_API_URL=api, PREFECT_API_AUTH_STRING=AUTH)
    assert refused.returncode == 1
    assert ": 409: " in refused.stderr
    assert "'castle' is not one of" in refused.stderr


def test_a_wrong_password_a_missing_deployment_and_no_server_are_told(api: str) -> None:
    known = {"PREFECT_API_URL": api, "PREFECT_API_AUTH_STRING": AUTH}
    wrong = ran("strike", "pr-1", "1", **known | {"PREFECT_API_AUTH_STRING": "castra:no"})
    assert (wrong.returncode, ": 401: " in wrong.stderr) == (1, True)
    missing = ran("strike", "pr-1", "1", **known)
    assert (missing.returncode, "tear-down/castra: 404: " in missing.stderr) == (1, True)
    nobody = ran("strike", "pr-1", "1", PREFECT_API_URL="http://127.0.0.1:9/api")
    assert (nobody.returncode, "http://127.0.0.1:9/api can't be reached" in nobody.stderr) == (1, True)


def test_wrong_usage_is_told() -> None:
    told = ran("raise", "web")
    assert (told.returncode, "castra.py raise ITEM NAME KEY" in told.stderr) == (2, True)
