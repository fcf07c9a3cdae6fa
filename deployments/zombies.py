"""`python -m deployments.zombies`: automations that mark runs as crashed whose process died without a word.

A worker that is killed can't say what became of its runs. These tell it by silence, so that no run runs
for ever and none keeps its concurrency slot.
"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated

import typer
from prefect.automations import Automation
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture

from deployments.alarms import bring_about

SILENT = timedelta(minutes=10)
"""How long a run may tell nothing: three heartbeats as Prefect sets them (180 s each), and one more minute."""
UNBEGUN = timedelta(minutes=15)
"""How long a run that a worker took may take to begin: a container's image has to be fetched, perhaps."""
SHORTEST = 60.0
"""Seconds: heartbeats can't be less than 30 s apart, and one may be lost."""

OURS = {"prefect.resource.role": "tag", "prefect.resource.id": "prefect.tag.castra"}
"""The tag of each deployment, and so of its runs."""
RUNS = {"prefect.resource.id": "prefect.flow-run.*"}
HEARTBEAT = {"prefect.flow-run.heartbeat"}
TAKEN = {f"prefect.flow-run.{name}" for name in ("Pending", "Submitting", "InfrastructurePending")}
BEGUN = {f"prefect.flow-run.{name}" for name in ("Running", "Scheduled", "AwaitingConcurrencySlot", "Cancelling")}
ENDED = {
    f"prefect.flow-run.{name}" for name in ("Completed", "Failed", "Crashed", "Cancelled", "TimedOut", "Suspended")
}


def automations(silent: timedelta = SILENT, unbegun: timedelta = UNBEGUN) -> Iterator[Automation]:
    """Both of them."""
    yield _crash(
        "castra: a run fell silent",
        _missing(HEARTBEAT, HEARTBEAT | ENDED, silent),
        f"It told nothing for {silent}: its process or its machine is gone.",
    )
    yield _crash(
        "castra: a run never began",
        _missing(TAKEN, TAKEN | BEGUN | ENDED, unbegun),
        f"A worker took it, and it didn't begin within {unbegun}.",
    )


def _missing(after: set[str], expect: set[str], within: timedelta) -> EventTrigger:
    """A trigger for each run of which nothing that is expected comes in time."""
    return EventTrigger(
        after=after,
        expect=expect,
        match=RUNS,
        match_related=OURS,
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        within=within,
    )


def _crash(name: str, trigger: EventTrigger, message: str) -> Automation:
    """Not forced: a run that has ended in the meantime stays as it is."""
    return Automation(
        name=name, trigger=trigger, actions=[ChangeFlowRunState(state=StateType.CRASHED, message=message)]
    )


def main(
    silent: Annotated[
        float, typer.Option(min=SHORTEST, help="Seconds without a heartbeat; at least two of the workers' intervals.")
    ] = SILENT.total_seconds(),
    unbegun: Annotated[
        float, typer.Option(min=1, help="Seconds from a worker's hand to the start.")
    ] = UNBEGUN.total_seconds(),
) -> None:
    """Bring about the automations on the server that PREFECT_API_URL names. Running it again changes what differs."""
    for automation in automations(timedelta(seconds=silent), timedelta(seconds=unbegun)):
        typer.echo(f"{automation.name}: {bring_about(automation)}")


if __name__ == "__main__":
    typer.run(main)
