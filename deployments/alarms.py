"""`python -m deployments.alarms slack-webhook/ops`: automations that notify when a backup is late, failed or unproven.

Each automation is made once and then kept as it is described here: running it again changes what differs.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

import typer
from prefect.automations import Automation
from prefect.blocks.core import Block
from prefect.events.actions import SendNotification
from prefect.events.schemas.automations import EventTrigger, Posture

SCHEDULED = "scheduled"
"""The tag of what runs by the clock."""

ENDED = {
    "hourly-backups": timedelta(hours=2),
    "hourly-reaping": timedelta(hours=2),
    "nightly-copies": timedelta(hours=26),
    "nightly-pruning": timedelta(hours=26),
    "daily-proof": timedelta(hours=26),
    "daily-retirement": timedelta(hours=26),
    "weekly-rotation": timedelta(days=8),
}
"""Deployments that run by the clock, and within which time one run of each should have completed: then it's late."""

SAID = "{{ event.resource['prefect.resource.name'] }}: {{ event.payload['reason'] }}"


def automations(block: UUID, ended: dict[str, timedelta] = ENDED) -> Iterator[Automation]:
    """All of them; `block` is what notifications are sent by."""
    for event, subject in (
        ("castra.backup.late", "A backup is late"),
        ("castra.backup.failed", "A backup failed"),
        ("castra.backup.unproven", "A backup isn't proven"),
        ("castra.image.refused", "An image was refused"),
        ("castra.environment.expiring", "An environment ends soon"),
        ("castra.environment.expired", "An environment has ended"),
    ):
        trigger = EventTrigger(expect={event}, posture=Posture.Reactive)
        yield _automation(f"castra: {event}", trigger, block, subject, SAID)
    failed = {"prefect.flow-run.Failed", "prefect.flow-run.Crashed", "prefect.flow-run.TimedOut"}
    by_clock = {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{SCHEDULED}"}
    trigger = EventTrigger(expect=failed, match_related=by_clock, posture=Posture.Reactive)
    told = "{{ flow_run.name }} ended as {{ flow_run.state.name }}: {{ flow_run.state.message }}"
    yield _automation("castra: a scheduled run failed", trigger, block, "A scheduled run failed", told)
    for deployment, within in ended.items():
        related = {"prefect.resource.role": "deployment", "prefect.resource.name": deployment}
        trigger = EventTrigger(
            expect={"prefect.flow-run.Completed"},
            match_related=related,
            posture=Posture.Proactive,
            within=within,
        )
        words = f"No run of {deployment} has completed within {within}."
        yield _automation(f"castra: {deployment} is late", trigger, block, f"{deployment} is late", words)


def _automation(name: str, trigger: EventTrigger, block: UUID, subject: str, body: str) -> Automation:
    action = SendNotification(block_document_id=block, subject=f"Castra: {subject}", body=body)
    return Automation(name=name, trigger=trigger, actions=[action])


def bring_about(wanted: Automation) -> str:
    """Make an automation, or bring the one of its name up to date; what was done."""
    try:
        standing: Any = Automation.read(name=wanted.name)
    except ValueError:  # there's none
        wanted.create()
        return "made"
    if _compared(standing) == _compared(wanted):
        return "as wanted"
    standing.trigger, standing.actions = wanted.trigger, wanted.actions
    standing.update()
    return "changed"


def _compared(automation: Automation) -> Any:
    """What counts, without the ids that the server gives. Not as JSON: sets have no order there."""
    told = automation.model_dump(include={"trigger", "actions"})
    told["trigger"].pop("id", None)
    return told


def main(
    block: Annotated[str, typer.Argument(help="A notification block: its type and its name, as slack-webhook/ops.")],
) -> None:
    """Bring about all alarms on the server that PREFECT_API_URL names."""
    try:
        sender: Any = Block.load(block)
    except ValueError as error:
        typer.echo(f"{block}: {error}. Make it in Prefect's UI under Blocks, or name another one.", err=True)
        raise typer.Exit(1) from None
    for automation in automations(sender._block_document_id):
        typer.echo(f"{automation.name}: {bring_about(automation)}")


if __name__ == "__main__":
    typer.run(main)
