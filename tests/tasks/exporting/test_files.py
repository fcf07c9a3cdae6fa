"""Code and pages lie beside the document that names them; without a place for them, an export is refused."""

import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import build, load
from blueprints.sites import CacheRule
from tasks.errors import CastraError, Invalid, Refused
from tasks.exporting.export import export
from tasks.exporting.writing import export_to
from tasks.reading import plan_of, scope_of
from tasks.scope import Scope
from tasks.serverless.unpacking import unzip
from tasks.storage.publishing.fetching import Page, published
from tests.conductor import raise_all
from tests.physics import Physics

REGION = "eu-west-1"
WORK = "def handler(event, context):\n    return {}\n"


@pytest.fixture
def written(tmp_path: Path) -> Environment:
    """A document with code, a layer and pages beside it, some of them unusual."""
    pages = {
        "index.html": "<p>Salve",
        "long.css": "p {color: red}\n" * 99,
        "a/one.js": "1;\n" * 300,
        "a/two.js": "2;\n" * 300,
        "[b]*.txt": "b",
        "b.txt": "no rule is for it",
    }
    tools = {"bin/run": "#!/bin/sh\n", "python/shared.py": "ONE = 1\n"}
    for folder, files in (("work", {"app.py": WORK}), ("tools", tools), ("pages", pages)):
        for name, content in files.items():
            (path := tmp_path / folder / name).parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content)
    (tmp_path / "tools/bin/run").chmod(0o755)
    document = {
        "name": "filed",
        "region": REGION,
        "layers": {"tools": {"folder": "tools", "runtimes": ["python3.12", "python3.13"]}},
        "functions": {"work": {"code": "work", "handler": "app.handler", "layers": ["tools"]}},
        "sites": {
            "pages": {
                "folder": "pages",
                "compress": "brotli",
                "spa": True,
                "cache": [{"match": "a/*", "control": "max-age=1"}, {"match": "[[]b[]]*", "control": "max-age=2"}],
            }
        },
    }
    return build(document, folder=tmp_path)


def test_code_and_pages_come_back_byte_by_byte_and_only_with_a_place_for_them(
    aws: Physics, written: Environment, tmp_path: Path
) -> None:
    scope = scope_of(written)
    raise_all(scope, written.parts())
    with pytest.raises(Refused, match=r"function/work, layer/tools, site/pages must lie beside.*--out filed\.yaml"):
        export(scope)
    (home := tmp_path / "home").mkdir()
    told = export_to(scope, home / "back.yaml")
    assert sorted(path.name for path in home.iterdir()) == ["back", "back.yaml"]
    for here, there in (("work", "functions/work"), ("tools", "layers/tools"), ("pages", "sites/pages")):
        assert files_in(home / "back" / there) == files_in(tmp_path / here)
    assert told.document["functions"] == {
        "work": {"code": "back/functions/work", "handler": "app.handler", "layers": ["tools"]}
    }
    site = told.document["sites"]["pages"]
    assert (site["compress"], site["spa"]) == ("brotli", True)
    rules = {"[[]b][*].txt": "max-age=2", "a/*": "max-age=1"}
    assert site["cache"] == [{"match": match, "control": control} for match, control in rules.items()]
    again = load(home / "back.yaml")
    assert {step.action for step in plan_of(again, scope_of(again)).steps} == {"keep"}
    with pytest.raises(Invalid, match=r"back\.yaml is there already"):
        export_to(scope, home / "back.yaml")
    (home / "back.yaml").unlink()
    with pytest.raises(Invalid, match=r"home/back is there already"):
        export_to(scope, home / "back.yaml")
    raise_all(scope, ())


def files_in(folder: Path) -> dict[str, tuple[bytes, bool]]:
    """Each file's content, and whether it may be run."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), bool(path.stat().st_mode & 0o100)) for path in files
    }


@pytest.mark.thorough
def test_code_that_somebody_sent_by_hand_is_refused_and_nothing_is_left(
    aws: Physics, written: Environment, tmp_path: Path
) -> None:
    only = written.model_copy(update={"name": "sent", "sites": {}})
    scope = scope_of(only)
    raise_all(scope, only.parts())
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("app.py", WORK)
    scope.client("lambda").update_function_code(FunctionName="sent--work", ZipFile=content.getvalue(), Publish=True)
    (home := tmp_path / "home").mkdir()
    with pytest.raises(Refused, match=r"function/work: code: "):
        export_to(scope, home / "back.yaml")
    scope.client("logs").delete_log_group(logGroupName="/castra/sent/function-work")
    with pytest.raises(Refused, match=r"log-group/function-work: "):
        export_to(scope, home / "back.yaml")
    assert list(home.iterdir()) == []
    raise_all(scope, ())


def test_a_variable_that_looks_like_a_secret_is_refused_without_its_value(aws: Physics, tmp_path: Path) -> None:
    image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/app:1"
    environment = build({"name": "hushed", "region": REGION, "functions": {"work": {"image": image}}})
    scope = scope_of(environment)
    raise_all(scope, environment.parts())
    given = {"Variables": {"DB_PASSWORD": "Delenda est Carthago"}}
    scope.client("lambda").update_function_configuration(FunctionName="hushed--work", Environment=given)
    with pytest.raises(Refused, match=r"functions\.work\.environment\.DB_PASSWORD: it looks like a secret") as caught:
        export(scope)
    assert "Carthago" not in str(caught.value)
    raise_all(scope, ())


def test_what_would_be_written_outside_of_the_folder_is_refused(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("fine.py", "")
        archive.writestr("../out.py", "")
    with pytest.raises(CastraError, match=r"\.\./out\.py would be written outside"):
        unzip(content.getvalue(), tmp_path / "in")
    assert [path.name for path in tmp_path.rglob("*")] == ["in"]


def said(**pages: Any) -> Any:
    return published({name.replace("__", "/").replace("_", "."): Page(**page) for name, page in pages.items()})


def test_how_pages_were_published_is_told_in_the_fewest_rules() -> None:
    usual, own = {"cache": "no-cache", "encoding": ""}, {"cache": "max-age=9", "encoding": "gzip"}
    assert said(index_html=usual).cache == ()
    assert said(index_html=own, about_html=own).cache == (CacheRule(match="*.html", control="max-age=9"),)
    assert said(index_html=own, about_html=usual).cache == (CacheRule(match="index.html", control="max-age=9"),)
    assert said(a__index_html=own, a__b_html=own, b_html=usual).cache == (CacheRule(match="a/*", control="max-age=9"),)
    assert said(index_html=own).compress == "gzip"


def test_nothing_stands_of_it(aws: Physics, tmp_path: Path) -> None:
    with pytest.raises(CastraError, match="nothing stands of it"):
        export_to(Scope("nobody", REGION), tmp_path / "back.yaml")
    assert list(tmp_path.iterdir()) == []
