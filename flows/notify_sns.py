"""Publish a message to a topic of SNS: how automations of Prefect, which has no block for SNS, tell people by it."""

from typing import Annotated

from prefect import flow
from pydantic import Field

from blueprints.topics import TOPIC_ARN
from flows.forms import Role
from tasks.scope import Scope

SUBJECT = 100  # characters, without line breaks: https://docs.aws.amazon.com/sns/latest/api/API_Publish.html
MESSAGE = 200_000  # characters; SNS takes 262,144 bytes


@flow(name="notify-sns", flow_run_name="notify {topic}")
def notify_sns(
    topic: Annotated[str, Field(pattern=TOPIC_ARN)],
    subject: Annotated[str, Field(min_length=1, max_length=1000)],
    message: Annotated[str, Field(min_length=1, max_length=MESSAGE)],
    role: Role = "",
) -> str:
    """Publish a message; gives SNS's id of it. Run twice, it tells twice.

    Args:
        topic: The ARN of a topic, in any region.
        subject: One line; what is beyond SNS's hundred characters is cut off.
        message: The text.
        role: The ARN of a role to assume, for a topic in another account.
    """
    scope = Scope(None, topic.split(":")[3], role=role)
    line = " ".join(subject.encode("ascii", "replace").decode().split())[:SUBJECT]
    said = scope.client("sns").publish(TopicArn=topic, Subject=line, Message=message)
    return str(said["MessageId"])
