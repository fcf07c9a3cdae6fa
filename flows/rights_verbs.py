"""`castra`'s verbs for what one must be allowed, and for what else a raising takes."""

from pathlib import Path
from typing import Annotated

import typer

from flows import shell
from flows.options import File, Json

verbs = typer.Typer()
Files = Annotated[list[Path], typer.Argument(help="Blueprints: YAML files.", show_default=False)]


@verbs.command()
def policy(
    files: Files,
    part: Annotated[
        int | None, typer.Option("--part", min=1, help="Only this one of the policies that it must be made into.")
    ] = None,
) -> None:
    """Print the IAM policy for whoever raises, watches and strikes these blueprints. Asks AWS nothing."""
    with shell.errors_told(False):
        environments = [shell.load(file) for file in files]
        from flows import screen
        from tasks.errors import Invalid, Problem
        from tasks.rights.policy import LARGEST, parts_of, policy_of, size_of

        told = policy_of(environments)
        parts = parts_of(told)
        if part is not None and part > len(parts):
            raise Invalid("castra policy", [Problem("--part", f"there are {len(parts)}", "Name one of them")])
        screen.print_json(parts[part - 1] if part else told)
        if part is None and len(parts) > 1:
            why = f"It has {size_of(told)} characters, and a managed policy {LARGEST} at most"
            screen.talk.print(f"{why}: make {len(parts)} of it, by --part 1 to --part {len(parts)}.", highlight=False)


@verbs.command()
def doctor(file: File, json: Json = False) -> None:
    """Tell before a raising what it lacks: credentials, services, quotas, permissions. Exits with 1 if it lacks any."""
    with shell.errors_told(json):
        environment = shell.load(file)
        from flows import screen
        from tasks.doctor.examining import examine
        from tasks.reading import scope_of

        health = examine(environment, scope_of(environment))
        if json:
            screen.print_json(health.document())
        else:
            rows = [[one.verdict, one.check, one.what, one.why] for one in health.findings]
            screen.print_table(["verdict", "check", "what", "why"], rows)
            for way_out in dict.fromkeys(one.way_out for one in health.findings if one.way_out and not one.statement):
                screen.data.print(f"{way_out}.", highlight=False)
            if statements := [one.statement for one in health.lacking if one.statement]:
                screen.data.print("Add to the caller's policy:", highlight=False)
                screen.print_json(statements)
            screen.talk.print(f"Next: castra {'doctor' if health.lacking else 'up'} {file}", highlight=False)
    if health.lacking:
        raise typer.Exit(1)
