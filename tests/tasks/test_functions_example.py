"""The example of functions is raised, stands as it's written, and is struck."""

from pathlib import Path

from blueprints.reading import load
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all

EXAMPLE = Path(__file__).parents[2] / "examples" / "functions.yaml"


def test_the_example_of_functions_stands_once_raised_and_leaves_nothing(scope: Scope) -> None:
    parts = load(EXAMPLE).parts()
    raise_all(scope, parts)
    again = look_and_plan(scope, parts)
    assert [(step.part, step.changes) for step in again.changes] == []
    assert again.settled
    assert again.outputs["function-url/clerk.url"].startswith("https://")
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()
