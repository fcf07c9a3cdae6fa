"""What each kind's page says beyond what people wrote: where such a thing comes from, and what Castra calls for it."""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from blueprints.part import Part
from blueprints.reading import load, parse
from tasks.registry import KINDS

ROOT = Path(__file__).parent.parent
FOLDERS = ("examples", "blueprints/catalog")
MOST = 4
"""So many examples are named at most."""


def kind_page(name: str) -> str:
    """The made part of a kind's page."""
    return f"## In a document\n\n{_origin(name)}\n\n## IAM actions\n\n{_actions(name)}\n"


def _origin(name: str) -> str:
    """The sections that such a part comes from, and where to see it."""
    links = [f"[`{section}`](../blueprint/{section}.md)" for section in sorted(_sections(name))]
    files = [f"[`{file}`](../../{file})" for file, kinds in _in_files().items() if name in kinds][:MOST]
    seen = f"Examples: {', '.join(files)}." if files else "The example is above."
    return f"It comes from {_listed(links)}. {seen}"


def _listed(several: list[str]) -> str:
    """`a`, `a and b`, or `a, b and c`."""
    *most, last = several
    return f"{', '.join(most)} and {last}" if most else last


def _sections(name: str) -> set[str]:
    """Sections from which parts of a kind come, in the examples and on its own page."""
    everywhere = [*_in_files().values(), _on_its_page(name)]
    return {section for kinds in everywhere for section in kinds.get(name, ())}


def _actions(name: str) -> str:
    """By service, in one line each."""
    services: dict[str, list[str]] = {}
    for action in sorted(KINDS[name].actions):
        services.setdefault(action.partition(":")[0], []).append(f"`{action}`")
    return "\n".join(f"* {', '.join(several)}" for several in services.values())


@cache
def _in_files() -> dict[str, dict[str, set[str]]]:
    """For each example, the kinds of its parts and the sections that they come from."""
    paths = [path for folder in FOLDERS for path in sorted((ROOT / folder).glob("*.yaml"))]
    return {path.relative_to(ROOT).as_posix(): _kinds(load(path).parts()) for path in paths}


@cache
def _on_its_page(name: str) -> dict[str, set[str]]:
    """The same of the blueprints that stand on a kind's page; their files are those of the examples."""
    text = (ROOT / f"docs/kinds/{name}.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```yaml\n(name: .*?)^```$", text, re.DOTALL | re.MULTILINE)
    return _kinds([part for block in blocks for part in parse(block, folder=ROOT / "examples").parts()])


def _kinds(parts: Iterable[Part]) -> dict[str, set[str]]:
    """The kinds of parts, and the sections that they come from."""
    found: dict[str, set[str]] = {}
    for part in parts:
        found.setdefault(part.kind, set()).add(part.where.partition(".")[0])
    return found
