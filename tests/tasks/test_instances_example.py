"""examples/instances.yaml, raised whole and struck again."""

from pathlib import Path

from blueprints.reading import load
from tasks.leftovers import left_over
from tasks.scope import PART, Scope, as_dict
from tests.conductor import look_and_plan, raise_all

EXAMPLE = Path(__file__).parents[2] / "examples" / "instances.yaml"


def test_the_example_is_raised_reads_back_as_wanted_and_is_struck_but_for_a_last_snapshot(scope: Scope) -> None:
    parts = load(EXAMPLE).parts()
    raise_all(scope, parts)
    plan = look_and_plan(scope, parts)
    assert [(step.part, step.changes) for step in plan.changes] == []
    going = {step.part: step.because for step in raise_all(scope, ()).steps}
    assert "a snapshot of vol-" in going["volume/db-data"]
    assert going["volume/db-logs"].endswith("all that is on it go")
    assert look_and_plan(scope, ()).steps == ()
    assert left_over(scope) == {}
    kept = [{"Name": "tag:castra:kept", "Values": [str(scope.environment)]}]
    (snapshot,) = scope.ec2.describe_snapshots(Filters=kept)["Snapshots"]
    assert as_dict(snapshot["Tags"])[PART] == "volume/db-data"
