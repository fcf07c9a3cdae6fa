"""`castra`'s verbs for backups."""

import typer

verbs = typer.Typer()
