"""Servers: launch templates, the groups that scale them, and the section that people write."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprints.network import GroupId, SubnetId
from blueprints.part import Id, Lookup, Part, Piece, Ready, of


class Volume(Piece):
    """A volume of every instance. Sizes in GiB; `iops` and `throughput` (MiB/s) for the types that take them."""

    device: str = Field(
        pattern=r"^/dev/[a-z0-9]+$", description="Device name; the image's root device resizes its root."
    )
    size: int = Field(ge=1, le=65536)
    type: Literal["gp3", "gp2", "io1", "io2", "st1", "sc1", "standard"] = "gp3"
    iops: int | None = Field(default=None, ge=100, le=256000)
    throughput: int | None = Field(default=None, ge=125, le=2000)
    encrypted: bool = True
    keep: bool = Field(default=False, description="Whether it outlives its instance.")


class LaunchTemplate(Part):
    """How instances are launched. A change makes a new numbered version, which becomes the default."""

    kind: ClassVar[str] = "launch-template"
    image: Lookup | Annotated[str, Field(pattern=r"^ami-[0-9a-z]+$")]
    instance_type: str
    groups: tuple[GroupId, ...] = ()
    profile: Annotated[Id, of("instance-profile")] | None = None
    key_pair: str | None = Field(default=None, description="Name of a key pair that exists.")
    user_data: str = ""
    volumes: tuple[Volume, ...] = ()
    shutdown: Literal["stop", "terminate"] = "stop"
    monitoring: bool = False
    launched_by: str = Field(default="", description="Key of the part that what's launched belongs to.")


class ScalingGroup(Part):
    """Instances kept at a number between `min` and `max`. How many run between them is AWS's to decide, not a state."""

    kind: ClassVar[str] = "scaling-group"
    template: Annotated[Id, of("launch-template")]
    subnets: tuple[SubnetId, ...]
    min: int = Field(ge=0)
    max: int = Field(ge=0)
    target_groups: tuple[Annotated[Id, of("target-group")], ...] = ()
    health_check: Literal["EC2", "ELB"] = "EC2"
    grace: int = Field(default=300, ge=0, le=7200, description="Seconds before health checks count.")
    after: tuple[Ready, ...] = Field(default=(), description="What must be ready before the first instance starts.")


class TargetTracking(Part):
    """Scales a group so that a metric stays at a value."""

    kind: ClassVar[str] = "target-tracking"
    group: Annotated[Id, of("scaling-group")]
    metric: Literal["ASGAverageCPUUtilization", "ASGAverageNetworkIn", "ASGAverageNetworkOut"]
    target: float = Field(gt=0)
    scale_in: bool = True
    warmup: int | None = Field(default=None, ge=0, description="Seconds until a new instance counts.")
