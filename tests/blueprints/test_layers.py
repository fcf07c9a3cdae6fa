"""Layers in a document: what they unfold into, and what's wrong with them."""

from pathlib import Path
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.layers import Layer
from blueprints.problem import Invalid
from blueprints.reading import build


def environment(folder: Path, **layers: Any) -> Environment:
    return build({"name": "shop", "region": "eu-west-1", "layers": layers}, folder=folder)


def test_a_layer_needs_no_network_and_asks_for_the_digest_of_what_is_built() -> None:
    (part,) = environment(Path(), http={"packages": ["requests==2.32.5"]}).parts()
    assert isinstance(part, Layer)
    assert (part.key, part.where, part.lookups) == ("layer/http", "layers.http", ("built:layer/http",))
    assert (part.packages, part.runtimes, part.architectures) == (("requests==2.32.5",), ("python3.13",), ("x86_64",))


def test_paths_are_beside_the_document_and_stay_where_they_are_when_read_again(tmp_path: Path) -> None:
    (tmp_path / "lib" / "python").mkdir(parents=True)
    (tmp_path / "requirements.txt").write_text("requests\n")
    read = environment(tmp_path, own={"folder": "lib"}, http={"requirements": "requirements.txt"})
    again = Environment.model_validate(read.model_dump(mode="json"))
    assert again == read
    assert read.layers["own"].folder == str(tmp_path / "lib")
    assert read.layers["http"].requirements == str(tmp_path / "requirements.txt")


@pytest.mark.parametrize(
    ("layer", "place", "why"),
    [
        ({}, "layers.l", "exactly one of packages, requirements, folder"),
        ({"packages": ["six"], "folder": "."}, "layers.l", "exactly one of packages, requirements, folder"),
        ({"folder": "nowhere"}, "layers.l.folder", "there's no folder"),
        ({"requirements": "nowhere.txt"}, "layers.l.requirements", "there's no file"),
        ({"packages": ["--index-url=https://evil"]}, "layers.l.packages.0", "isn't of the right form"),
        (
            {"packages": ["six"], "runtimes": ["nodejs22.x"]},
            "layers.l",
            "packages of Python, which aren't for nodejs22",
        ),
        ({"packages": ["six"], "runtimes": ["python"]}, "layers.l.runtimes.0", "isn't of the right form"),
        ({"packages": ["six"], "runtimes": []}, "layers.l.runtimes", "at least 1"),
        ({"packages": ["six"], "architectures": ["arm"]}, "layers.l.architectures.0", "isn't one of the choices"),
    ],
)
def test_what_is_wrong_with_a_layer_is_told_with_its_place(
    tmp_path: Path, layer: dict[str, Any], place: str, why: str
) -> None:
    with pytest.raises(Invalid) as error:
        environment(tmp_path, l=layer)
    (problem,) = error.value.problems
    assert problem.path == place
    assert why in str(problem)
