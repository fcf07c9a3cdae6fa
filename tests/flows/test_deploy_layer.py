"""One layer by itself: from a flow and from a shell, with and without an environment around it."""

from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from blueprints.problem import Invalid
from flows.cli import app
from flows.deploy_layer import deploy_layer
from tests.flows.shell import castra
from tests.flows.world import REGION, client
from tests.physics import Physics


def versions(environment: str, layer: str) -> list[Any]:
    return list(client("lambda").list_layer_versions(LayerName=f"{environment}--{layer}")["LayerVersions"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Modules of a layer."""
    (tmp_path / "lib" / "python").mkdir(parents=True)
    (tmp_path / "lib" / "python" / "words.py").write_text('WORD = "Ave"\n')
    return tmp_path / "lib"


def test_the_flow_publishes_it_once_and_leaves_all_else_of_the_environment_alone(
    aws: Physics, prefect: str, name: str, folder: Path
) -> None:
    asked: Any = {"region": REGION, "folder": str(folder), "architectures": ("arm64",), "environment": name}
    deploy_layer("other", **asked)
    report = deploy_layer("words", **asked)
    (version,) = versions(name, "words")
    assert report.outputs == {"layer/words.arn": version["LayerVersionArn"]}
    assert [(outcome.part, outcome.action) for outcome in report.outcomes or ()] == [("layer/words", "create")]
    assert deploy_layer("words", **asked).outcomes == ()
    (folder / "python" / "words.py").write_text('WORD = "Vale"\n')
    report = deploy_layer("words", **asked)
    assert [step.action for step in report.steps] == ["replace"]
    assert (len(versions(name, "words")), len(versions(name, "other"))) == (2, 1)
    with pytest.raises(Invalid, match="should be given by exactly one of packages, requirements, folder"):
        deploy_layer("words", **asked, packages=("requests",))


def test_the_shell_publishes_it_by_itself_and_knows_it_again_in_a_blueprint(
    aws: Physics, name: str, folder: Path
) -> None:
    alone = castra("layer", "words", "--folder", folder, "--environment", name, "--region", REGION, "--json")
    assert alone.returncode == 0, alone.stderr
    (version,) = versions(name, "words")
    assert alone.document["outputs"] == {"layer/words.arn": version["LayerVersionArn"]}
    blueprint = folder.parent / "layers.yaml"
    blueprint.write_text(f"name: {name}\nregion: {REGION}\nlayers: {{words: {{folder: lib}}}}\n")
    same = castra("layer", "words", "--blueprint", blueprint)
    assert same.returncode == 0, same.stderr
    assert "Nothing to do: 1 as wanted." in same.stdout
    assert len(versions(name, "words")) == 1


def test_what_is_wrong_with_the_call_is_told_at_once_and_nothing_is_published(
    aws: Physics, name: str, folder: Path
) -> None:
    blueprint = folder.parent / "layers.yaml"
    blueprint.write_text(f"name: {name}\nregion: {REGION}\nlayers: {{words: {{folder: lib}}}}\n")
    shell = CliRunner()
    unknown = shell.invoke(app, ["layer", "wards", "--blueprint", str(blueprint), "--folder", str(folder)])
    assert unknown.exit_code == 2
    assert "layers.wards: there's no such layer. There are: words." in unknown.stderr
    assert "--blueprint: it says all that there is to say. Leave the other options out." in unknown.stderr
    lost = shell.invoke(app, ["layer", "words", "--folder", str(folder / "lost"), "--region", REGION])
    assert lost.exit_code == 2
    assert "layers.words.folder: there's no folder" in lost.stderr
    assert versions(name, "words") == versions("shared", "words") == []
