"""What becomes of environments, and what is wrong with backups and images, as events of Prefect for automations."""

from collections.abc import Mapping
from typing import Any, Literal

from prefect.client.schemas.objects import FlowRun, State
from prefect.events import emit_event

from blueprints.environment import Environment
from blueprints.problem import Invalid
from flows.forms import environment_of
from tasks.errors import CastraError, Declined, Halted, Moved, explain

Happening = Literal[
    "castra.environment.raised",
    "castra.environment.drifted",
    "castra.environment.failed",
    "castra.environment.expiring",
    "castra.environment.expired",
]
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


def tell(event: Happening, blueprint: Environment, reason: str, **told: Any) -> None:
    """Emit an event about the environment of a blueprint."""
    whose = {"owner": blueprint.owner, "purpose": blueprint.purpose}
    environment_event(event, blueprint.name, blueprint.region, reason, **whose, **told)


def environment_event(event: Happening, name: str, region: str, reason: str, **told: Any) -> None:
    """Emit an event about an environment; its resource is `castra.environment.<name>`, `reason` is for people."""
    resource = {
        "prefect.resource.id": f"castra.environment.{name}",
        "prefect.resource.name": name,
        "castra.environment": name,
        "castra.region": region,
    }
    emit_event(event=event, resource=resource, payload={"reason": reason, **told})


def tell_failure(flow: Any, flow_run: FlowRun, state: State[Any]) -> None:
    """A hook of flows that raise or strike: `castra.environment.failed`, unless somebody wanted it to end like that.

    Nothing is told of what was declined, has moved since it was agreed to, or was asked to stop. The owner and the
    purpose are those of the blueprint; a striking is given none.
    """
    error: Any = state.result(raise_on_failure=False)
    if isinstance(error, Declined | Moved | Halted):
        return
    document, what = _document(flow_run.parameters), str(flow_run.name)
    if not (document.get("name") and document.get("region")):
        return  # what it was given is no environment
    said = explain(error, what) if isinstance(error, Exception) else CastraError(what, str(state.message))
    whose = {"owner": document.get("owner"), "purpose": document.get("purpose")}
    environment_event("castra.environment.failed", document["name"], document["region"], str(said), **whose)


def _document(asked: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a run's parameters say of an environment: a document as an object, as text or by its path, or the name."""
    document = asked.get("blueprint") or {"name": asked.get("environment"), "region": asked.get("region")}
    if isinstance(document, str):
        try:
            return environment_of(document).model_dump(include={"name", "region", "owner", "purpose"})
        except Invalid:
            return {}
    return document if isinstance(document, Mapping) else {}
