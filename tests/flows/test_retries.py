"""A run tells what it tried again, why, and what that took."""

import pytest

from flows import screen
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tests.flows.world import REGION, small
from tests.physics import Physics

pytestmark = pytest.mark.usefixtures("prefect")


def test_a_lost_answer_is_in_the_report_with_the_seconds_it_cost(
    aws: Physics, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    aws.rule("CreateInternetGateway", "lose-answer", nth=1)
    raised = spin_up(small(name))
    assert raised.retries is not None
    assert list(raised.retries) == ["broken"]
    assert (raised.retries["broken"].count, raised.retries["broken"].seconds > 0) == (1, True)
    assert raised.document()["retries"] == {"broken": {"count": 1, "seconds": raised.retries["broken"].seconds}}
    screen.print_result(raised)
    assert "Tried again once for broken connections and faults of AWS's" in capsys.readouterr().out
    struck = tear_down(name, REGION)
    assert (struck.retries, struck.left) == ({}, 0)
