"""`castra export` and the flow: a file that plans to nothing, and an artifact with it."""

from pathlib import Path
from typing import Any

import pytest

from blueprints.reading import build
from flows import artifacts
from flows.export import export
from tasks.errors import Refused
from tests.conductor import raise_all
from tests.flows.shell import castra
from tests.flows.world import REGION, ROOT, scope, small
from tests.physics import Physics


@pytest.mark.thorough
def test_an_export_is_written_once_and_its_plan_has_nothing_to_do(
    aws: Physics, name: str, tmp_path: Path, prefect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    raise_all(scope(name), small(name).parts())
    file = tmp_path / "again.yaml"
    told = castra("export", name, "--region", REGION, "--out", file)
    assert told.returncode == 0, told.stderr
    assert f"9 parts of {name} are in {file}." in told.stdout
    assert "Not in it: backups" in told.stderr
    planned = castra("plan", file, "--exit-code")
    assert planned.returncode == 0, planned.stdout
    again = castra("export", name, "--region", REGION, "--out", file)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    pages: list[dict[str, Any]] = []
    monkeypatch.setattr(
        artifacts, "create_markdown_artifact", lambda markdown, **more: pages.append({**more, "text": markdown})
    )
    export(name, REGION)
    assert [page["key"] for page in pages] == [f"blueprint-{name}"]
    assert file.read_text() in pages[0]["text"]
    raise_all(scope(name), ())


@pytest.mark.thorough
def test_code_is_written_beside_the_document_and_refused_where_there_is_no_place_for_it(
    aws: Physics, name: str, tmp_path: Path, prefect: str
) -> None:
    code = {"code": str(ROOT / "examples/functions"), "handler": "app.take"}
    document = {"name": name, "region": REGION, "functions": {"greet": code}}
    raise_all(scope(name), build(document).parts())
    told = castra("export", name, "--region", REGION)
    assert (told.returncode, told.stdout) == (1, "")
    assert f"castra export {name} --out {name}.yaml" in told.stderr.replace("\n", " ")
    with pytest.raises(Refused, match="function/greet must lie beside the document"):
        export(name, REGION)
    told = castra("export", name, "--region", REGION, "--out", tmp_path / "again.yaml")
    assert f"again.yaml, with code and pages in {tmp_path / 'again'}." in told.stdout.replace("\n", "")
    assert (tmp_path / "again/functions/greet/app.py").read_text() == (ROOT / "examples/functions/app.py").read_text()
    raise_all(scope(name), ())
