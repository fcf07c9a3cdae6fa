"""Rules of the house that no other tool checks."""

import inspect
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tasks.kind import Kind, State
from tasks.registry import KINDS

ROOT = Path(__file__).parents[1]
LAYERS = ("blueprints", "tasks", "flows", "deployments")
LONGEST = 300
METHODS = ("owned", "wanted", "create", "ready", "update", "delete", "tag", "built")

every_kind = pytest.mark.parametrize("kind", KINDS.values(), ids=list(KINDS))


def files() -> list[Path]:
    """All that belongs to the repository, what isn't committed yet too."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [path for name in sorted(set(listed)) if (path := ROOT / name).is_file()]


def modules() -> list[Path]:
    return [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py"))]


# ---------------------------------------------------------------------- files


def test_no_module_has_grown_too_long() -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in modules()}
    too_long = {name: length for name, length in lengths.items() if length > LONGEST}
    assert too_long == {}, f"split these by what they are about, at most {LONGEST} lines each: {too_long}"


def test_no_file_names_a_place_outside_of_the_repository() -> None:
    places = [r"(?<![\w.-])/" + "work" + "/", "shared" + r"/(design|style)"]
    outside = re.compile("|".join(places))
    assert all(outside.search(f"see {place}") for place in ("/work" + "/main", "shared" + "/style.md"))
    found = []
    for path in files():
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{path.relative_to(ROOT)}:{number}" for number, line in enumerate(lines, 1) if outside.search(line)]
    assert found == []


def test_every_package_says_what_it_is() -> None:
    silent = [path for path in modules() if path.name == "__init__.py" and not path.read_text().startswith('"""')]
    assert silent == []


# ---------------------------------------------------------------------- kinds


@every_kind
def test_every_kind_is_documented(kind: Kind[Any, Any]) -> None:
    page = ROOT / "docs" / "kinds" / f"{kind.name}.md"
    assert page.is_file(), f"write docs/kinds/{kind.name}.md"
    assert kind.name in page.read_text()


@every_kind
def test_every_kind_has_its_methods_in_one_order_and_no_other_public_ones(kind: Kind[Any, Any]) -> None:
    own = [name for name, value in vars(type(kind)).items() if inspect.isfunction(value) and not name.startswith("_")]
    assert own == [name for name in METHODS if name in own]
    assert {"owned", "wanted", "create", "update", "delete"} <= set(own)


@every_kind
def test_every_kind_is_a_file_named_after_it(kind: Kind[Any, Any]) -> None:
    assert Path(inspect.getfile(type(kind))).stem == kind.name.replace("-", "_")


@every_kind
def test_every_kind_declares_the_actions_it_calls_sorted_and_once(kind: Kind[Any, Any]) -> None:
    assert list(kind.actions) == sorted(set(kind.actions))
    assert all(re.fullmatch(r"[a-z0-9-]+:[A-Z]\w+", action) for action in kind.actions)


@every_kind
def test_what_cant_be_tagged_never_stands_beside_the_one_that_replaces_it(kind: Kind[Any, Any]) -> None:
    """The old one would have to be tagged as retired."""
    assert kind.taggable or kind.goes_first or kind.versioned


@every_kind
def test_a_kind_must_outlast_only_kinds_that_there_are(kind: Kind[Any, Any]) -> None:
    assert set(kind.outlasted_by) <= set(KINDS) - {kind.name}


def test_a_part_of_every_kind_can_be_described_and_every_part_has_a_kind() -> None:
    from blueprints.part import Part

    described = {part.kind for part in subclasses(Part) if part.__module__.startswith("blueprints.")}
    assert described == set(KINDS)


def test_every_state_is_frozen_and_closed() -> None:
    states = [state for state in subclasses(State) if state.__module__.startswith("tasks.")]
    assert len(states) >= len(KINDS)
    assert all(state.model_config.get("frozen") and state.model_config.get("extra") == "forbid" for state in states)


def subclasses(base: Any) -> set[Any]:
    return {inner for sub in base.__subclasses__() for inner in {sub, *subclasses(sub)}}
