"""The example of the three kinds of load balancers is raised, stands as it's written, and is struck."""

from pathlib import Path

from blueprints.reading import load
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all

EXAMPLE = Path(__file__).parents[2] / "examples" / "balancers.yaml"


def test_the_example_of_balancers_stands_once_raised_and_leaves_nothing(scope: Scope) -> None:
    parts = load(EXAMPLE).parts()
    plan = raise_all(scope, parts)
    assert {step.action for step in plan.steps} == {"create"}
    again = look_and_plan(scope, parts)
    assert again.settled
    assert [(step.part, step.changes) for step in again.changes] == []
    assert {"load-balancer/front", "load-balancer/queue", "classic-balancer/legacy"} <= {part.key for part in parts}
    assert len(again.outputs["load-balancer/queue.addresses"].split(", ")) == 2
    assert again.outputs["listener/front-443.url"].startswith("https://")
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()
