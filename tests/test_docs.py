"""The documentation says all that there is, and nothing that isn't."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
import yaml

from blueprints.reading import parse
from docs.generate import PAGES, renewed
from docs.sections import MEANINGS, models, places, sections
from flows.cli import app
from tasks.registry import KINDS
from tasks.report import Report

ROOT = Path(__file__).parent.parent
DOCS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deployments/*.md")])
WALKED_THROUGH = {"tasks/network/key_pair.py", "docs/kinds/key-pair.md"}  # made in the walk of CONTRIBUTING.md only
every_document = pytest.mark.parametrize("document", DOCS, ids=lambda document: str(document.relative_to(ROOT)))


def fields() -> dict[str, dict[str, Any]]:
    return {
        f"{name}.{field}": shape for name, model in models().items() for field, shape in model["properties"].items()
    }


def blocks(document: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", document.read_text(), re.DOTALL | re.MULTILINE)


def blueprints() -> Iterator[Any]:
    for document in DOCS:
        for number, block in enumerate(blocks(document, "yaml")):
            read = yaml.safe_load(block)
            if isinstance(read, dict) and {"name", "region"} <= read.keys():
                yield pytest.param(block, id=f"{document.relative_to(ROOT)}-{number}")


def anchors(document: Path) -> set[str]:
    """The headlines, as GitHub makes anchors of them."""
    headlines = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", headline.lower()).replace(" ", "-") for headline in headlines}


@pytest.mark.parametrize("page", PAGES)
def test_made_tables_are_as_the_code_is(page: str) -> None:
    assert (ROOT / "docs" / page).read_text() == renewed(page), "run `.venv/bin/python -m docs.generate`"


def test_every_section_is_described_on_a_page_and_shown_by_an_example() -> None:
    assert set(places()) == set(models())
    assert len(set(places().values())) == len(places()), "two of one place"
    pages = {page.stem: page.read_text() for page in ROOT.glob("docs/blueprint/*.md")}
    assert set(pages) == set(sections())
    assert [name for name, text in pages.items() if "```yaml" not in text] == []


def test_every_field_has_a_meaning() -> None:
    said = {name for name, shape in fields().items() if shape.get("description")} | set(MEANINGS)
    assert set(fields()) - said == set(), "say it in the model's Field, or in MEANINGS of docs/sections.py"
    assert set(MEANINGS) <= set(fields())
    assert all(MEANINGS.values())


def test_every_verb_and_every_option_is_described() -> None:
    group: Any = typer.main.get_command(app)
    page = (ROOT / "docs" / "verbs.md").read_text()
    readme = (ROOT / "README.md").read_text()
    for name, command in group.commands.items():
        assert command.help, name
        assert f"castra {name}" in readme
        assert f"## `castra {name}" in page
        assert all(one.help for one in command.params), name
        assert all(option in page for one in command.params if one.param_type_name == "option" for option in one.opts)


def commands(document: Path) -> Iterator[tuple[str, list[str]]]:
    """Each `castra VERB ...` that stands as a line of code, without comments and what the shell adds."""
    for line in re.findall(r"^(?:    |\t)?\$? ?(castra .*)$", document.read_text(), re.MULTILINE):
        words = shlex.split(re.split(r"\s+#|\s*[;>|&]|…", line.removesuffix("\\"))[0])
        if len(words) > 1 and "VERB" not in words:
            yield words[1], words[2:]


@every_document
def test_commands_in_the_documentation_are_verbs_with_options_that_are(document: Path) -> None:
    group: Any = typer.main.get_command(app)
    for verb, words in commands(document):
        assert verb in group.commands, f"castra {verb}"
        group.commands[verb].make_context(verb, list(words))  # raises what the shell would say


def test_every_kind_has_a_page_that_the_index_links() -> None:
    pages = {page.stem for page in ROOT.glob("docs/kinds/*.md")} - {"README"}
    assert pages == set(KINDS)
    index = (ROOT / "docs" / "kinds" / "README.md").read_text()
    assert [kind for kind in KINDS if f"[{kind}]({kind}.md)" not in index] == []


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_comes_in_an_example_or_in_a_blueprint_on_its_own_page(kind: str) -> None:
    page = (ROOT / "docs" / "kinds" / f"{kind}.md").read_text()
    assert re.search(r"^It comes from \[.*Examples: \[", page, re.MULTILINE) or "```yaml\nname: " in page


def test_every_decision_is_linked_and_numbered_once() -> None:
    records = sorted(page.name for page in ROOT.glob("docs/decisions/0*.md"))
    index = (ROOT / "docs" / "decisions" / "README.md").read_text()
    assert [record for record in records if f"({record})" not in index] == []
    assert [record[:4] for record in records] == [f"{number:04}" for number in range(1, len(records) + 1)]


@pytest.mark.parametrize("text", list(blueprints()))
def test_blueprints_in_the_documentation_are_valid(text: str) -> None:
    document = parse(text, folder=ROOT / "examples")
    assert document.parts() or document.backups


@every_document
def test_links_lead_somewhere(document: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    targets = [*re.findall(r"\]\(([^)\s]+)\)", prose), *re.findall(r"(?:src|srcset|href)=\"([^\"]+)\"", prose)]
    for target in targets:
        if target.startswith(("https://", "http://")):
            continue
        path, _, anchor = target.partition("#")
        aim = (document.parent / path).resolve() if path else document
        assert aim.exists(), target
        if anchor:
            assert anchor in anchors(aim), target


@every_document
def test_python_in_the_documentation_compiles(document: Path) -> None:
    for block in blocks(document, "python"):
        compile(block, str(document), "exec")


@every_document
def test_reports_in_the_documentation_have_the_shape_of_reports(document: Path) -> None:
    for block in blocks(document, "json"):
        if "steps" in (told := json.loads(block)):
            assert Report.model_validate(told).document() == told


@every_document
def test_files_and_tests_that_are_named_exist(document: Path) -> None:
    """`tests/tasks/test_order.py`, `tests/test_docs.py::test_x` and so on, in backticks."""
    named = re.findall(
        r"`((?:blueprints|tasks|flows|tests|docs|examples|deployments)/[\w/.-]+)(?:::(\w+))?`", document.read_text()
    )
    for path, test in named:
        if re.search(r"\.\w+$", path) and path not in WALKED_THROUGH:
            assert (ROOT / path).exists(), path
        if test:
            assert f"def {test}(" in (ROOT / path).read_text(), f"{path}::{test}"
