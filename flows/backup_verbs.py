"""`castra`'s verbs for backups."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows import shell
from flows.options import File, Json, Yes

if TYPE_CHECKING:
    from tasks.operation import Operation

verbs = typer.Typer()


@verbs.command(name="back-up")
def back_up(
    file: File,
    policies: Annotated[list[str] | None, typer.Argument(help="Only these policies.", show_default=False)] = None,
    label: Annotated[
        str | None, typer.Option("--label", help="Take one by hand, under this label, beside the schedule's.")
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Take the backups that are due, as snapshots or images. Run again after any failure: nothing is taken twice."""
    with shell.errors_told(json):
        blueprint = shell.load(file)
        from datetime import UTC, datetime

        from tasks.backups.planning import plan_back_up
        from tasks.reading import scope_of

        scope, only = scope_of(blueprint), tuple(policies or ())
        due = plan_back_up(blueprint, scope, datetime.now(UTC), only, label)
        planned = due.operation(blueprint.name, blueprint.region, scope.calls.summary())

        def take_them(approved: str) -> "Operation":
            from flows.back_up import back_up

            return back_up(blueprint, only, label or "", approved)

        shell.operate(planned, take_them, yes, json, f"castra prune {file}")


@verbs.command()
def prune(
    file: File,
    price: Annotated[
        float | None, typer.Option("--price", help="US dollars for a GiB-month of EBS snapshots; else 0.05.")
    ] = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Remove the backups that no tier wants: never the last good one, nor one that something still uses."""
    with shell.errors_told(json):
        blueprint = shell.load(file)
        from datetime import UTC, datetime

        from tasks.backups.disks import GIB_MONTH
        from tasks.backups.pruning import plan_pruning
        from tasks.reading import scope_of

        dollars = GIB_MONTH if price is None else price
        planned = plan_pruning(blueprint, scope_of(blueprint), datetime.now(UTC), dollars).operation

        def remove_them(approved: str) -> "Operation":
            from flows.prune_backups import prune_backups

            return prune_backups(blueprint, dollars, approved)

        shell.operate(planned, remove_them, yes, json, f"castra prune {file}, when the next backups are taken")
