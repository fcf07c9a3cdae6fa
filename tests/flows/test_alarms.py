"""What automations hear: events with one name a trouble, about one policy or one image."""

from flows.alarms import alarm
from tests.flows.conftest import Heard


def test_an_alarm_names_its_policy_and_its_reason(heard: list[Heard]) -> None:
    alarm("castra.backup.unproven", "shop", "nightly", "it doesn't boot", days=9)
    alarm("castra.image.refused", "", "web", "its targets stayed unhealthy")
    told = [(one.event, one.resource["prefect.resource.id"], one.resource["prefect.resource.name"]) for one in heard]
    assert told == [
        ("castra.backup.unproven", "castra.policy.shop.nightly", "nightly"),
        ("castra.image.refused", "castra.image..web", "web"),
    ]
    assert heard[0].payload == {"reason": "it doesn't boot", "days": 9}
