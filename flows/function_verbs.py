"""The verbs of `castra` about Lambda: one layer or one function deployed alone, and a function brought back."""

import time
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flows import shell
from flows.options import Json, Region

if TYPE_CHECKING:
    from tasks.report import Report

verbs = typer.Typer()


@verbs.command()
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


@verbs.command()
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


@verbs.command()
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
