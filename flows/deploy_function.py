"""Bring one function of a blueprint up to date, and leave all else as it is."""

from prefect import flow

from blueprints.environment import Environment
from blueprints.part import Name, Part
from flows.carry_out import RUNNER, deploy
from flows.forms import Blueprint
from tasks.errors import Invalid, Problem
from tasks.reading import scope_of
from tasks.report import Report


@flow(name="deploy-function", flow_run_name="deploy function {name}", task_runner=RUNNER)
def deploy_function(blueprint: Blueprint, name: Name) -> Report:
    """Make or change one function with all that it needs, and nothing else. A blueprint may have it alone.

    Args:
        blueprint: The document that the function is in: YAML, or the path of its file, such as examples/functions.yaml.
        name: The function's name in the section `functions`.
    """
    told = ("function", "function-url")
    return deploy(parts_of(blueprint, name), told, scope_of(blueprint), f"Deploying function {name}")


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
