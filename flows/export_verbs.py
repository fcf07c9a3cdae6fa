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
        Path | None,
        typer.Option(
            "--out", "-o", help="A file that isn't there yet; code and pages go beside it. Else it's printed."
        ),
    ] = None,
    region: Region = None,
    json: Json = False,
) -> None:
    """Write the blueprint that what stands would come from; raising it changes nothing. Writes nothing in AWS."""
    with shell.errors_told(json):
        scope = shell.scope_in(name, region)
        from flows import screen
        from tasks.exporting.export import export
        from tasks.exporting.writing import export_to, folder_of

        exported = export_to(scope, out) if out else export(scope)
        if json:
            written = {"written": str(out)} if out else {}
            screen.print_json(exported.model_dump(mode="json", exclude={"text"}) | written)
        elif out is None:
            sys.stdout.write(exported.text)
        else:
            beside = f", with code and pages in {folder_of(out)}" if folder_of(out).exists() else ""
            screen.data.print(f"{exported.parts} parts of {name} are in {out}{beside}.", highlight=False)
        for one in exported.untold:
            screen.talk.print(f"Not in it: {one}.", highlight=False)
        screen.talk.print(f"Next: castra plan {out or 'FILE'}", highlight=False)
