"""`castra`: the same verbs from a shell."""

import time
from typing import TYPE_CHECKING, Annotated

import typer

from flows import (
    backup_verbs,
    catalogue_verbs,
    diagnosis_verbs,
    expiry_verbs,
    export_verbs,
    function_verbs,
    image_verbs,
    pause_verbs,
    people_verbs,
    picture_verbs,
    reaching_verbs,
    restore_verbs,
    rights_verbs,
    shell,
    site_verbs,
)
from flows.options import File, Json, Name, Region, Yes

if TYPE_CHECKING:
    from tasks.report import Report

app = typer.Typer(
    help="AWS environments as Prefect flows, with no state file. boto3 finds the credentials; AWS_ENDPOINT_URL counts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(function_verbs.verbs)
app.add_typer(site_verbs.verbs)
app.add_typer(backup_verbs.verbs)
app.add_typer(restore_verbs.verbs)
app.add_typer(image_verbs.verbs)
app.add_typer(catalogue_verbs.verbs)
app.add_typer(expiry_verbs.verbs)
app.add_typer(picture_verbs.verbs)
app.add_typer(pause_verbs.verbs)
app.add_typer(diagnosis_verbs.verbs)
app.add_typer(export_verbs.verbs)
app.add_typer(rights_verbs.verbs)
app.add_typer(people_verbs.verbs)
app.add_typer(reaching_verbs.verbs)

Replace = Annotated[list[str] | None, typer.Option("--replace", help="Allow this part to be replaced. Repeatable.")]
CHANGES_FOUND = 3


@app.command()
def check(file: File, json: Json = False) -> None:
    """Check a blueprint, without asking AWS anything."""
    with shell.errors_told(json):
        environment = shell.load(file)
        parts = [part.key for part in environment.parts()]
        from flows import screen

        if json:
            screen.print_json({"environment": environment.name, "region": environment.region, "parts": parts})
        else:
            screen.data.print(
                f"{file} is right: {environment.name} in {environment.region}, {len(parts)} parts.", highlight=False
            )
            screen.talk.print(f"Next: castra plan {file}", highlight=False)


@app.command()
def schema() -> None:
    """Print the JSON Schema of blueprints, for editors."""
    from blueprints.environment import Environment
    from flows import screen

    screen.print_json(Environment.model_json_schema())


@app.command()
def plan(
    file: File,
    replace: Replace = None,
    exit_code: Annotated[bool, typer.Option("--exit-code", help="Exit with 3 if there's something to do.")] = False,
    json: Json = False,
) -> None:
    """Show what raising a blueprint would do, and why. Writes nothing."""
    with shell.errors_told(json):
        environment = shell.load(file)
        planned, scope = shell.plan_for(environment, replace)
        shell.show_plan(planned, scope, json, f"castra up {file}")
    if exit_code and planned.changes:
        raise typer.Exit(CHANGES_FOUND)


@app.command()
def drift(file: File, json: Json = False) -> None:
    """Show what stands that isn't as the blueprint says. Writes nothing; exits with 3 if something differs."""
    with shell.errors_told(json):
        environment = shell.load(file)
        planned, scope = shell.plan_for(environment, [part.key for part in environment.parts()])
        shell.show_plan(planned, scope, json, f"castra up {file}")
    if planned.changes:
        raise typer.Exit(CHANGES_FOUND)


@app.command()
def up(file: File, yes: Yes = False, replace: Replace = None, json: Json = False) -> None:
    """Raise an environment, or bring it up to date. Run again after any failure: it goes on from what stands."""
    with shell.errors_told(json):
        started, environment = time.monotonic(), shell.load(file)
        planned, scope = shell.plan_for(environment, replace)
        if planned.settled:
            shell.nothing_to_do(planned, scope, started, json)
            return
        approved = shell.agree(planned, scope, yes, json)

        def raise_it() -> "Report":
            from flows.spin_up import spin_up

            return spin_up(environment, replace=tuple(replace or ()), approved=approved)

        shell.finish(shell.run(raise_it, len(planned.changes)), json, f"castra drift {file}")


@app.command()
def down(name: Name, region: Region = None, yes: Yes = False, json: Json = False) -> None:
    """Strike an environment: remove all that carries its tag, and prove it. Needs no blueprint."""
    with shell.errors_told(json):
        started, scope = time.monotonic(), shell.scope_in(name, region)
        from tasks.reading import plan_to_strike

        planned = plan_to_strike(scope)
        if not planned.removals:
            shell.nothing_to_do(planned, scope, started, json, left=0)
            return
        approved = shell.agree(planned, scope, yes, json)

        def strike_it() -> "Report":
            from flows.tear_down import tear_down

            return tear_down(name, scope.region, approved=approved)

        report = shell.run(strike_it, sum(not removal.along for removal in planned.removals))
        shell.finish(report, json, f"castra list --region {scope.region}")
    if report.left:
        raise typer.Exit(1)


@app.command(name="list")
def list_(region: Region = None, json: Json = False) -> None:
    """List the environments of an account and region, from tags alone."""
    with shell.errors_told(json):
        scope = shell.scope_in(None, region)
        from flows import screen
        from tasks.expiry import in_words
        from tasks.reading import inventory

        standing = inventory(scope)
        if json:
            environments = [one.model_dump(mode="json") for one in standing]
            screen.print_json({"region": scope.region, "environments": environments, "calls": scope.calls.summary()})
        elif standing:
            ends = [in_words(one.expires, scope.now) for one in standing]
            rows = [
                [one.environment, one.parts, shell.age(one.created), end, one.owner or "", one.purpose or ""]
                for one, end in zip(standing, ends, strict=True)
            ]
            screen.print_table(["environment", "parts", "age", "ends", "owner", "purpose"], rows)
        else:
            screen.data.print(f"No environment stands in {scope.region}.", highlight=False)


@app.command()
def show(name: Name, region: Region = None, json: Json = False) -> None:
    """Show all that stands in an environment."""
    with shell.errors_told(json):
        scope = shell.scope_in(name, region)
        from flows import screen
        from tasks.expiry import ends_at
        from tasks.reading import standing_in

        standing, whole = standing_in(scope)
        if json:
            parts = [one.model_dump(mode="json") for one in standing]
            said = whole.model_dump(mode="json", include={"owner", "purpose", "expires"})
            document = {"environment": name, "region": scope.region, **said, "parts": parts}
            screen.print_json(document | {"calls": scope.calls.summary()})
        elif standing:
            rows = [[one.part, one.id, one.phase, shell.age(one.created), shell.pairs(one.outputs)] for one in standing]
            screen.print_table(["part", "id", "phase", "age", "outputs"], rows)
            if told := ends_at(whole.expires, scope.now):
                screen.data.print(told, highlight=False)
        else:
            screen.data.print(f"Nothing stands of {name} in {scope.region}.", highlight=False)


@app.command()
def console(stop: Annotated[bool, typer.Option("--stop", help="Stop it instead.")] = False) -> None:
    """Start the local Prefect server that runs are shown on, if it doesn't run, and print its address."""
    with shell.errors_told(False):
        from flows import screen
        from flows.console import local_server, stop_local_server

        if stop:
            screen.data.print("Stopped." if stop_local_server() else "It wasn't running.", highlight=False)
        else:
            screen.data.print(local_server(), highlight=False)


def main() -> None:
    """The entry point of `castra`."""
    app(prog_name="castra")
