"""`castra`'s verbs for images."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows import shell
from flows.options import File, Json, Region, Yes
from flows.retiring import asked_of, parameters_of

if TYPE_CHECKING:
    from tasks.operation import Operation

verbs = typer.Typer()


@verbs.command()
def retire(
    images: Annotated[
        list[str] | None, typer.Argument(help="Only images built under these names.", show_default=False)
    ] = None,
    blueprint: Annotated[
        Path | None, typer.Option("--blueprint", "-b", help="Only those that this blueprint builds.")
    ] = None,
    keep: Annotated[int | None, typer.Option("--keep", help="So many of the newest of each name stay; else 3.")] = None,
    days: Annotated[int | None, typer.Option("--days", help="Days between two steps; else 14.")] = None,
    versions: Annotated[
        int | None, typer.Option("--versions", help="Template versions kept for rolling back; else 1.")
    ] = None,
    name: Annotated[
        list[str] | None, typer.Option("--name", help="Images of these names as well, such as app-*. Repeatable.")
    ] = None,
    tag: Annotated[
        list[str] | None, typer.Option("--tag", help="Images with all these tags as well: key=value. Repeatable.")
    ] = None,
    shared: Annotated[bool, typer.Option("--shared", help="Those that are shared with others, too.")] = False,
    loose: Annotated[
        bool, typer.Option("--loose", help="Snapshots whose image is gone, even of images not built by Castra.")
    ] = False,
    loose_days: Annotated[
        int | None, typer.Option("--loose-days", help="How old such a snapshot must be; else 30.")
    ] = None,
    region: Region = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Deprecate, disable and at last deregister images that nothing reaches, a step a run; say why the others stay."""
    with shell.errors_told(json):
        options = {"only": images, "keep": keep, "days": days, "versions": versions, "names": name, "tags": tag}
        options |= {"shared": shared, "loose": loose, "loose_days": loose_days}
        document, policy, where = asked_of(options, blueprint, region)
        from tasks.images.stock import retired_in, retirement_in

        scope = retired_in(document, where)
        planned = retirement_in(scope, document, policy)[0].model_copy(update={"calls": scope.calls.summary()})

        def retire_them(approved: str) -> "Operation":
            from flows.retire_images import retire_images

            done: Operation = retire_images(document or "", where, **parameters_of(policy), approved=approved)
            return done

        shell.operate(planned, retire_them, yes, json, "castra retire, when the next step is due")


@verbs.command(name="build-image")
def build_image(
    file: File,
    name: Annotated[str, typer.Argument(help="The image's name in the section images.", show_default=False)],
    again: Annotated[bool, typer.Option("--again", help="Build another one even if the same stands.")] = False,
    commit: Annotated[str, typer.Option("--commit", help="Of the recipe's repository; becomes a tag.")] = "",
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Build the next image of a name by its recipe, test it, copy and share it; nothing else is left of it."""
    with shell.errors_told(json):
        document = shell.load(file)
        from tasks.images.bases import building_scope, order_of
        from tasks.images.building import plan_build
        from tasks.images.works import look_at

        scope = building_scope(document)
        order = order_of(scope, document, name, commit, again)
        planned = plan_build(order, look_at(scope, order), scope.region)
        planned = planned.model_copy(update={"calls": scope.calls.summary()})

        def build(approved: str) -> "Operation":
            from flows.build_image import build_image

            return build_image(document, name, commit, again, approved)

        shell.operate(planned, build, yes, json, f"castra up {file}, for what names it")


@verbs.command()
def rotate(
    file: File,
    servers: Annotated[
        list[str] | None, typer.Argument(help="Names of servers; all, if none is named.", show_default=False)
    ] = None,
    image: Annotated[
        str | None, typer.Option("--image", help="An image's id, instead of the newest that the blueprint means.")
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Replace servers by those of a new image, a first one and then batches, and go back if it turns out to be bad."""
    with shell.errors_told(json):
        from tasks.images.rotation import plan_rotation, standing
        from tasks.reading import scope_of

        document, named = shell.load(file), tuple(servers or ())
        scope = scope_of(document)
        planned = plan_rotation(document.name, scope.region, standing(document, scope, named, image))
        planned = planned.model_copy(update={"calls": scope.calls.summary()})

        def rotate_them(approved: str) -> "Operation":
            from flows.rotate_image import rotate_image

            return rotate_image(document, named, image or "", approved)

        shell.operate(planned, rotate_them, yes, json, f"castra plan {file}")
