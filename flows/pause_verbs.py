"""`castra`'s verbs for the night: pause and resume."""

from typing import TYPE_CHECKING

import typer

from flows import shell
from flows.options import Json, Name, Region, Yes

if TYPE_CHECKING:
    from tasks.operation import Operation

verbs = typer.Typer()


@verbs.command()
def pause(name: Name, region: Region = None, yes: Yes = False, json: Json = False) -> None:
    """Take an environment's groups to no servers, and stop its instances and databases, until it's resumed."""
    with shell.errors_told(json):
        scope = shell.scope_in(name, region)
        from tasks.pausing import plan_pause

        def put_to_sleep(approved: str) -> "Operation":
            from flows.pause import pause

            return pause(name, scope.region, approved=approved)

        shell.operate(plan_pause(scope), put_to_sleep, yes, json, f"castra resume {name} --region {scope.region}")


@verbs.command()
def resume(name: Name, region: Region = None, yes: Yes = False, json: Json = False) -> None:
    """Give an environment's groups their sizes back, exactly, and start its instances and databases."""
    with shell.errors_told(json):
        scope = shell.scope_in(name, region)
        from tasks.pausing import plan_resume

        def wake(approved: str) -> "Operation":
            from flows.resume import resume

            return resume(name, scope.region, approved=approved)

        shell.operate(plan_resume(scope), wake, yes, json, f"castra show {name} --region {scope.region}")
