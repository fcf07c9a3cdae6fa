"""`castra`: the same verbs from a shell."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Protocol, TypeVar

import typer

if TYPE_CHECKING:
    from blueprints.environment import Environment
    from blueprints.layers import Library
    from blueprints.sites import Publishing
    from tasks.decide import Plan
    from tasks.report import Report
    from tasks.scope import Scope
    from tasks.storage.publishing.publish import Published

app = typer.Typer(
    help="AWS environments as Prefect flows, with no state file. boto3 finds the credentials; AWS_ENDPOINT_URL counts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

File = Annotated[Path, typer.Argument(help="The blueprint: a YAML file.", show_default=False)]
Name = Annotated[str, typer.Argument(help="The environment's name.", show_default=False)]
Region = Annotated[str | None, typer.Option("--region", "-r", help="Else AWS_REGION, or the profile's region.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document to standard output.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Don't ask.")]
Replace = Annotated[list[str] | None, typer.Option("--replace", help="Allow this part to be replaced. Repeatable.")]
SiteName = Annotated[
    str, typer.Argument(help="The site's name in a blueprint; without one, the bucket's name.", show_default=False)
]
Blueprint = Annotated[Path | None, typer.Option("--blueprint", "-b", help="Take the site from this blueprint.")]
CHANGES_FOUND = 3
LEFT = "Left at once. What was made stands; run the same command again to go on."


@app.command()
def check(file: File, json: Json = False) -> None:
    """Check a blueprint, without asking AWS anything."""
    with _errors(json):
        environment = _load(file)
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
    with _errors(json):
        environment = _load(file)
        planned, scope = _plan(environment, replace)
        _show_plan(planned, scope, json, f"castra up {file}")
    if exit_code and planned.changes:
        raise typer.Exit(CHANGES_FOUND)


@app.command()
def drift(file: File, json: Json = False) -> None:
    """Show what stands that isn't as the blueprint says. Writes nothing; exits with 3 if something differs."""
    with _errors(json):
        environment = _load(file)
        planned, scope = _plan(environment, [part.key for part in environment.parts()])
        _show_plan(planned, scope, json, f"castra up {file}")
    if planned.changes:
        raise typer.Exit(CHANGES_FOUND)


@app.command()
def up(file: File, yes: Yes = False, replace: Replace = None, json: Json = False) -> None:
    """Raise an environment, or bring it up to date. Run again after any failure: it goes on from what stands."""
    with _errors(json):
        started, environment = time.monotonic(), _load(file)
        planned, scope = _plan(environment, replace)
        if planned.settled:
            _nothing_to_do(planned, scope, started, json)
            return
        approved = _agree(planned, scope, yes, json)

        def raise_it() -> "Report":
            from flows.spin_up import spin_up

            return spin_up(environment, tuple(replace or ()), approved)

        _finish(_run(raise_it, len(planned.changes)), json, f"castra drift {file}")


@app.command()
def down(name: Name, region: Region = None, yes: Yes = False, json: Json = False) -> None:
    """Strike an environment: remove all that carries its tag, and prove it. Needs no blueprint."""
    with _errors(json):
        started, scope = time.monotonic(), _scope(name, region)
        from tasks.reading import plan_to_strike

        planned = plan_to_strike(scope)
        if not planned.removals:
            _nothing_to_do(planned, scope, started, json, left=0)
            return
        approved = _agree(planned, scope, yes, json)

        def strike_it() -> "Report":
            from flows.tear_down import tear_down

            return tear_down(name, scope.region, None, approved)

        report = _run(strike_it, sum(not removal.along for removal in planned.removals))
        _finish(report, json, f"castra list --region {scope.region}")
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
    with _errors(json):
        started = time.monotonic()
        given = {"packages": package, "requirements": requirements, "folder": folder}
        given |= {"runtimes": runtime, "architectures": architecture}
        document = _load(blueprint) if blueprint else _alone("layers", name, given, environment, region)
        library, scope = _layer_in(document, name, [*given.values(), environment, region] if blueprint else [])
        from tasks.reading import plan_beside

        planned = plan_beside([library.part(name)], scope)
        if planned.settled:
            _nothing_to_do(planned, scope, started, json)
            return

        def publish() -> "Report":
            from flows.deploy_layer import deploy_layer

            return deploy_layer(name, library, document.region, document.name, document.account)

        _finish(_run(publish, 1), json, f"castra show {document.name} --region {document.region}")


@app.command()
def publish(
    name: SiteName,
    blueprint: Blueprint = None,
    folder: Annotated[Path | None, typer.Option("--folder", help="The files, if there's no blueprint.")] = None,
    compress: Annotated[str | None, typer.Option("--compress", help="none, gzip or brotli.")] = None,
    keep_releases: Annotated[int | None, typer.Option("--keep-releases", help="To roll back to; else 3.")] = None,
    region: Region = None,
    json: Json = False,
) -> None:
    """Publish a site's folder as a new release: only what differs is sent, and no reader sees half of it."""
    with _errors(json):
        beside = {"folder": folder, "compress": compress, "keep_releases": keep_releases}
        site = _site(name, blueprint, region, beside)

        def publish_it() -> "Published":
            from flows.publish_site import publish_site

            return publish_site(site.folder, site.bucket, site.scope.region, site.publishing, site.account)

        _finish_site(_run(publish_it, 1), json)


@app.command(name="rollback-site")
def rollback_site(
    name: SiteName,
    release: Annotated[int | None, typer.Option("--to", help="A release's number; else the one before.")] = None,
    blueprint: Blueprint = None,
    region: Region = None,
    json: Json = False,
) -> None:
    """Make an earlier release of a site the current one again, by copies within its bucket."""
    with _errors(json):
        site = _site(name, blueprint, region, None)

        def roll_it_back() -> "Published":
            from flows.roll_back_site import roll_back_site

            return roll_back_site(site.bucket, site.scope.region, release, site.account)

        _finish_site(_run(roll_it_back, 1), json)


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
    with _errors(json):
        started = time.monotonic()
        given = {"code": code, "image": image, "handler": handler, "runtime": runtime, "memory": memory}
        given |= {"timeout": timeout, "url": url}
        if blueprint and any([*given.values(), environment, region]):
            _refuse_beside_blueprint()
        document = _load(blueprint) if blueprint else _alone("functions", name, given, environment, region)
        from flows.deploy_function import deploy_function, parts_of
        from tasks.reading import plan_beside, scope_of

        scope = scope_of(document)
        planned = plan_beside(parts_of(document, name), scope)
        if planned.settled:
            _nothing_to_do(planned, scope, started, json)
            return
        report = _run(lambda: deploy_function(document, name), len(planned.changes))
        _finish(report, json, f"castra show {document.name} --region {document.region}")


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
    with _errors(json):
        scope = _scope(environment, region)
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
    with _errors(json):
        scope = _scope(None, region)
        from flows import screen
        from tasks.reading import inventory

        standing = inventory(scope)
        if json:
            environments = [one.model_dump(mode="json") for one in standing]
            screen.print_json({"region": scope.region, "environments": environments, "calls": scope.calls.summary()})
        elif standing:
            rows = [[one.environment, one.parts, _age(one.created), one.owner or ""] for one in standing]
            screen.print_table(["environment", "parts", "age", "owner"], rows)
        else:
            screen.data.print(f"No environment stands in {scope.region}.", highlight=False)


@app.command()
def show(name: Name, region: Region = None, json: Json = False) -> None:
    """Show all that stands in an environment."""
    with _errors(json):
        scope = _scope(name, region)
        from flows import screen
        from tasks.reading import resources

        standing = resources(scope)
        if json:
            parts = [one.model_dump(mode="json") for one in standing]
            document = {"environment": name, "region": scope.region, "parts": parts, "calls": scope.calls.summary()}
            screen.print_json(document)
        elif standing:
            rows = [[one.part, one.id, one.phase, _age(one.created), _pairs(one.outputs)] for one in standing]
            screen.print_table(["part", "id", "phase", "age", "outputs"], rows)
        else:
            screen.data.print(f"Nothing stands of {name} in {scope.region}.", highlight=False)


@app.command()
def console(stop: Annotated[bool, typer.Option("--stop", help="Stop it instead.")] = False) -> None:
    """Start the local Prefect server that runs are shown on, if it doesn't run, and print its address."""
    with _errors(False):
        from flows import screen
        from flows.console import local_server, stop_local_server

        if stop:
            screen.data.print("Stopped." if stop_local_server() else "It wasn't running.", highlight=False)
        else:
            screen.data.print(local_server(), highlight=False)


# ---------------------------------------------------------------------- what the verbs share


def _load(file: Path) -> "Environment":
    from blueprints.reading import load

    return load(file)


def _alone(
    section: str, name: str, given: dict[str, Any], environment: str | None, region: str | None
) -> "Environment":
    """A document with one entry of one section, from the options of a verb."""
    from blueprints.reading import build

    entry = {field: str(value) if isinstance(value, Path) else value for field, value in given.items() if value}
    called = environment or "shared"
    document = {"name": called, "region": _scope(called, region).region, section: {name: entry}}
    return build(document, f"castra {section[:-1]}", Path())


def _refuse_beside_blueprint() -> None:
    from tasks.errors import Invalid, Problem

    why = "it says all that there is to say"
    raise Invalid("castra function", [Problem("--blueprint", why, "Leave the other options out")])


def _layer_in(document: "Environment", name: str, beside: list[Any]) -> tuple["Library", "Scope"]:
    """A document's layer. Raises Invalid where there's none of that name, or where anything is given beside it."""
    from tasks.errors import Invalid, Problem
    from tasks.reading import scope_of

    problems = [
        Problem(f"layers.{name}", "there's no such layer", f"There are: {', '.join(document.layers) or 'none'}")
    ]
    problems = problems if name not in document.layers else []
    if any(beside):
        problems.append(Problem("--blueprint", "it says all that there is to say", "Leave the other options out"))
    if problems:
        raise Invalid("castra layer", problems)
    return document.layers[name], scope_of(document)


@dataclass(frozen=True)
class _Site:
    """A site as the shell names it."""

    bucket: str
    folder: str
    publishing: "Publishing"
    scope: "Scope"
    account: str | None


def _site(name: str, blueprint: Path | None, region: str | None, beside: dict[str, Any] | None) -> _Site:
    """The site of a blueprint, or a bucket with what is named beside it. Raises Invalid for what doesn't fit.

    `beside` is None where only the bucket counts.
    """
    from pydantic import ValidationError

    from blueprints.sites import Publishing
    from blueprints.wording import all_in_words
    from tasks.errors import Invalid, Problem
    from tasks.reading import scope_of

    if blueprint is not None:
        document = _load(blueprint)
        problems = []
        if name not in document.sites:
            known = ", ".join(document.sites) or "none"
            problems.append(Problem(f"sites.{name}", "there's no such site", f"There are: {known}"))
        if region or any(value is not None for value in (beside or {}).values()):
            problems.append(Problem("--blueprint", "it says all that there is to say", "Leave the other options out"))
        if problems:
            raise Invalid("castra", problems)
        scope, site = scope_of(document), document.sites[name]
        bucket = site.name or scope.bucket_name(name)
        return _Site(bucket, site.folder, site.publishing, scope, document.account)
    if beside is not None and beside["folder"] is None:
        raise Invalid("castra", [Problem("--folder", "is missing", "Name the folder, or a blueprint by --blueprint")])
    asked = {field: value for field, value in (beside or {}).items() if value is not None}
    folder = str(asked.pop("folder", ""))
    try:
        return _Site(name, folder, Publishing(**asked), _scope(None, region), None)
    except ValidationError as error:
        raise Invalid("castra", all_in_words(error, asked, Publishing)) from None


def _scope(name: str | None, region: str | None) -> "Scope":
    """The scope of a verb without a blueprint; the region from the option, the environment or the profile."""
    from botocore.session import Session

    from tasks.errors import Invalid, Problem
    from tasks.scope import Scope

    region = region or os.environ.get("AWS_REGION") or Session().get_config_variable("region")
    if not region:
        raise Invalid(
            "castra", [Problem("--region", "no region is named, and none is set", "Add --region eu-west-1, say")]
        )
    return Scope(name, region)


def _plan(environment: "Environment", replace: list[str] | None) -> tuple["Plan", "Scope"]:
    from tasks.reading import plan_of, scope_of

    scope = scope_of(environment)
    return plan_of(environment, scope, replace or ()), scope


def _show_plan(planned: "Plan", scope: "Scope", json: bool, next_command: str) -> None:
    from flows import screen
    from tasks.report import report_on

    report = report_on(planned, scope.calls.summary())
    if json:
        screen.print_json(report.document())
        return
    screen.print_steps(report)
    screen.talk.print(f"{report.calls['read']} reads, {report.calls['write']} writes.", highlight=False)
    if planned.changes:
        screen.talk.print(f"Next: {next_command}", highlight=False)


def _agree(planned: "Plan", scope: "Scope", yes: bool, json: bool) -> str | None:
    """Show the plan and ask. Gives the fingerprint that was agreed to, or None where nobody was asked."""
    from flows import screen
    from tasks.errors import Invalid, Problem
    from tasks.report import report_on

    if not json:
        screen.print_steps(report_on(planned, scope.calls.summary()))
    if yes:
        return None
    if not sys.stdin.isatty():
        raise Invalid(
            "castra", [Problem("--yes", "there's no terminal to ask in", "Add --yes to go on without asking")]
        )
    if not typer.confirm("Go on?", err=True):
        screen.talk.print("Nothing was changed.")
        raise typer.Exit(1)
    return planned.fingerprint


class _Timed(Protocol):
    @property
    def seconds(self) -> float | None: ...


T = TypeVar("T", bound=_Timed)


def _run(verb: Callable[[], T], steps: int) -> T:
    """Run a flow on a Prefect server, showing its progress; Ctrl-C lets what runs end and starts nothing new."""
    from flows import screen

    started = time.monotonic()
    os.environ.setdefault("PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL", "CRITICAL")  # the shell tells errors itself
    from flows.console import console as on_server

    with on_server() as url:
        ready = time.monotonic() - started
        screen.talk.print(f"  console: {url} (ready in {ready:.1f} s)", highlight=False)
        with _ctrl_c_halts(), screen.progress(steps):
            report = verb()
    engine = time.monotonic() - started - (report.seconds or 0)
    screen.talk.print(f"Prefect's server and engine added {engine:.1f} s.", highlight=False)
    return report


def _finish(report: "Report", json: bool, next_command: str) -> None:
    from flows import screen

    if json:
        screen.print_json(report.document())
        return
    screen.print_result(report)
    screen.talk.print(f"Next: {next_command}", highlight=False)


def _finish_site(done: "Published", json: bool) -> None:
    from flows import screen

    if json:
        screen.print_json(done.model_dump(mode="json"))
        return
    of = f", which is release {done.of} again" if done.of else ""
    size = f" ({done.bytes / 1e6:.1f} MB)" if done.bytes else ""
    counts = f"{done.sent} files written{size}, {done.unchanged} unchanged, {done.removed} removed"
    screen.data.print(f"Release {done.release} of {done.bucket}{of}: {counts}, {done.seconds:.1f} s.", highlight=False)


def _nothing_to_do(planned: "Plan", scope: "Scope", started: float, json: bool, left: int | None = None) -> None:
    """What a writing verb tells when all is as wanted: no flow is run."""
    from flows import screen
    from tasks.report import report_on

    seconds = round(time.monotonic() - started, 3)
    outputs = planned.outputs if left is None else None
    report = report_on(
        planned, scope.calls.summary(), outcomes=(), outputs=outputs, seconds=seconds, retries={}, left=left
    )
    if json:
        screen.print_json(report.document())
        return
    screen.print_steps(report)
    screen.print_result(report)


@contextmanager
def _ctrl_c_halts() -> Iterator[None]:
    """The first Ctrl-C starts no new step; the second ends the process, whatever its threads wait for."""
    from flows import screen
    from tasks.lease import SECONDS, halt

    def stop(*_: Any) -> None:
        if halt.is_set():
            screen.leave(f"{LEFT} The lease ends by itself within {SECONDS:.0f} s.")
        halt.set()
        screen.talk.print("Stopping: what runs is let end, no new step is started. Ctrl-C again to leave at once.")

    halt.clear()
    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _errors(json: bool) -> Iterator[None]:
    """Turn what goes wrong into a clear message and an exit code."""
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except KeyboardInterrupt:
        sys.stderr.write(f"\n{LEFT}\n")
        raise typer.Exit(1) from None
    except Exception as error:
        from flows import screen
        from tasks.errors import CastraError, explain

        told = explain(error, "castra")
        if type(told) is CastraError and not isinstance(error, CastraError) and os.environ.get("CASTRA_DEBUG"):
            raise
        screen.print_error(told, as_json=json)
        raise typer.Exit(told.exit_code) from None


def _age(created: Any) -> str:
    """`3 d 4 h`, from a time."""
    if created is None:
        return "?"
    minutes = int((time.time() - created.timestamp()) // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"


def _pairs(values: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in values.items())


def main() -> None:
    """The entry point of `castra`."""
    app(prog_name="castra")
