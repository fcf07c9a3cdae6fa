"""How images are built beside an environment: from an instance, or baked by a recipe; and where they go."""

from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from blueprints.booting import Bootstrap, Image, Volume
from blueprints.mixing import InstanceType
from blueprints.part import Piece

REGION = r"^[a-z]{2}(-[a-z]+)+-[0-9]$"


class FromInstance(Piece):
    """An image of an instance as it is. The instance alone, by id or by name, is enough."""

    instance: str = Field(
        min_length=1, examples=["i-0abcdef1234567890"], description="Its id, or its name in the section `instances`."
    )
    reboot: bool = Field(
        default=True, description="Whether it's rebooted, so that its disks are at rest; else as after a power cut."
    )


class Bake(Piece):
    """A recipe: a machine is launched from a base image, furnished, tested and imaged, and is gone afterwards."""

    base: Image = Field(description="What it's launched from.")
    instance_type: InstanceType = Field(default="t3.small", description="Of the machine that it's baked on.")
    bootstrap: Annotated[
        Bootstrap,
        BeforeValidator(
            lambda value: {"text": value} if isinstance(value, str) else value, json_schema_input_type=str | Bootstrap
        ),
    ] = Field(
        default=Bootstrap(),
        description="User data: a text, or a file. Without commands and tests, it must end by shutting it down.",
    )
    commands: tuple[str, ...] = Field(
        default=(),
        description="Lines of a shell script, which Systems Manager runs as root; the first to fail ends it.",
    )
    test: tuple[str, ...] = Field(
        default=(), description="Lines of another one, that must succeed before an image is made."
    )
    profile: str | None = Field(
        default=None, description="Name of an instance profile; Systems Manager needs one, unless the account lets it."
    )
    subnet: str | None = Field(
        default=None, pattern=r"^subnet-[0-9a-f]+$", description="Where; else in the account's default VPC."
    )
    security_groups: tuple[Annotated[str, Field(pattern=r"^sg-[0-9a-f]+$")], ...] = Field(
        default=(), description="Ids of its security groups; else the VPC's default one."
    )
    volumes: tuple[Volume, ...] = Field(default=(), description="Volumes beside the root, or a larger root.")
    within: int = Field(default=30, ge=1, le=360, description="Minutes that each of recipe and tests may take.")

    @model_validator(mode="after")
    def _something(self) -> "Bake":
        if not (self.bootstrap.text or self.commands):
            raise ValueError("should say what is done: bootstrap or commands")
        if self.base.from_snapshot is not None:
            raise ValueError("should have a base that stands already: id, ssm, name, or one that's built")
        return self

    @property
    def told(self) -> bool:
        """Whether Systems Manager says when it's done; else it's when the machine stops."""
        return bool(self.commands or self.test)


class CopyTo(Piece):
    """A copy of an image in another region. The region alone is enough."""

    region: str = Field(pattern=REGION, examples=["eu-central-1"], description="Where.")
    kms_key: str | None = Field(
        default=None, pattern=r"^arn:", description="ARN of a key there; else the account's own one, if encrypted."
    )


Copies = Annotated[
    CopyTo,
    BeforeValidator(
        lambda value: {"region": value} if isinstance(value, str) else value, json_schema_input_type=str | CopyTo
    ),
]
AccountId = Annotated[str, Field(pattern=r"^[0-9]{12}$")]
