"""A plan read as an alarm: what stands that isn't as the blueprint says."""

from prefect import flow

from blueprints.environment import Environment
from flows.artifacts import show_plan
from tasks.reading import plan_of, scope_of
from tasks.report import Report, report_on


@flow(name="drift", flow_run_name="drift of {blueprint.name}")
def drift(blueprint: Environment) -> Report:
    """Compare what stands with this blueprint. Writes nothing in AWS; every part may differ, so none is refused.

    Args:
        blueprint: The environment that is wanted.
    """
    scope = scope_of(blueprint)
    planned = plan_of(blueprint, scope, [part.key for part in blueprint.parts()])
    show_plan(planned, title="Drift")
    return report_on(planned, scope.calls.summary())
