"""`castra`'s verb for people."""

from typing import Annotated

import typer

from flows import shell
from flows.options import Json, Name, Region

verbs = typer.Typer()
Unused = Annotated[int, typer.Option(min=1, help="Days; what wasn't used for longer is marked.")]


@verbs.command()
def people(name: Name, region: Region = None, unused: Unused = 90, json: Json = False) -> None:
    """Tell an environment's users, groups and keys, and when they were last used. Writes nothing in AWS."""
    with shell.errors_told(json):
        scope = shell.scope_in(name, region)
        from flows import screen
        from tasks.identity.last_used import COLUMNS, last_used

        told = last_used(scope, unused)
        if json:
            screen.print_json(told.model_dump(mode="json"))
        elif told.people or told.groups:
            screen.print_table(list(COLUMNS), [list(row.values()) for row in told.rows()])
        else:
            screen.data.print(f"{name} has no users in {scope.region}.", highlight=False)
