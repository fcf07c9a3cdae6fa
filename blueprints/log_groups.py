"""Log groups of CloudWatch: where functions and APIs write what they did."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprints.part import Part

Retention = Literal[
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653
]
"""Days. https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html"""
KeyArn = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/.+$")]
OnRemoval = Literal["keep", "wipe"]


class LogGroup(Part):
    """A log group. Its name in AWS is `/castra/<environment>/<name>`."""

    kind: ClassVar[str] = "log-group"
    retention: Retention | None = Field(default=30, description="Days until AWS deletes an entry; None: never.")
    encryption_key: KeyArn | None = Field(default=None, description="A KMS key whose policy admits CloudWatch Logs.")
    on_removal: OnRemoval = "keep"
