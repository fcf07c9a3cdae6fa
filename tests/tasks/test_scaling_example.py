"""examples/scaling.yaml, raised whole and struck again."""

from pathlib import Path

from blueprints.reading import load
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all

EXAMPLE = Path(__file__).parents[2] / "examples" / "scaling.yaml"


def test_the_example_is_raised_reads_back_as_wanted_and_is_struck(scope: Scope) -> None:
    parts = load(EXAMPLE).parts()
    raise_all(scope, parts)
    plan = look_and_plan(scope, parts)
    assert [(step.part, step.changes) for step in plan.changes] == []
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()
