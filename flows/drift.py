"""A plan read as an alarm: what stands that isn't as the blueprint says."""

from prefect import flow

from flows.alarms import tell
from flows.artifacts import show_plan
from flows.forms import Blueprint
from tasks.reading import plan_of, scope_of
from tasks.report import Report, report_on

MOST_PARTS = 50  # of an event, which a server keeps whole


@flow(name="drift", flow_run_name="drift of {blueprint.name}")
def drift(blueprint: Blueprint) -> Report:
    """Compare what stands with this blueprint. Writes nothing in AWS; every part may differ, so none is refused.

    Args:
        blueprint: The environment that is wanted: YAML, or the path of its file, such as examples/web.yaml.
    """
    scope = scope_of(blueprint)
    planned = plan_of(blueprint, scope, [part.key for part in blueprint.parts()])
    show_plan(planned, title="Drift")
    if planned.changes:
        reason = f"it isn't as its blueprint says: {planned.summary}"
        parts = [f"{step.action} {step.part}: {step.because}" for step in planned.changes[:MOST_PARTS]]
        tell("castra.environment.drifted", blueprint, reason, parts=parts)
    return report_on(planned, scope.calls.summary())
