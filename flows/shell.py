"""What the verbs of the shell share: reading what is asked, agreeing, running a flow, telling how it ended."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import typer

if TYPE_CHECKING:
    from blueprints.environment import Environment
    from tasks.decide import Plan
    from tasks.operation import Operation
    from tasks.report import Report
    from tasks.scope import Scope

LEFT = "Left at once. What was made stands; run the same command again to go on."


def load(file: Path) -> "Environment":
    """A blueprint from its file. Raises Invalid."""
    from blueprints.reading import load

    return load(file)


def alone(section: str, name: str, given: dict[str, Any], environment: str | None, region: str | None) -> "Environment":
    """A document with one entry of one section, from the options of a verb."""
    from blueprints.reading import build

    entry = {field: str(value) if isinstance(value, Path) else value for field, value in given.items() if value}
    called = environment or "shared"
    document = {"name": called, "region": scope_in(called, region).region, section: {name: entry}}
    return build(document, f"castra {section[:-1]}", Path())


def entry_of(document: "Environment", section: str, name: str, beside: Iterable[Any], verb: str) -> Any:
    """An entry of a section. Raises Invalid where there's none of that name, or where anything is given beside it."""
    from tasks.errors import Invalid, Problem

    entries, problems = getattr(document, section), []
    if name not in entries:
        way_out = f"There are: {', '.join(entries) or 'none'}"
        problems.append(Problem(f"{section}.{name}", f"there's no such {section[:-1]}", way_out))
    if any(value is not None for value in beside):
        problems.append(Problem("--blueprint", "it says all that there is to say", "Leave the other options out"))
    if problems:
        raise Invalid(verb, problems)
    return entries[name]


def scope_in(name: str | None, region: str | None) -> "Scope":
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


def plan_for(environment: "Environment", replace: list[str] | None) -> tuple["Plan", "Scope"]:
    """What raising it would do, and where."""
    from tasks.reading import plan_of, scope_of

    scope = scope_of(environment)
    return plan_of(environment, scope, replace or ()), scope


def show_plan(planned: "Plan", scope: "Scope", json: bool, next_command: str) -> None:
    """A plan as lines or as a document, and what to run next."""
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


def agree(planned: "Plan", scope: "Scope", yes: bool, json: bool) -> str:
    """Show the plan and ask. Gives the fingerprint that was agreed to, or "" where nobody was asked."""
    from flows import screen
    from tasks.report import report_on

    if not json:
        screen.print_steps(report_on(planned, scope.calls.summary()))
    return planned.fingerprint if asked(yes) else ""


def asked(yes: bool) -> bool:
    """Ask whether to go on, unless `yes`; whether somebody was asked, and agreed. Leaves where they didn't."""
    from flows import screen
    from tasks.errors import Invalid, Problem

    if yes:
        return False
    if not sys.stdin.isatty():
        raise Invalid(
            "castra", [Problem("--yes", "there's no terminal to ask in", "Add --yes to go on without asking")]
        )
    if not typer.confirm("Go on?", err=True):
        screen.talk.print("Nothing was changed.")
        raise typer.Exit(1)
    return True


class Timed(Protocol):
    """What tells how long it took."""

    @property
    def seconds(self) -> float | None: ...


T = TypeVar("T", bound=Timed)


def run(verb: Callable[[], T], steps: int) -> T:
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


def finish(report: "Report", json: bool, next_command: str) -> None:
    """How a run ended, as lines or as a document, and what to run next."""
    from flows import screen

    if json:
        screen.print_json(report.document())
        return
    screen.print_result(report)
    screen.talk.print(f"Next: {next_command}", highlight=False)


def nothing_to_do(planned: "Plan", scope: "Scope", started: float, json: bool, left: int | None = None) -> None:
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


def operate(
    planned: "Operation", carry_out: Callable[[str], "Operation"], yes: bool, json: bool, next_command: str
) -> "Operation":
    """Show a plan of deeds, ask, run the flow that carries it out, and tell how it ended.

    `carry_out` is given the fingerprint that somebody agreed to, or "" where nobody was asked.
    """
    from flows import screen

    if not json and not planned.settled:
        screen.print_operation(planned)
    done = planned
    if not planned.settled:
        approved = planned.fingerprint if asked(yes) else ""
        done = run(lambda: carry_out(approved), len(planned.changes))
    if json:
        screen.print_json(done.document())
    else:
        screen.print_operation(done)
        screen.talk.print(f"Next: {next_command}", highlight=False)
    return done


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
def errors_told(json: bool) -> Iterator[None]:
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


def age(created: Any) -> str:
    """`3 d 4 h`, from a time."""
    if created is None:
        return "?"
    minutes = int((time.time() - created.timestamp()) // 60)
    days, hours = minutes // 1440, minutes // 60 % 24
    return f"{days} d {hours} h" if days else f"{hours} h {minutes % 60} min"


def pairs(values: dict[str, str]) -> str:
    """`a=1, b=2`."""
    return ", ".join(f"{name}={value}" for name, value in values.items())
