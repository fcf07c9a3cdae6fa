"""The JAMstack example on an emulator that really runs functions: raised, visited, changed, and struck."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError
from tenacity import retry, retry_if_exception_type, stop_after_delay, wait_fixed

from blueprints.environment import Environment
from blueprints.reading import load
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tasks.reading import plan_of, scope_of
from tests.flows.world import REGION, ROOT, keys
from tests.ministack import ministack

pytestmark = pytest.mark.usefixtures("prefect")


@dataclass
class Visitor:
    """Somebody who speaks HTTP only. On the emulator a host's first word leads to an API or a bucket."""

    url: str
    outputs: dict[str, str]

    def page(self, path: str) -> httpx.Response:
        """A file of the site."""
        return httpx.get(f"{self.url}/{self.outputs['bucket/www.name']}/{path}", timeout=30)

    def api(self, method: str, path: str, **more: Any) -> httpx.Response:
        """An answer of the API, at the host that its address names."""
        id = str(urlsplit(self.outputs["api-stage/main.url"]).hostname).partition(".")[0]
        host = f"{id}.execute-api.localhost:{urlsplit(self.url).port}"
        return httpx.request(method, f"{self.url}{path}", headers={"host": host}, timeout=60, **more)


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    with ministack() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        yield url


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the example, to change."""
    shutil.copytree(ROOT / "examples" / "jamstack", tmp_path / "jamstack")
    shutil.copy(ROOT / "examples" / "jamstack.yaml", tmp_path)
    return tmp_path


def example(folder: Path) -> Environment:
    return load(folder / "jamstack.yaml")


@retry(retry=retry_if_exception_type((ClientError, AssertionError)), stop=stop_after_delay(60), wait=wait_fixed(0.2))
def indexed(bucket: str, key: str) -> str:
    """What the function wrote that an upload calls."""
    body: bytes = boto3.client("s3", region_name=REGION).get_object(Bucket=bucket, Key=key)["Body"].read()
    return body.decode()


def test_a_page_leads_to_an_api_a_function_and_its_layer_and_an_upload_calls_another(
    emulator: str, folder: Path
) -> None:
    environment = example(folder)
    report = spin_up(environment)
    visitor = Visitor(emulator, report.outputs)
    assert sorted(outcome.part for outcome in report.outcomes) == keys(environment)

    page = visitor.page("index.html")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    script = visitor.page("assets/camp.9d2e71c4.js")
    assert "/greeting/" in script.text
    assert visitor.api("GET", "/greeting/Marcus").json() == {"greeting": "Salve, Marcus!"}
    assert visitor.api("GET", "/nothing").status_code == 404

    assert visitor.api("POST", "/notes/first", content="the camp stands").json() == {"kept": "notes/first.txt"}
    told = indexed(report.outputs["bucket/index.name"], "notes/first.txt.json")
    assert told == '{"note": "notes/first.txt", "words": 3}'

    words = folder / "jamstack" / "phrases" / "python" / "phrases.py"
    words.write_text(words.read_text().replace("Salve", "Ave"))
    (folder / "jamstack" / "site" / "index.html").write_text("<h1>The camp is bigger</h1>")
    changed = spin_up(example(folder))
    assert {outcome.part for outcome in changed.outcomes} == {"layer/phrases", "function/greet", "site/www"}
    assert visitor.api("GET", "/greeting/Marcus").json() == {"greeting": "Ave, Marcus!"}
    assert "bigger" in visitor.page("index.html").text
    again = plan_of(example(folder), scope_of(environment))
    assert [(step.part, step.changes) for step in again.changes] == []

    assert tear_down(environment.name, REGION).left == 0
    assert visitor.page("index.html").status_code == 404
