"""`castra`'s verbs for what backups are for: copies of them, restores, proofs, and a failed instance's successor."""

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from flows import shell
from flows.options import File, Json, Yes

if TYPE_CHECKING:
    from tasks.operation import Operation

verbs = typer.Typer()

Policies = Annotated[list[str] | None, typer.Argument(help="Only these policies.", show_default=False)]


@verbs.command(name="copy")
def copy(file: File, policies: Policies = None, yes: Yes = False, json: Json = False) -> None:
    """Copy backups to the regions, and share them with the accounts, that their policies name."""
    with shell.errors_told(json):
        blueprint, only = shell.load(file), tuple(policies or ())
        from tasks.backups.copies import plan_copies
        from tasks.reading import scope_of

        planned, _ = plan_copies(blueprint, scope_of(blueprint), datetime.now(UTC), only)

        def copy_them(approved: str | None) -> "Operation":
            from flows.copy_backups import copy_backups

            return copy_backups(blueprint, only, approved)

        shell.operate(planned, copy_them, yes, json, f"castra copy {file}")
