"""A report as a page for people: what came out, where to go, what took longest, what was tried again. Pure."""

from collections.abc import Iterable, Iterator, Sequence

from tasks.expiry import as_tag
from tasks.report import Report

LONGEST = 10  # steps that are named


def page(report: Report) -> str:
    """A report in Markdown, without a secret, as reports have none."""
    return "\n".join(_lines(report))


def _lines(report: Report) -> Iterator[str]:
    done = ", ".join(f"{count} {action}" for action, count in report.counts.items() if count) or "nothing to do"
    calls = f"{report.calls['read']} reads and {report.calls['write']} writes"
    yield f"# {report.environment} in {report.region}\n"
    yield f"{done}; {report.seconds} s, {calls}."
    if report.left is not None:
        yield f"\n{report.left} resources left."
    yield from _table("Left", ("what", "why"), (report.remaining or {}).items())
    if report.expires:
        yield f"\nIt ends at {as_tag(report.expires)}."
    outputs = ((name, _linked(name, value)) for name, value in (report.outputs or {}).items())
    yield from _table("Where to go", ("output", "value"), outputs)
    longest = sorted(report.outcomes or (), key=lambda one: one.seconds, reverse=True)[:LONGEST]
    rows = [(f"{one.action} {one.part}", f"{one.seconds:.1f}") for one in longest]
    yield from _table("What took longest", ("step", "seconds"), rows)
    retries = [(what, str(one.count), f"{one.seconds:.1f}") for what, one in (report.retries or {}).items()]
    yield from _table("Tried again", ("why", "times", "seconds"), retries)


def _table(title: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    if told := list(rows):
        yield f"\n## {title}\n"
        yield f"| {' | '.join(head)} |"
        yield f"|{'---|' * len(head)}"
        yield from (f"| {' | '.join(map(_cell, row))} |" for row in told)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def _linked(name: str, value: str) -> str:
    """An address that a browser can open as a link."""
    if value.startswith(("https://", "http://")):
        return f"[{value}]({value})"
    return f"[{value}](http://{value})" if name.endswith(".dns_name") else value
