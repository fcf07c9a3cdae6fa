"""What automations hear: events with one name a trouble, about one policy or one image."""

from collections.abc import Iterator

import pytest
from prefect.events.clients import AssertingEventsClient
from prefect.events.worker import EventsWorker

from flows.alarms import alarm


@pytest.fixture
def heard() -> Iterator[type[AssertingEventsClient]]:
    """Prefect's own client that keeps what it is told."""
    AssertingEventsClient.reset()
    EventsWorker.set_client_override(AssertingEventsClient)
    yield AssertingEventsClient
    EventsWorker.set_client_override(None)


def test_an_alarm_names_its_policy_and_its_reason(heard: type[AssertingEventsClient]) -> None:
    alarm("castra.backup.unproven", "shop", "nightly", "it doesn't boot", days=9)
    alarm("castra.image.refused", "", "web", "its targets stayed unhealthy")
    EventsWorker.instance().wait_until_empty()
    told = [event for client in heard.all for event in client.events]
    assert [(event.event, event.resource.id, event.resource.name) for event in told] == [
        ("castra.backup.unproven", "castra.policy.shop.nightly", "nightly"),
        ("castra.image.refused", "castra.image..web", "web"),
    ]
    assert told[0].payload == {"reason": "it doesn't boot", "days": 9}
