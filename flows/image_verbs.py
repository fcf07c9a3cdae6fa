"""`castra`'s verbs for images."""

import typer

verbs = typer.Typer()
