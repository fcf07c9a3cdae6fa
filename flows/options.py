"""Arguments and options that several verbs of the shell take."""

from pathlib import Path
from typing import Annotated

import typer

File = Annotated[Path, typer.Argument(help="The blueprint: a YAML file.", show_default=False)]
Name = Annotated[str, typer.Argument(help="The environment's name.", show_default=False)]
Region = Annotated[str | None, typer.Option("--region", "-r", help="Else AWS_REGION, or the profile's region.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document to standard output.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
