"""`castra picture`: what stands looks like its blueprint, and what can't be drawn is told."""

import base64
import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from blueprints.environment import Environment
from blueprints.reading import load
from flows.cli import app
from flows.spin_up import spin_up
from tasks.picture.drawing import svg
from tasks.picture.staging import scene_of, scene_standing
from tasks.registry import KINDS
from tasks.survey import survey
from tests.flows.world import REGION, ROOT, nothing_written, scope
from tests.physics import Physics

EXAMPLES = ("examples/jamstack.yaml",)


def named(example: str, name: str) -> Environment:
    return load(ROOT / example).model_copy(update={"name": name})


@pytest.mark.parametrize("example", EXAMPLES)
@pytest.mark.thorough
def test_what_stands_as_its_blueprint_says_looks_like_it(
    aws: Physics, prefect: str, name: str, example: str, tmp_path: Path
) -> None:
    environment = named(example, name)
    spin_up(environment)
    assert _in_prefect(prefect, name) == svg(scene_of(environment))
    assert scene_standing(name, REGION, survey(scope(name), KINDS.values()).found) == scene_of(environment)
    with nothing_written(aws):
        asked = [name, "--region", REGION, "--out", str(tmp_path / "standing.svg"), "--json"]
        told = CliRunner().invoke(app, ["picture", *asked])
    assert json.loads(told.stdout)["picture"] == str(tmp_path / "standing.svg")
    assert f">{name}</text>" in (tmp_path / "standing.svg").read_text()


def _in_prefect(url: str, name: str) -> str:
    """The picture that the raising left."""
    artifact = httpx.get(f"{url}/api/artifacts/picture-{name}/latest").json()
    kind, _, data = artifact["data"].partition(",")
    assert (artifact["type"], kind) == ("image", "data:image/svg+xml;base64")
    return base64.b64decode(data).decode()


def test_of_a_file_it_asks_aws_nothing_and_the_readmes_is_up_to_date(tmp_path: Path) -> None:
    web, out = str(ROOT / "examples" / "web.yaml"), tmp_path / "web.svg"
    told = CliRunner().invoke(app, ["picture", web, "--out", str(out)])
    assert (told.exit_code, told.stdout) == (0, f"Drawn: {out}, with 7 things of web.\n")
    assert out.read_text() == (ROOT / "docs" / "images" / "picture-of-web.svg").read_text()
    assert CliRunner().invoke(app, ["picture", web, "--out", str(tmp_path / "web.png")]).exit_code == 0
    assert (tmp_path / "web.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        (["nothing-stands-of-it", "--region", REGION], "nothing stands of it"),
        (["missing.yaml"], "there's no such file"),
        ([str(ROOT / "examples" / "web.yaml"), "--out", "web.jpg"], "is neither .svg nor .png"),
        ([str(ROOT / "examples" / "web.yaml"), "--out", "nowhere/web.svg"], "can't be written"),
        ([str(ROOT / "examples" / "web.yaml"), "--region", REGION], "a blueprint says its region"),
    ],
)
def test_what_cant_be_drawn_is_told(aws: Physics, asked: list[str], why: str) -> None:
    told = CliRunner().invoke(app, ["picture", *asked])
    assert told.exit_code == 2
    assert why in told.stderr
