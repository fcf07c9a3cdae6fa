"""Distributions take minutes: what waits for them, and in which order they go."""

from tasks.delivery.distribution import DistributionKind
from tasks.scope import Scope
from tests.physics import Physics
from tests.tasks.conftest import Weather
from tests.tasks.rows.delivery import change
from tests.tasks.test_distribution import raised


def test_it_is_pending_for_minutes_and_deleted_only_once_it_is_off_everywhere(weather: Weather) -> None:
    physics: Physics = weather(scale=1000, times={"distribution_deployed": 160})
    scope, kind = Scope("site", "eu-west-1", poll_seconds=0.02), DistributionKind()
    id = raised(scope)
    scope.look_afresh()
    (found,) = kind.owned(scope)
    assert found.phase == "standing"  # raising has waited for it
    change(scope, id, Enabled=False)
    scope.look_afresh()
    (found,) = kind.owned(scope)
    assert (found.phase, found.state.enabled) == ("pending", False)
    raised(scope)
    before = len(physics.writes())
    kind.delete(scope, id)
    assert [call.operation for call in physics.writes()[before:]] == ["UpdateDistribution", "DeleteDistribution"]
    assert scope.client("cloudfront").list_distributions()["DistributionList"]["Quantity"] == 0
