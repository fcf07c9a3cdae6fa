"""What is wrong with backups and images, and which environments end, as events of Prefect for automations."""

from typing import Literal

from prefect.events import emit_event

from tasks.reading import Standing

Ending = Literal["castra.environment.expiring", "castra.environment.expired"]
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


def environment_event(event: Ending, one: Standing, region: str, reason: str, **told: str | int | float | None) -> None:
    """Emit an event about an environment that ends, or has ended; its resource is `castra.environment.<name>`."""
    name = one.environment
    resource = {
        "prefect.resource.id": f"castra.environment.{name}",
        "prefect.resource.name": name,
        "castra.environment": name,
        "castra.region": region,
    }
    whose = {"owner": one.owner, "purpose": one.purpose, "expires": one.expires.isoformat() if one.expires else None}
    emit_event(event=event, resource=resource, payload={"reason": reason, **whose, **told})
