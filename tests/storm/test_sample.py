"""One seed of `make storm-test`, over fewer parts."""

import pytest

from tests.crash.stage import prefect
from tests.flows.world import small_document
from tests.storm import life


@pytest.mark.thorough
def test_on_a_bad_day_it_is_raised_changed_and_struck_exactly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(life, "small_web", lambda name: small_document(name, owner="day", network={"nat": "none"}))
    kept = {name: life.CHANGES[name] for name in ("another owner", "no endpoint")}
    monkeypatch.setattr(life, "CHANGES", kept)
    with prefect():
        result = life.live(7)
    assert result.wrong == []
    assert result.again <= 3 * life.AGAIN
