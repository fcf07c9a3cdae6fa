"""Bring one function of a blueprint up to date, and leave all else as it is."""

import time

from prefect import flow

from blueprints.environment import Environment
from blueprints.part import Name, Part
from flows.artifacts import show_plan, show_result, this_run
from flows.carry_out import RUNNER, carry_out
from tasks.decide import outputs
from tasks.errors import Invalid, Problem
from tasks.lease import lease
from tasks.reading import plan_beside, scope_of
from tasks.registry import KINDS
from tasks.report import Report, report_on
from tasks.retry import counted
from tasks.survey import look


@flow(name="deploy-function", flow_run_name="deploy function {name}", task_runner=RUNNER)
def deploy_function(blueprint: Environment, name: Name) -> Report:
    """Make or change one function with all that it needs, and nothing else. A blueprint may have it alone.

    Args:
        blueprint: The document that the function is in. Paths are the worker's.
        name: The function's name in the section `functions`.
    """
    started, scope = time.monotonic(), scope_of(blueprint)
    parts = parts_of(blueprint, name)
    with lease(scope, this_run()), counted() as retries:
        planned = plan_beside(parts, scope)
        show_plan(planned)
        outcomes = carry_out(planned, scope, f"Deploying function {name}")
        told = [part for part in parts if part.kind in ("function", "function-url")]
        found = [one for part in told for one in look(scope, KINDS[part.kind], part.name)]
        report = report_on(
            planned,
            scope.calls.summary(),
            outcomes=tuple(outcomes),
            outputs=outputs(found),
            seconds=round(time.monotonic() - started, 3),
            retries=retries.summary,
        )
    show_result(report)
    return report


def parts_of(blueprint: Environment, name: str) -> tuple[Part, ...]:
    """What a function's entry unfolds into, and all that this needs. Raises Invalid where there's no such entry."""
    if name not in blueprint.functions:
        way_out = f"There are: {', '.join(blueprint.functions) or 'none'}"
        raise Invalid("castra function", [Problem(f"functions.{name}", "there's no such function", way_out)])
    parts = {part.key: part for part in blueprint.parts()}
    own = f"functions.{name}"
    asked = [key for key, part in parts.items() if part.where == own or part.where.startswith(f"{own}.")]
    needed: dict[str, Part] = {}
    while asked:
        key = asked.pop()
        if key in parts and key not in needed:
            needed[key] = parts[key]
            asked += parts[key].needs
    return tuple(part for key, part in parts.items() if key in needed)
