"""EBS volumes: of an instance's root, and those of their own, which outlive the instance that they're attached to."""

from typing import ClassVar, Literal

from pydantic import Field, model_validator

from blueprints.images import SnapshotId
from blueprints.log_groups import KeyArn
from blueprints.part import Part, Piece

VolumeType = Literal["gp3", "gp2", "io1", "io2", "st1", "sc1", "standard"]
DEVICE = r"^/dev/[a-z0-9]+$"
TAKES_IOPS = ("gp3", "io1", "io2")
OnRemoval = Literal["keep", "snapshot", "wipe"]


class Block(Piece):
    """How a volume performs. https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html"""

    type: VolumeType = Field(default="gp3", description="EBS volume type.")
    iops: int | None = Field(default=None, ge=100, le=256000, description="For gp3 (3000 if not given), io1 and io2.")
    throughput: int | None = Field(default=None, ge=125, le=2000, description="MiB/s, for gp3; 125 if not given.")

    @model_validator(mode="after")
    def _of_its_type(self) -> "Block":
        if self.iops is not None and self.type not in TAKES_IOPS:
            raise ValueError(f"is {self.type}, which takes no iops")
        if self.iops is None and self.type in ("io1", "io2"):
            raise ValueError(f"is {self.type}, which needs iops")
        if self.throughput is not None and self.type != "gp3":
            raise ValueError(f"is {self.type}, which takes no throughput")
        return self


class StandingVolume(Part):
    """A volume of its own. What attaches it names it."""

    kind: ClassVar[str] = "volume"
    zone: str
    size: int = Field(ge=1, le=65536)
    block: Block = Block()
    encrypted: bool = True
    kms_key: KeyArn | None = None
    snapshot: SnapshotId | None = Field(default=None, description="What is on it at first.")
    on_removal: OnRemoval = "keep"


# ---------------------------------------------------------------------- the section


class Root(Block):
    """The root volume of an instance, which ends with it."""

    size: int | None = Field(default=None, ge=1, le=65536, description="GiB; the image's own, if not given.")
    encrypted: bool = Field(default=True, description="Encrypted with the account's own key for EBS.")


class Disk(Block):
    """A volume of its own, which outlives its instance."""

    device: str = Field(pattern=DEVICE, description="Device name by which it's attached, such as /dev/sdf.")
    size: int = Field(ge=1, le=65536, description="GiB. It can grow in place, and can't shrink.")
    encrypted: bool = Field(default=True, description="Whether it's encrypted.")
    kms_key: KeyArn | None = Field(
        default=None, description="ARN of the key that encrypts it; the account's own one for EBS, if not given."
    )
    from_snapshot: SnapshotId | None = Field(default=None, description="What is on it at first; else it's empty.")
    on_removal: OnRemoval = Field(
        default="keep",
        description="When nobody wants it any more: it stays, goes after a snapshot is taken, or goes with all on it.",
    )

    def part(self, name: str, where: str, zone: str) -> StandingVolume:
        """The volume."""
        return StandingVolume(
            name=name,
            where=where,
            zone=zone,
            size=self.size,
            block=Block(type=self.type, iops=self.iops, throughput=self.throughput),
            encrypted=self.encrypted,
            kms_key=self.kms_key,
            snapshot=self.from_snapshot,
            on_removal=self.on_removal,
        )
