"""`python -m deployments.alarms slack-webhook/ops`: automations that notify of what people have to know.

Of backups that are late, failed or unproven, images that were refused, environments that differ, failed or end, runs
that crashed, and schedules that stand still. Sent by a notification block, or to a topic of SNS by `notify-sns/castra`.
Each automation is made once and then kept as it is described here: running it again changes what differs.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Annotated, Any

import typer
from prefect.automations import Automation
from prefect.blocks.core import Block
from prefect.client.orchestration import get_client
from prefect.events.actions import RunDeployment, SendNotification
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.exceptions import ObjectNotFound

SCHEDULED, WRITES = "scheduled", "writes"
"""The tags of what runs by the clock, and of what changes something in AWS."""

Sending = Callable[[str, str], SendNotification | RunDeployment]
"""What sends a subject and a text, both as templates."""

ENDED = {
    "hourly-backups": timedelta(hours=2),
    "hourly-reaping": timedelta(hours=2),
    "nightly-copies": timedelta(hours=26),
    "nightly-pruning": timedelta(hours=26),
    "daily-proof": timedelta(hours=26),
    "daily-retirement": timedelta(hours=26),
    "daily-drift": timedelta(hours=26),
    "weekly-rotation": timedelta(days=8),
}
"""Deployments that run by the clock, and within which time one run of each should have completed: then it's late."""

NOTIFIER = "notify-sns/castra"
SAID = "{{ event.resource['prefect.resource.name'] }}: {{ event.payload['reason'] }}"


def automations(send: Sending, ended: dict[str, timedelta] = ENDED) -> Iterator[Automation]:
    """All of them."""
    for event, subject in (
        ("castra.backup.late", "A backup is late"),
        ("castra.backup.failed", "A backup failed"),
        ("castra.backup.unproven", "A backup isn't proven"),
        ("castra.image.refused", "An image was refused"),
        ("castra.environment.drifted", "An environment isn't as its blueprint says"),
        ("castra.environment.failed", "An environment failed"),
        ("castra.environment.expiring", "An environment ends soon"),
        ("castra.environment.expired", "An environment has ended"),
    ):
        trigger = EventTrigger(expect={event}, posture=Posture.Reactive)
        yield _automation(f"castra: {event}", trigger, send, subject, SAID)
    told = "{{ flow_run.name }} ended as {{ flow_run.state.name }}: {{ flow_run.state.message }}"
    for states, tag, subject in (
        ({"Failed", "TimedOut"}, SCHEDULED, "A scheduled run failed"),
        ({"Crashed"}, WRITES, "A run crashed"),
    ):
        related = {"prefect.resource.role": "tag", "prefect.resource.id": f"prefect.tag.{tag}"}
        expected = {f"prefect.flow-run.{state}" for state in states}
        trigger = EventTrigger(expect=expected, match_related=related, posture=Posture.Reactive)
        yield _automation(f"castra: {subject[0].lower()}{subject[1:]}", trigger, send, subject, told)
    for deployment, within in ended.items():
        related = {"prefect.resource.role": "deployment", "prefect.resource.name": deployment}
        trigger = EventTrigger(
            expect={"prefect.flow-run.Completed"},
            match_related=related,
            posture=Posture.Proactive,
            within=within,
        )
        words = f"No run of {deployment} has completed within {within}."
        yield _automation(f"castra: {deployment} is late", trigger, send, f"{deployment} is late", words)


def _automation(name: str, trigger: EventTrigger, send: Sending, subject: str, body: str) -> Automation:
    return Automation(name=name, trigger=trigger, actions=[send(f"Castra: {subject}", body)])


def by_block(name: str) -> Sending:
    """Notifications through a block, `slack-webhook/ops`. Raises ValueError where there's none of this name."""
    block: Any = Block.load(name)
    return lambda subject, body: SendNotification(
        block_document_id=block._block_document_id, subject=subject, body=body
    )


def by_sns(topic: str) -> Sending:
    """Messages to a topic of SNS, each by a run of `notify-sns/castra`. Raises ValueError where that isn't deployed."""
    with get_client(sync_client=True) as client:
        try:
            deployment = client.read_deployment_by_name(NOTIFIER)
        except ObjectNotFound:
            raise ValueError(f"{NOTIFIER} isn't deployed: run `prefect --no-prompt deploy --all` first") from None

    def send(subject: str, body: str) -> RunDeployment:
        text = {"__prefect_kind": "jinja", "template": body}
        parameters = {"topic": topic, "subject": subject, "message": text}
        return RunDeployment(source="selected", deployment_id=deployment.id, parameters=parameters)

    return send


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
    to: Annotated[
        str,
        typer.Argument(help="A notification block, such as slack-webhook/ops, or the ARN of a topic of SNS."),
    ],
) -> None:
    """Bring about all alarms on the server that PREFECT_API_URL names."""
    try:
        send = by_sns(to) if to.startswith("arn:") else by_block(to)
    except ValueError as error:
        way_out = "" if to.startswith("arn:") else " Make it in Prefect's UI under Blocks, or name another one."
        typer.echo(f"{to}: {str(error).rstrip('.')}.{way_out}", err=True)
        raise typer.Exit(1) from None
    for automation in automations(send):
        typer.echo(f"{automation.name}: {bring_about(automation)}")


if __name__ == "__main__":
    typer.run(main)
