"""What a run leaves to look at in Prefect: tables of plans, results and outputs, a page, and a picture."""

import base64
import os
import re
import socket
from collections.abc import Mapping, Sequence

from prefect.artifacts import create_image_artifact, create_markdown_artifact, create_table_artifact
from prefect.runtime import flow_run
from prefect.utilities.urls import url_for

from blueprints.environment import Environment
from flows.reporting import page
from tasks.backups.coverage import Coverage
from tasks.decide import Plan
from tasks.diagnosing.finding import Diagnosis
from tasks.doctor.finding import Health
from tasks.exporting.export import Exported
from tasks.identity.last_used import LastUsed
from tasks.operation import KEEP, Operation
from tasks.picture.drawing import svg
from tasks.picture.staging import scene_of
from tasks.progress import Event, announce
from tasks.report import Report, as_rows

MOST_ROWS = 1_000  # of a table, as a server keeps it and a browser shows it
MOST_CARDS = 60  # of a picture that can be read


def this_run() -> str:
    """Who holds a lease, in words that lead to the run; its page in Prefect's UI is announced as well."""
    if url := url_for("flow-run", flow_run.id):
        announce(Event("run", str(flow_run.name), url))
    return f"flow run {flow_run.name} ({flow_run.id}) on {socket.gethostname()}, process {os.getpid()}"


def show_plan(plan: Plan, title: str = "Plan") -> None:
    """A table of what is to be done, and why."""
    description = f"{title} of {plan.environment} in {plan.region}: {plan.summary} ({plan.fingerprint})"
    described = ". ".join(filter(None, (description, plan.remark)))
    create_table_artifact(table=as_rows(plan), key=f"plan-{plan.environment}", description=described)


def show_result(report: Report) -> None:
    """A table of what was done, with ids and seconds; and a page about it, with the outputs as links."""
    rows = [outcome.model_dump() for outcome in report.outcomes or ()]
    left = "" if report.left is None else f", {report.left} resources left"
    description = f"{report.environment} in {report.region}: {report.seconds} s, {report.calls['write']} writes{left}"
    create_table_artifact(table=rows, key=f"result-{report.environment}", description=description)
    create_markdown_artifact(page(report), key=f"report-{report.environment}", description=description)


def show_outputs(environment: str, outputs: Mapping[str, str]) -> None:
    """A table of what people, and systems that raise by the API, want to know of what stands."""
    rows = [{"output": name, "value": value} for name, value in outputs.items()]
    create_table_artifact(table=rows, key=f"outputs-{environment}", description=f"What {environment} is reached by")


def show_coverage(environment: str, rows: Sequence[Coverage]) -> None:
    """A table of how everything stands with its backups, what is amiss first."""
    told = sorted(rows, key=lambda row: (not row.late, row.what, row.policy))
    amiss = sum(bool(row.late) for row in rows)
    description = f"Backups of {environment}: {len(rows)} sources, {amiss} not as they should be"
    table = [row.model_dump(mode="json") for row in told[:MOST_ROWS]]
    create_table_artifact(table=table, key=f"coverage-{environment}", description=description)


def show_diagnosis(diagnosis: Diagnosis) -> None:
    """A table of what's wrong, with a cause and a fix for each."""
    description = f"{diagnosis.environment} in {diagnosis.region}: {diagnosis.summary}"
    rows = diagnosis.document()["findings"]
    create_table_artifact(table=rows, key=f"diagnosis-{diagnosis.environment}", description=description)


def show_people(report: LastUsed) -> None:
    """A table of users, keys and groups, what nobody used for long first."""
    rows = sorted(report.rows(), key=lambda row: not row["idle"])
    description = (
        f"{report.environment} in {report.region}: {report.idle} of {len(rows)} unused for {report.unused} days"
    )
    create_table_artifact(table=rows, key=f"people-{report.environment}", description=description)


def show_health(health: Health) -> None:
    """A table of all that was looked at before a raising, good or not."""
    rows = [one.model_dump(mode="json", exclude_none=True) for one in health.findings]
    description = f"{health.environment} in {health.region}: {len(health.lacking)} things are lacking for its raising"
    create_table_artifact(table=rows, key=f"doctor-{health.environment}", description=description)


def show_export(exported: Exported) -> None:
    """The blueprint, to be copied, and what isn't in it."""
    untold = "".join(f"* Not in it: {one}.\n" for one in exported.untold)
    description = f"{exported.environment} in {exported.region}: {exported.parts} parts as a blueprint"
    written = f"{untold}\n```yaml\n{exported.text}```\n"
    create_markdown_artifact(written, key=f"blueprint-{exported.environment}", description=description)


def show_picture(environment: Environment) -> None:
    """What was raised, as a picture. It is in the artifact itself: nothing has to be kept elsewhere, or fetched."""
    scene = scene_of(environment)
    if 0 < len(scene.cards) <= MOST_CARDS:
        drawn = base64.b64encode(svg(scene).encode()).decode()
        description = f"{environment.name} in {environment.region}, as it was raised"
        url = f"data:image/svg+xml;base64,{drawn}"
        create_image_artifact(image_url=url, key=f"picture-{environment.name}", description=description)


def show_operation(operation: Operation) -> None:
    """A table of what is to be done, or was done, with the reasons; artifacts of one verb and subject are versions."""
    shown = [*operation.changes, *(deed for deed in operation.deeds if deed.action == KEEP)][:MOST_ROWS]
    rows = [deed.model_dump(exclude_none=True) for deed in shown]
    counts = ", ".join(f"{count} {action}" for action, count in operation.counts.items()) or "nothing to do"
    figures = "".join(f"; {name.replace('_', ' ')}: {value}" for name, value in operation.figures.items())
    took = "" if operation.seconds is None else f" in {operation.seconds} s"
    more = len(operation.deeds) - len(shown)
    rest = f"; {more} more deeds aren't in this table" if more else ""
    description = f"{operation.verb} {operation.subject} in {operation.region}: {counts}{took}{figures}{rest}"
    create_table_artifact(table=rows, key=_key(operation), description=description)


def _key(operation: Operation) -> str:
    """Prefect takes small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", f"{operation.verb}-{operation.subject}".lower()).strip("-")
