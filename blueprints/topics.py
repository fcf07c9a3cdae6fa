"""Topics of SNS: the section that people write, and the part it unfolds into."""

from typing import Annotated, Any, ClassVar

from pydantic import Field

from blueprints.identity import Document
from blueprints.log_groups import KeyArn
from blueprints.part import Id, Lookup, Part, Piece, asking, of

TOPIC_ARN = r"^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$"  # no FIFO topic: no mail goes by one
TopicId = Annotated[Id, of("topic")] | Annotated[str, Field(pattern=TOPIC_ARN)]
Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$", max_length=320)]
ITSELF = "{topic}"
"""Stands for the topic's own ARN in its policy."""


class Topic(Part):
    """A topic, and who is told by mail what is published to it."""

    kind: ClassVar[str] = "topic"
    title: str = Field(default="", max_length=100, description="What mails of it come from.")
    emails: tuple[Email, ...] = ()
    encryption_key: KeyArn | None = None
    policy: Document = Field(description="Who may publish; {topic} is the topic itself, {account} this account.")
    account: Annotated[Lookup, asking("account")] = Lookup("account:")


# ---------------------------------------------------------------------- the section


class NotificationTopic(Piece):
    """A topic of SNS, to which alarms of this account may publish."""

    title: str = Field(default="", max_length=100, description="What mails of it come from; SNS's own, if not given.")
    emails: tuple[Email, ...] = Field(
        default=(),
        max_length=100,
        description="Who is told by mail. SNS asks each for consent first; who gives none in two days is forgotten.",
    )
    encryption_key: KeyArn | None = Field(
        default=None,
        description="ARN of a KMS key whose policy admits cloudwatch.amazonaws.com. SNS's own key, alias/aws/sns, "
        "would keep alarms out.",
    )

    def part(self, name: str) -> Topic:
        """The topic."""
        return Topic(
            name=name,
            where=f"topics.{name}",
            title=self.title,
            emails=self.emails,
            encryption_key=self.encryption_key,
            policy=ALARMS_PUBLISH,
        )


ALARMS_PUBLISH: dict[str, Any] = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish",
            "Resource": ITSELF,
            "Condition": {"StringEquals": {"aws:SourceAccount": "{account}"}},
        }
    ],
}
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Notify_Users_Alarm_Changes.html"""
