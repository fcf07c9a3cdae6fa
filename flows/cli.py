"""`castra`: the same verbs from a shell."""

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import (
    backup_verbs,
    catalogue_verbs,
    diagnosis_verbs,
    expiry_verbs,
    export_verbs,
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


@app.command()
def layer(
    name: Annotated[str, typer.Argument(help="The layer's name.", show_default=False)],
    blueprint: Annotated[Path | None, typer.Option("--blueprint", "-b", help="Take it from this blueprint.")] = None,
    package: Annotated[list[str] | None, typer.Option("--package", help="A Python package. Repeatable.")] = None,
    requirements: Annotated[Path | None, typer.Option("--requirements", help="Or a requirements file.")] = None,
    folder: Annotated[Path | None, typer.Option("--folder", help="Or a folder, which lands in /opt.")] = None,
    runtime: Annotated[list[str] | None, typer.Option("--runtime", help="Else python3.13. Repeatable.")] = None,
    architecture: Annotated[
        list[str] | None, typer.Option("--architecture", help="x86_64, unless arm64. Repeatable.")
    ] = None,
    environment: Annotated[str | None, typer.Option("--environment", help="Whose it is; else `shared`.")] = None,
    region: Region = None,
    json: Json = False,
) -> None:
    """Publish one layer of Lambda, if what comes out differs; of a blueprint, or of what is named here."""
    with shell.errors_told(json):
        started = time.monotonic()
        given = {"packages": package, "requirements": requirements, "folder": folder}
        given |= {"runtimes": runtime, "architectures": architecture}
        document = shell.load(blueprint) if blueprint else shell.alone("layers", name, given, environment, region)
        beside = [*given.values(), environment, region] if blueprint else []
        library = shell.entry_of(document, "layers", name, beside, "castra layer")
        from tasks.reading import plan_beside, scope_of

        scope = scope_of(document)
        planned = plan_beside([library.part(name)], scope)
        if planned.settled:
            shell.nothing_to_do(planned, scope, started, json)
            return

        def publish() -> "Report":
            from flows.deploy_layer import deploy_layer

            whose: Any = {"environment": document.name, "account": document.account or ""}
            report: Report = deploy_layer(name, document.region, **library.model_dump(exclude_none=True), **whose)
            return report

        shell.finish(shell.run(publish, 1), json, f"castra show {document.name} --region {document.region}")


@app.command()
def function(
    name: Annotated[str, typer.Argument(help="The function's name.", show_default=False)],
    blueprint: Annotated[Path | None, typer.Option("--blueprint", "-b", help="Take it from this blueprint.")] = None,
    code: Annotated[Path | None, typer.Option("--code", help="A folder with its code.")] = None,
    image: Annotated[str | None, typer.Option("--image", help="Or a container image.")] = None,
    handler: Annotated[str | None, typer.Option("--handler", help="Where it begins: app.handler, say.")] = None,
    runtime: Annotated[str | None, typer.Option("--runtime", help="Else python3.13.")] = None,
    memory: Annotated[int | None, typer.Option("--memory", help="MB; else 128.")] = None,
    timeout: Annotated[int | None, typer.Option("--timeout", help="Seconds; else 10.")] = None,
    url: Annotated[str | None, typer.Option("--url", help="An address: iam, or none for anybody.")] = None,
    environment: Annotated[str | None, typer.Option("--environment", help="Whose it is; else `shared`.")] = None,
    region: Region = None,
    json: Json = False,
) -> None:
    """Bring one function of Lambda up to date, with all that it needs; of a blueprint, or of what is named here."""
    with shell.errors_told(json):
        started = time.monotonic()
        given = {"code": code, "image": image, "handler": handler, "runtime": runtime, "memory": memory}
        given |= {"timeout": timeout, "url": url}
        document = shell.load(blueprint) if blueprint else shell.alone("functions", name, given, environment, region)
        shell.entry_of(
            document, "functions", name, [*given.values(), environment, region] if blueprint else [], "castra function"
        )
        from flows.deploy_function import deploy_function, parts_of
        from tasks.reading import plan_beside, scope_of

        scope = scope_of(document)
        planned = plan_beside(parts_of(document, name), scope)
        if planned.settled:
            shell.nothing_to_do(planned, scope, started, json)
            return
        report = shell.run(lambda: deploy_function(document, name), len(planned.changes))
        shell.finish(report, json, f"castra show {document.name} --region {document.region}")


class Downloaded(StrEnum):
    """What can be brought back."""

    FUNCTION = "function"


@app.command()
def download(
    what: Annotated[Downloaded, typer.Argument(help="What is brought back: function.", show_default=False)],
    name: Annotated[str, typer.Argument(help="Its name in AWS; with --environment, in a blueprint.")],
    into: Annotated[Path | None, typer.Option("--into", help="A folder; else one of its name, here.")] = None,
    environment: Annotated[str | None, typer.Option("--environment", help="Whose it is.")] = None,
    region: Region = None,
    json: Json = False,
) -> None:
    """Bring a function back: its code, and its configuration as a blueprint. Writes nothing in AWS."""
    with shell.errors_told(json):
        scope = shell.scope_in(environment, region)
        from flows import screen
        from tasks.serverless.bringing_back import bring_back

        brought = bring_back(scope, scope.name(name, 64) if environment else name, into or Path(name))
        if json:
            screen.print_json(brought.model_dump(mode="json"))
            return
        screen.data.print(f"{brought.function}: {brought.files} files, and {brought.document}.", highlight=False)
        for one in brought.left_out:
            screen.talk.print(f"Not in it: {one}.", highlight=False)
        screen.talk.print(f"Next: castra check {brought.document}", highlight=False)


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
