"""What is wrong with backups and images, as events of Prefect that automations can be built on."""

from typing import Literal

from prefect.events import emit_event

Alarm = Literal["castra.backup.late", "castra.backup.failed", "castra.backup.unproven", "castra.image.refused"]


def alarm(event: Alarm, environment: str, name: str, reason: str, **told: str | int | float | None) -> None:
    """Emit an event about a policy or an image; `environment` is empty for a policy that stands alone.

    Its resource is `castra.policy.<environment>.<name>` or `castra.image.<environment>.<name>`; `reason` is for people.
    """
    kind = event.split(".")[1].replace("backup", "policy")
    resource = {
        "prefect.resource.id": f"castra.{kind}.{environment}.{name}",
        "prefect.resource.name": name,
        "castra.environment": environment,
    }
    emit_event(event=event, resource=resource, payload={"reason": reason, **told})
