"""examples/full.yaml, which has every section: raised whole, settled, and struck without a rest."""

from pathlib import Path

import pytest
import yaml

from blueprints.environment import Environment
from blueprints.reading import load
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all

FULL = Path(__file__).parents[2] / "examples" / "full.yaml"
NO_SECTION = {"account", "role", "expires_after", "also"}


def test_it_has_every_section() -> None:
    assert set(yaml.safe_load(FULL.read_text())) == set(Environment.model_fields) - NO_SECTION


@pytest.mark.thorough
def test_it_is_raised_settled_and_struck_without_a_rest(scope: Scope) -> None:
    parts = load(FULL).model_copy(update={"name": scope.environment}).parts()
    raise_all(scope, parts)
    assert look_and_plan(scope, parts).settled
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()
