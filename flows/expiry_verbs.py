"""`castra`'s verbs for environments that end themselves."""

from typing import TYPE_CHECKING, Annotated

import typer

from flows import shell
from flows.options import Json, Name, Region, Yes

if TYPE_CHECKING:
    from tasks.operation import Operation

verbs = typer.Typer()


@verbs.command()
def extend(
    name: Name,
    until: Annotated[str, typer.Argument(help="8h or 3d from now on, a moment such as 2027-01-02T18:00Z, or never.")],
    sooner: Annotated[bool, typer.Option("--sooner", help="It may end sooner than it does, or end at all.")] = False,
    region: Region = None,
    yes: Yes = False,
    json: Json = False,
) -> None:
    """Give an environment another end, by the tags of all its resources. Run again after any failure: it goes on."""
    with shell.errors_told(json):
        scope = shell.scope_in(name, region)
        from tasks.expiry import as_tag
        from tasks.extending import moment_of, plan_extension

        moment = as_tag(moment_of(until, scope.now))  # what is agreed to is a moment, however long the answer takes
        planned = plan_extension(scope, moment, sooner)

        def tell_all(approved: str) -> "Operation":
            from flows.extend import extend

            return extend(name, scope.region, moment, sooner, approved=approved)

        shell.operate(planned, tell_all, yes, json, f"castra show {name} --region {scope.region}")


@verbs.command()
def reap(region: Region = None, yes: Yes = False, json: Json = False) -> None:
    """Strike the environments whose time is over. Needs nothing but their tags; what tells no end is left alone."""
    with shell.errors_told(json):
        scope = shell.scope_in(None, region)
        from tasks.reading import inventory
        from tasks.reaping import plan_reaping

        planned = plan_reaping(inventory(scope), scope.region, scope.now)

        def strike_them(approved: str) -> "Operation":
            from flows.reap import reap

            return reap(scope.region, approved=approved)

        shell.operate(planned, strike_them, yes, json, f"castra list --region {scope.region}")
