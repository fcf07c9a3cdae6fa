"""`castra`'s verb for what is unhealthy."""

import typer

from flows import shell
from flows.options import Json, Name, Region

verbs = typer.Typer()


@verbs.command()
def diagnose(name: Name, region: Region = None, json: Json = False) -> None:
    """Tell why an environment is unhealthy: a cause and a fix for each. Writes nothing; exits with 1 if there's any."""
    with shell.errors_told(json):
        scope = shell.scope_in(name, region)
        from flows import screen
        from tasks.diagnosing.diagnose import diagnose

        diagnosis = diagnose(scope)
        if json:
            screen.print_json(diagnosis.document())
        else:
            if diagnosis.findings:
                screen.print_findings(
                    [([one.part, one.place, one.cause], [one.why, f"→ {one.fix}"]) for one in diagnosis.findings]
                )
            screen.data.print(f"{diagnosis.summary}.", highlight=False)
    if not diagnosis.healthy:
        raise typer.Exit(1)
