"""`castra`'s verbs for what one must be allowed."""

from pathlib import Path
from typing import Annotated

import typer

from flows import shell

verbs = typer.Typer()
Files = Annotated[list[Path], typer.Argument(help="Blueprints: YAML files.", show_default=False)]


@verbs.command()
def policy(files: Files) -> None:
    """Print the IAM policy for whoever raises, watches and strikes these blueprints. Asks AWS nothing."""
    with shell.errors_told(False):
        environments = [shell.load(file) for file in files]
        from flows import screen
        from tasks.rights.policy import LARGEST, policy_of, size_of

        told = policy_of(environments)
        screen.print_json(told)
        if (size := size_of(told)) > LARGEST:
            why = f"It has {size} characters, and a managed policy at most {LARGEST}: make two of it."
            screen.talk.print(why, highlight=False)
