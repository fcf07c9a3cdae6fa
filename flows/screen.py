"""What the shell shows: data to standard output, talk and progress to standard error."""

import json
import os
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

from rich import box
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from tasks.decide import Step
from tasks.errors import CastraError, Invalid
from tasks.operation import KEEP, Deed, Operation
from tasks.progress import Event, listening
from tasks.report import Report, changes_in_words

data = Console(soft_wrap=True, emoji=False)
talk = Console(stderr=True, soft_wrap=True, emoji=False)
SIGNS = {"create": ("+", "green"), "update": ("~", "yellow"), "replace": ("±", "magenta"), "delete": ("-", "red")}
DEED_SIGNS = dict.fromkeys(("take", "copy", "create", "restore", "build", "launch"), ("+", "green"))
DEED_SIGNS |= dict.fromkeys(("remove", "terminate", "deregister"), ("-", "red")) | {KEEP: ("=", "dim")}
MOST_RUNNING = 12
MOST_KEPT = 40
WIDE = 140  # characters, where there's no terminal
RETRIED = {
    "throttled": "AWS's throttling",
    "broken": "broken connections and faults of AWS's",
    "propagation": "what wasn't visible yet",
    "dependency": "what was still held",
}


def print_json(document: Any) -> None:
    """One document on standard output."""
    sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False, default=str) + "\n")


def print_steps(report: Report) -> None:
    """The changes of a plan, one a line with its reason, and the counts."""
    for step in report.steps:
        if step.action != "keep":
            data.print(_line(step), highlight=False)
    data.print(counts_in_words(report.counts), highlight=False)
    if report.remark:
        data.print(report.remark, highlight=False)


def _line(step: Step) -> Text:
    sign, colour = SIGNS[step.action]
    text = Text(f"  {sign} {step.action:<8}{step.part}", style=colour)
    text.append(f"  {step.because}", style="dim")
    for words in changes_in_words(step) if step.action in ("update", "replace") else ():
        text.append(f"\n      {words}", style="")
    return text


def counts_in_words(counts: Mapping[str, int]) -> str:
    """`33 to create` and so on; what is kept comes last."""
    changes = [f"{count} to {action}" for action, count in counts.items() if count and action != "keep"]
    kept = f"{counts['keep']} as wanted"
    return ", ".join([*changes, kept]) if changes else f"Nothing to do: {kept}."


def print_result(report: Report) -> None:
    """What a writing run ends with: outputs, counts, seconds, calls."""
    for name, value in (report.outputs or {}).items():
        data.print(f"  {name} = {value}", highlight=False)
    done = len(report.outcomes or ())
    calls = f"{report.calls['read']} reads, {report.calls['write']} writes"
    if report.remark:
        data.print(report.remark, highlight=False)
    data.print(f"Done: {done} step{'' if done == 1 else 's'} in {report.seconds:.1f} s, {calls}.", highlight=False)
    for means, retried in (report.retries or {}).items():
        times = "once" if retried.count == 1 else f"{retried.count} times"
        data.print(f"Tried again {times} for {RETRIED[means]}, {retried.seconds:.1f} s in all.", highlight=False)
    if report.left is not None:
        for part, what in (report.remaining or {}).items():
            data.print(f"  left: {part}: {what}", highlight=False)
        data.print(f"{report.left} resources left", highlight=False)


def print_operation(operation: Operation) -> None:
    """What is to be done, or was done, one deed a line with its reason; then the counts and the figures."""
    kept = [deed for deed in operation.deeds if deed.action == KEEP]
    width = max((len(deed.action) for deed in operation.deeds), default=0)
    for deed in (*operation.changes, *kept[:MOST_KEPT]):
        sign, colour = DEED_SIGNS.get(deed.action, ("~", "yellow"))
        line = Text(f"  {sign} {deed.action:<{width}} {deed.what}", style=colour)
        line.append("".join(f"  {word}" for word in _told(deed)), style="dim")
        data.print(line, highlight=False)
    if len(kept) > MOST_KEPT:
        data.print(f"    and {len(kept) - MOST_KEPT} more are kept; --json names them", highlight=False)
    done = "" if operation.seconds is not None else "to "
    counts = [f"{len(kept)} kept"] if kept else []
    counts = [f"{count} {done}{action}" for action, count in operation.counts.items() if action != KEEP] + counts
    data.print(", ".join(counts) if operation.changes else ", ".join(["Nothing to do", *counts]), highlight=False)
    for name, value in operation.figures.items():
        data.print(f"  {name.replace('_', ' ')}: {value}", highlight=False)


def _told(deed: Deed) -> list[str]:
    """What else there is to say of a deed."""
    size = None if deed.gib is None else f"{deed.gib} GiB"
    took = None if deed.seconds is None else f"{deed.seconds:.1f} s"
    return [word for word in (deed.id, size, deed.because, took) if word]


def print_table(columns: list[str], rows: list[list[Any]]) -> None:
    """A plain table, a line a row: nothing is cut, however narrow the terminal is or where there is none."""
    lines = [columns, *([str(cell) for cell in row] for row in rows)]
    widths = [max(map(len, cells)) for cells in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        data.print(Text(text, style="" if number else "bold"))


def print_findings(rows: list[tuple[list[str], list[str]]]) -> None:
    """What is amiss, and beside it what there is to say of that; sentences are wrapped, names never are."""
    table = Table("what is amiss", "why, and what mends it", box=box.SIMPLE_HEAD, header_style="bold", show_lines=True)
    table.columns[0].no_wrap = True
    for names, sentences in rows:
        table.add_row(Text("\n".join(filter(None, names))), Text("\n".join(sentences)))
    Console(width=None if data.is_terminal else WIDE, emoji=False).print(table)


def print_error(error: CastraError, *, as_json: bool) -> None:
    """To people on standard error; with `--json`, also as the one document on standard output."""
    talk.print(Text(str(error), style="red"), highlight=False)
    if as_json:
        told = {"what": error.what, "why": error.why.strip(), "way_out": error.way_out}
        if isinstance(error, Invalid):
            told["problems"] = [vars(problem) for problem in error.problems]  # type: ignore[assignment]
        print_json({"error": told})


def leave(last_words: str) -> NoReturn:
    """End the process here and now: threads that wait for AWS would hold up every other way out."""
    talk.show_cursor()
    sys.stderr.write(f"\n{last_words}\n")
    sys.stderr.flush()
    os._exit(1)


class Progress:
    """The steps of a run as they go: a live list in a terminal, plain lines elsewhere."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._running: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()
        self._spinner = Spinner("dots")

    def hear(self, event: Event) -> None:
        """Take in one event; called from many threads."""
        with self._lock:
            heard = bool(self._running.get(event.what, (0, ""))[1])  # a wait is told once, not each time it's longer
            self._note(event)
            line = "" if event.status == "waiting" and heard else self._line(event)
        if line and (not talk.is_terminal or event.status in ("run", "failed")):
            talk.print(line, highlight=False)

    def _note(self, event: Event) -> None:
        if event.status == "started":
            self._running[event.what] = (time.monotonic(), "")
        elif event.status == "waiting":
            self._running[event.what] = (self._running.get(event.what, (time.monotonic(), ""))[0], event.note)
        elif event.status in ("done", "failed", "held"):
            self._running.pop(event.what, None)
            self._done += event.status == "done" and not event.what.startswith("await ")

    def _line(self, event: Event) -> str:
        match event.status:
            case "run":
                return f"  run: {event.note}"
            case "done":
                note = f"  {event.note}" if event.note else ""
                return f"  done     {event.what}{note}  {event.seconds:.1f} s"
            case "failed":
                return f"  failed   {event.what}: {event.note}"
            case "waiting":
                return f"  {event.what}: {event.note}"
            case _:
                return ""

    def __rich__(self) -> RenderableType:
        with self._lock:
            now = time.monotonic()
            running = list(self._running.items())
        lines: list[RenderableType] = [
            Text(f"    {what}  {now - since:.0f} s  {note}", style="dim")
            for what, (since, note) in running[:MOST_RUNNING]
        ]
        if len(running) > MOST_RUNNING:
            lines.append(Text(f"    and {len(running) - MOST_RUNNING} more", style="dim"))
        self._spinner.update(text=f"{self._done} of {self._total} steps done, {len(running)} running")
        return Group(self._spinner, *lines)


@contextmanager
def progress(total: int) -> Iterator[None]:
    """Show what the run says while it goes."""
    shown = Progress(total)
    with listening(shown.hear):
        if not talk.is_terminal:
            yield
            return
        with Live(shown, console=talk, refresh_per_second=8, transient=True):
            yield
