"""What would be done, and why. Writes nothing in AWS."""

from prefect import flow

from flows.artifacts import show_plan
from flows.forms import Blueprint
from tasks.reading import plan_of, scope_of
from tasks.report import Report, report_on


@flow(name="plan", flow_run_name="plan {blueprint.name}")
def plan(blueprint: Blueprint, replace: tuple[str, ...] = ()) -> Report:
    """Show what raising this blueprint would do. Writes nothing in AWS.

    Args:
        blueprint: The environment that is wanted: YAML, or the path of its file, such as examples/web.yaml.
        replace: Parts that may be replaced though they hold something, such as `subnet/public-a`.
    """
    scope = scope_of(blueprint)
    planned = plan_of(blueprint, scope, replace)
    show_plan(planned)
    return report_on(planned, scope.calls.summary())
