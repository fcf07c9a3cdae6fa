"""What other systems hear of an environment: that it was raised, that it differs, that a run on it failed."""

import json
from typing import Any

import pytest

from flows.drift import drift
from flows.notify_sns import notify_sns
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tasks.errors import Failed, Moved
from tests.flows.conftest import Heard
from tests.flows.world import REGION, client, ids, small
from tests.physics import Physics

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture(autouse=True)
def no_rule_outlives_its_test(aws: Physics) -> Any:
    yield
    aws.rules.clear()


def told(heard: list[Heard]) -> list[str]:
    return [one.event for one in heard]


def test_a_raising_tells_its_outputs_and_one_with_nothing_to_do_tells_nothing(name: str, heard: list[Heard]) -> None:
    report = spin_up(small(name, owner="ada", expires_after="8h"))
    (raised,) = heard
    assert raised.event == "castra.environment.raised"
    assert raised.resource == {
        "prefect.resource.id": f"castra.environment.{name}",
        "prefect.resource.name": name,
        "castra.environment": name,
        "castra.region": REGION,
    }
    assert raised.payload["owner"] == "ada"
    assert raised.payload["expires"].endswith("Z")
    assert raised.payload["outputs"] == report.outputs
    assert "nat-gateway/a.public_ip" in raised.payload["outputs"]
    spin_up(small(name, owner="ada", expires_after="8h"))
    assert len(heard) == 1


def test_a_drift_tells_the_parts_that_differ_and_without_one_nothing(name: str, heard: list[Heard]) -> None:
    spin_up(small(name))
    heard.clear()
    drift(small(name))
    assert heard == []
    client("ec2").modify_vpc_attribute(VpcId=ids(name)["vpc/main"], EnableDnsHostnames={"Value": False})
    drift(small(name))
    (drifted,) = heard
    assert drifted.event == "castra.environment.drifted"
    assert drifted.payload["reason"].startswith("it isn't as its blueprint says: 1 to update")
    assert [part.partition(":")[0] for part in drifted.payload["parts"]] == ["update vpc/main"]


def test_a_raising_and_a_striking_that_fail_tell_why(aws: Physics, name: str, heard: list[Heard]) -> None:
    aws.rule("CreateSubnet", "error:UnauthorizedOperation:403", nth=1)
    with pytest.raises(Failed):
        spin_up(small(name, owner="ada"))
    (failed,) = heard
    assert (failed.event, failed.payload["owner"]) == ("castra.environment.failed", "ada")
    assert "UnauthorizedOperation" in failed.payload["reason"] or "no permission" in failed.payload["reason"]
    aws.rules.clear()
    spin_up(small(name, owner="ada"))
    heard.clear()
    aws.rule("DeleteVpc", "error:UnauthorizedOperation:403", nth=1)
    with pytest.raises(Failed):
        tear_down(name, REGION)
    assert told(heard) == ["castra.environment.failed"]
    assert heard[0].resource["castra.region"] == REGION
    assert "vpc/main" in heard[0].payload["reason"]


def test_what_somebody_would_not_have_is_no_failure(name: str, heard: list[Heard]) -> None:
    with pytest.raises(Moved):
        spin_up(small(name), approved="p1-0000000000000000")
    assert heard == []


def test_a_message_reaches_those_who_subscribed_to_a_topic(aws: Physics, name: str) -> None:
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    queue = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    asked = client("sqs").get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=asked["Attributes"]["QueueArn"])
    subject = "Castra: shop\nfailed – " + "x" * 200
    id = notify_sns(topic, subject, "Raising shop: vpc/main: no room")
    (message,) = client("sqs").receive_message(QueueUrl=queue)["Messages"]
    said = json.loads(message["Body"])
    assert (said["MessageId"], said["Message"]) == (id, "Raising shop: vpc/main: no room")
    assert said["Subject"] == ("Castra: shop failed ? " + "x" * 200)[:100]
