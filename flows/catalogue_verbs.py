"""`castra`'s verb for the catalogue."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import shell
from flows.options import Json

if TYPE_CHECKING:
    from blueprints.catalog.items import Choice

verbs = typer.Typer()


@verbs.command()
def catalogue(
    item: Annotated[str | None, typer.Argument(help="Print this one; all are listed without it.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="The environment's name; else the item's own.")] = None,
    region: Annotated[str | None, typer.Option("--region", "-r", help="Else eu-west-1.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Whom to ask; becomes a tag.")] = None,
    expires_after: Annotated[
        str | None, typer.Option("--expires-after", help="How long it stands: 8h, 3d; else for ever.")
    ] = None,
    size: Annotated[str | None, typer.Option("--size", help="small, medium or large; else small.")] = None,
    count: Annotated[int | None, typer.Option("--count", help="How many servers there are at least.")] = None,
    ssh_from: Annotated[
        list[str] | None, typer.Option("--ssh-from", help="A network that people come from to a bastion. Repeatable.")
    ] = None,
    public_key: Annotated[Path | None, typer.Option("--public-key", help="The file of their public key.")] = None,
    into: Annotated[Path | None, typer.Option("--into", help="Write it there, with the folders it names.")] = None,
    json: Json = False,
) -> None:
    """List the ready-made blueprints; print one, under a name, a region and a size of your own."""
    with shell.errors_told(json):
        given: dict[str, Any] = {
            "item": item,
            "name": name,
            "region": region,
            "owner": owner,
            "expires_after": expires_after,
        }
        given |= {"size": size, "count": count, "ssh_from": ssh_from or None}
        given |= {"public_key": _content(public_key) if public_key else None}
        asked = {field: value for field, value in given.items() if value is not None}
        if item is None and (asked or into is not None):
            from tasks.errors import Invalid, Problem

            raise Invalid("castra catalogue", [Problem("ITEM", "none is named", "Name one before its options")])
        if item is None:
            _listed(json)
        elif into is not None:
            _written(_choice(asked), into, json)
        else:
            _printed(_choice(asked), json)


def _content(file: Path) -> str:
    """What a file says. Raises Invalid where there's none."""
    from tasks.errors import Invalid, Problem

    if not file.is_file():
        raise Invalid("castra catalogue", [Problem("--public-key", f"there's no file {file}", "Name another one")])
    return file.read_text(encoding="utf-8")


def _choice(asked: dict[str, Any]) -> "Choice":
    """What is asked for. Raises Invalid."""
    from pydantic import ValidationError

    from blueprints.catalog.items import Choice
    from blueprints.wording import all_in_words
    from tasks.errors import Invalid

    try:
        return Choice(**asked)
    except ValidationError as error:
        raise Invalid("castra catalogue", all_in_words(error, asked, Choice)) from None


def _listed(json: bool) -> None:
    from blueprints.catalog.items import ITEMS, headline
    from flows import screen

    if json:
        screen.print_json({"items": [{"item": item, "is": headline(item)} for item in ITEMS]})
        return
    screen.print_table(["item", "is"], [[item, headline(item)] for item in ITEMS])
    screen.talk.print("Next: castra catalogue web --into .", highlight=False)


def _printed(choice: "Choice", json: bool) -> None:
    """The document on standard output; what it names beside itself is told."""
    from blueprints.catalog.items import folders
    from flows import screen

    text = choice.text()
    if json:
        screen.print_json({"item": choice.item, "document": text})
        return
    screen.data.print(text, end="", highlight=False, markup=False)
    if folders(choice.item):
        talk = f"It names the folder {choice.item}: `castra catalogue {choice.item} --into .` writes that, too."
        screen.talk.print(talk, highlight=False)


def _written(choice: "Choice", into: Path, json: bool) -> None:
    from blueprints.catalog.items import written
    from flows import screen

    paths = [str(path) for path in written(choice, into)]
    if json:
        screen.print_json({"item": choice.item, "written": paths})
        return
    screen.data.print(f"Written: {', '.join(paths)}.", highlight=False)
    screen.talk.print(f"Next: castra plan {paths[-1]}", highlight=False)
