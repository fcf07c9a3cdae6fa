"""`castra`'s verb that turns what stands into a blueprint."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from flows import shell
from flows.options import Json, Name, Region

verbs = typer.Typer()


@verbs.command()
def export(
    name: Name,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="A file that isn't there yet; else it's printed.")
    ] = None,
    region: Region = None,
    json: Json = False,
) -> None:
    """Write the blueprint that what stands would come from; raising it changes nothing. Writes nothing in AWS."""
    with shell.errors_told(json):
        scope = shell.scope_in(name, region)
        from flows import screen
        from tasks.exporting.export import export

        exported = export(scope)
        if out is not None:
            _write(out, exported.text)
        if json:
            written = {"written": str(out)} if out else {}
            screen.print_json(exported.model_dump(mode="json", exclude={"text"}) | written)
        elif out is None:
            sys.stdout.write(exported.text)
        else:
            screen.data.print(f"{exported.parts} parts of {name} are in {out}.", highlight=False)
        for one in exported.untold:
            screen.talk.print(f"Not in it: {one}.", highlight=False)
        screen.talk.print(f"Next: castra plan {out or 'FILE'}", highlight=False)


def _write(path: Path, text: str) -> None:
    """Nothing is written over. Raises Invalid where it can't be written."""
    from tasks.errors import Invalid, Problem

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise Invalid("castra export", [Problem("--out", f"{path} is there already", "Name another file")]) from None
    except OSError as error:
        raise Invalid("castra export", [Problem("--out", f"{path} can't be written ({error.strerror})")]) from None
