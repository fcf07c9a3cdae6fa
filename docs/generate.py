"""`python -m docs.generate`: renews the tables of the documentation from the models, the shell and the registry."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import typer

from docs.kind_pages import kind_page
from docs.sections import document, section, sections
from flows.cli import app
from tasks.kind import Kind
from tasks.registry import KINDS

HERE = Path(__file__).parent
BEGIN, END = "<!-- Made by `python -m docs.generate`, from here -->", "<!-- to here. -->"

# ---------------------------------------------------------------------- the verbs


def verbs() -> str:
    """The shell's verbs, with all that each takes."""
    group: Any = typer.main.get_command(app)
    return "\n".join(_verb(name, command) for name, command in group.commands.items())


def _verb(name: str, command: Any) -> str:
    arguments = [one for one in command.params if one.param_type_name == "argument"]
    usage = " ".join(["castra", name, *(one.name.upper() for one in arguments)])
    rows = list(_parameters(command))
    table = "\n".join(["| | | |", "|---|---|---|", *rows, ""]) if rows else "It has no options.\n"
    return f"## `{usage}`\n\n{command.help}\n\n{table}"


def _parameters(command: Any) -> Iterator[str]:
    for one in command.params:
        if one.param_type_name == "argument":
            yield f"| `{one.name.upper()}` | required | {one.help} |"
        else:
            value = "" if one.is_flag else f" {one.name.upper()}"
            names = ", ".join(f"`{option}{value}`" for option in one.opts)
            yield f"| {names} | {'repeatable' if one.multiple else 'optional'} | {one.help} |"


# ---------------------------------------------------------------------- indexes


def kinds() -> str:
    """Every kind of the registry with its page, a table for each folder."""
    folders: dict[str, list[Kind[Any, Any]]] = {}
    for kind in KINDS.values():
        folders.setdefault(type(kind).__module__.split(".")[1], []).append(kind)
    return "\n".join(_kinds_in(folder, several) for folder, several in folders.items())


def _kinds_in(folder: str, several: list[Kind[Any, Any]]) -> str:
    said = {kind.name: (kind.__doc__ or "").splitlines()[0].rstrip(".") for kind in several}
    rows = "\n".join(f"| [{kind.name}]({kind.name}.md) | {said[kind.name]} | {kind.holds} |" for kind in several)
    return f"## {folder.capitalize()}\n\n| kind | what it is | a replacement would lose |\n|---|---|---|\n{rows}\n"


def decisions() -> str:
    """Every decision by its headline, which begins with its number."""
    pages = sorted(HERE.glob("decisions/0*.md"))
    titles = (page.read_text(encoding="utf-8").partition("\n")[0].partition(". ")[2] for page in pages)
    return (
        "\n".join(
            f"{number}. [{title}]({page.name})"
            for number, (page, title) in enumerate(zip(pages, titles, strict=True), 1)
        )
        + "\n"
    )


# ---------------------------------------------------------------------- the pages

PAGES: dict[str, Callable[[], str]] = {
    "blueprint.md": document,
    **{f"blueprint/{name}.md": partial(section, name) for name in sections()},
    "verbs.md": verbs,
    "kinds/README.md": kinds,
    **{f"kinds/{name}.md": partial(kind_page, name) for name in KINDS},
    "decisions/README.md": decisions,
}


def renewed(page: str) -> str:
    """A page's text with its made part made anew; what people wrote around that stays."""
    before, _, rest = (HERE / page).read_text(encoding="utf-8").partition(BEGIN)
    return f"{before}{BEGIN}\n\n{PAGES[page]()}\n{END}{rest.partition(END)[2]}"


def main() -> None:
    """Renew all pages."""
    for page in PAGES:
        (HERE / page).write_text(renewed(page), encoding="utf-8")


if __name__ == "__main__":
    main()
