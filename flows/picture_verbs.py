"""`castra`'s verb for pictures."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import shell
from flows.options import Json, Region

if TYPE_CHECKING:
    from tasks.picture.scene import Scene

verbs = typer.Typer()
Of = Annotated[str, typer.Argument(help="A blueprint's file, or the name of what stands.", show_default=False)]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="A .svg or .png file; else NAME.svg, here.")]


@verbs.command()
def picture(of: Of, out: Out = None, region: Region = None, json: Json = False) -> None:
    """Draw an environment: of a blueprint, or as it stands. Writes nothing in AWS."""
    with shell.errors_told(json):
        from flows import screen
        from tasks.picture.drawing import svg

        _check(out)
        scene = _scene(of, region)
        path = out or Path(f"{scene.name}.svg")
        _write(path, svg(scene))
        if json:
            told = {"environment": scene.name, "region": scene.region, "picture": str(path)}
            screen.print_json(told | {"cards": len(scene.cards), "not_drawn": dict(scene.not_drawn)})
        else:
            screen.data.print(f"Drawn: {path}, with {len(scene.cards)} things of {scene.name}.", highlight=False)


def _scene(of: str, region: str | None) -> "Scene":
    """Of a file, where there's one, or where it's called as if; else of what stands. Raises Invalid."""
    from tasks.errors import Invalid, Problem
    from tasks.picture.staging import scene_of, scene_standing

    if Path(of).is_file() or Path(of).suffix in (".yaml", ".yml"):
        if region is not None:
            raise Invalid("castra picture", [Problem("--region", "a blueprint says its region", "Leave it out")])
        return scene_of(shell.load(Path(of)))
    from tasks.registry import KINDS
    from tasks.survey import survey

    scope = shell.scope_in(of, region)
    found = survey(scope, KINDS.values()).found
    if not found:
        why = f"nothing stands of it in {scope.region}, and there's no such file"
        raise Invalid("castra picture", [Problem(of, why, "Name a blueprint's file, or what `castra list` shows")])
    return scene_standing(of, scope.region, found)


def _check(out: Path | None) -> None:
    from tasks.errors import Invalid, Problem

    if out is not None and out.suffix not in (".svg", ".png"):
        raise Invalid("castra picture", [Problem("--out", f"{out} is neither .svg nor .png", "Name a file that is")])


def _write(path: Path, text: str) -> None:
    """Raises Invalid where that can't be done."""
    from tasks.errors import Invalid, Problem
    from tasks.picture.raster import png

    content = png(text) if path.suffix == ".png" else text.encode()
    try:
        path.write_bytes(content)
    except OSError as error:
        raise Invalid("castra picture", [Problem("--out", f"{path} can't be written ({error.strerror})")]) from None
