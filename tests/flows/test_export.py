"""`castra export` and the flow: a file that plans to nothing, and an artifact with it."""

from pathlib import Path
from typing import Any

import pytest

from flows import artifacts
from flows.export import export
from tests.conductor import raise_all
from tests.flows.shell import castra
from tests.flows.world import REGION, scope, small
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
