"""No false alarm: no example and no ready-made environment has anything amiss once it stands."""

from pathlib import Path

import pytest

from blueprints.reading import load
from tests.conductor import raise_all
from tests.physics import Physics
from tests.tasks.diagnosing.conftest import EXAMPLES, Standing

CATALOGUE = EXAMPLES.parent / "blueprints" / "catalog"
BUILT_FIRST = {"images"}  # its servers boot from an image that a flow builds
BLUEPRINTS = [
    path
    for path in (*sorted(EXAMPLES.glob("*.yaml")), *sorted(CATALOGUE.glob("*.yaml")))
    if path.stem not in BUILT_FIRST
]


@pytest.mark.thorough
@pytest.mark.parametrize("blueprint", BLUEPRINTS, ids=lambda path: path.stem)
def test_nothing_is_amiss_in_what_has_just_been_raised(aws: Physics, blueprint: Path) -> None:
    standing = Standing(load(blueprint))
    assert standing.told() == []
    raise_all(standing.scope, ())
