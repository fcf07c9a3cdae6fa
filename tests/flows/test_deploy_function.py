"""One function by itself: deployed from a flow and from a shell, and brought back."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from blueprints.reading import build, load
from flows.cli import app
from flows.deploy_function import deploy_function
from tasks.reading import plan_of, resources, scope_of
from tasks.serverless.archive import files_in, pack
from tests.flows.shell import castra
from tests.flows.world import REGION, client, scope
from tests.physics import Physics


@pytest.fixture
def code(tmp_path: Path) -> Path:
    folder = tmp_path / "hello"
    (folder / "inner").mkdir(parents=True)
    (folder / "app.py").write_text("from inner.words import WORD\n\n\ndef handler(event, context):\n    return WORD\n")
    (folder / "inner" / "words.py").write_text('WORD = "Ave"\n')
    return folder


def parts(name: str) -> list[str]:
    return sorted(one.part for one in resources(scope(name)))


def test_the_flow_makes_what_one_function_needs_and_leaves_all_else_alone(
    aws: Physics, prefect: str, name: str, code: Path
) -> None:
    hello = {"code": str(code), "handler": "app.handler"}
    document: dict[str, Any] = {
        "name": name,
        "region": REGION,
        "queues": {"jobs": {}, "others": {}},
        "functions": {"hello": hello | {"on": [{"queue": "jobs"}], "url": "iam"}, "other": hello},
    }
    report = deploy_function(build(document), "hello")
    mine = ["event-source/hello-jobs", "function-url/hello", "function/hello", "log-group/function-hello"]
    mine += ["queue/jobs", "role/function-hello"]
    assert parts(name) == sorted(mine)
    assert report.outputs["function/hello.name"] == f"{name}--hello"
    assert report.outputs["function-url/hello.url"].startswith("https://")
    (code / "inner" / "words.py").write_text('WORD = "Vale"\n')
    report = deploy_function(build(document), "hello")
    assert [(outcome.part, outcome.action) for outcome in report.outcomes or ()] == [("function/hello", "update")]
    alias = client("lambda").get_alias(FunctionName=f"{name}--hello", Name="live")
    assert (alias["FunctionVersion"], parts(name)) == ("2", sorted(mine))


def test_the_shell_deploys_it_alone_brings_it_back_and_what_came_back_is_what_stands(
    aws: Physics, name: str, code: Path, tmp_path: Path
) -> None:
    words = ("--code", code, "--handler", "app.handler", "--memory", 256, "--environment", name, "--region", REGION)
    alone = castra("function", "hello", *words, "--json")
    assert alone.returncode == 0, alone.stderr
    assert alone.document["outputs"] == {"function/hello.name": f"{name}--hello"}
    there = tmp_path / "back"
    words = ("download", "function", f"{name}--hello", "--into", there, "--region", REGION)
    brought = CliRunner().invoke(app, list(map(str, words)))
    assert brought.exit_code == 0, brought.stderr
    assert f"2 files, and {there / 'function.yaml'}" in " ".join(brought.stdout.split())
    assert pack(files_in(there / "code", "there")).sha256 == pack(files_in(code, "here")).sha256
    document = load(there / "function.yaml")
    assert (document.name, document.functions["hello"].memory) == (name, 256)
    assert plan_of(document, scope_of(document)).settled


def test_what_is_wrong_with_the_call_is_told_at_once_and_nothing_is_made(
    aws: Physics, name: str, code: Path, tmp_path: Path
) -> None:
    shell = CliRunner()
    alone = ["--environment", name, "--region", REGION]
    lost = shell.invoke(app, ["function", "hello", "--code", str(code), "--handler", "app.handle", *alone])
    assert lost.exit_code == 2
    assert "functions.hello.handler: " in lost.stderr
    blueprint = tmp_path / "functions.yaml"
    blueprint.write_text(f"name: {name}\nregion: {REGION}\n")
    unknown = shell.invoke(app, ["function", "hello", "--blueprint", str(blueprint)])
    assert (unknown.exit_code, "functions.hello: there's no such function" in unknown.stderr) == (2, True)
    beside = shell.invoke(app, ["function", "hello", "--blueprint", str(blueprint), "--memory", "128"])
    assert "--blueprint: it says all that there is to say. Leave the other options out." in beside.stderr
    for called, into, told in (
        ("nobody", tmp_path / "new", "nobody: there's no such function in eu-west-1."),
        ("nobody", tmp_path, f"--into: {tmp_path} isn't an empty folder."),
    ):
        back = shell.invoke(app, ["download", "function", called, "--into", str(into), "--region", REGION])
        assert back.exit_code == 2
        assert told in " ".join(back.stderr.split())
    assert parts(name) == []
