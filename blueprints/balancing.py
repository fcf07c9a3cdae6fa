"""Load balancers: the section that people write, and the parts it unfolds into."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from blueprints.network import GroupId, SubnetId, VpcId
from blueprints.part import Id, Part, Piece, Ready, of

TargetGroupId = Annotated[Id, of("target-group")]


class LoadBalancer(Part):
    """An application load balancer."""

    kind: ClassVar[str] = "load-balancer"
    public: bool = False
    subnets: tuple[SubnetId, ...] = Field(min_length=2)
    groups: tuple[GroupId, ...] = ()
    idle_timeout: int = Field(default=60, ge=1, le=4000, description="Seconds.")
    deletion_protection: bool = False
    drop_invalid_headers: bool = True
    after: tuple[Ready, ...] = Field(default=(), description="An internet gateway, where it's public.")


class HealthCheck(Piece):
    """How a target group finds out whether a target is well. Times in seconds."""

    path: str = "/"
    port: Annotated[int, Field(ge=1, le=65535)] | Literal["traffic-port"] = "traffic-port"
    protocol: Literal["HTTP", "HTTPS"] = "HTTP"
    codes: str = Field(default="200", pattern=r"^[0-9]{3}([,-][0-9]{3})*$")
    interval: int = Field(default=15, ge=5, le=300)
    timeout: int = Field(default=5, ge=2, le=120)
    healthy_after: int = Field(default=2, ge=2, le=10)
    unhealthy_after: int = Field(default=2, ge=2, le=10)


class TargetGroup(Part):
    """Where a load balancer sends requests to. Instances of a scaling group register themselves."""

    kind: ClassVar[str] = "target-group"
    vpc: VpcId
    port: int = Field(ge=1, le=65535)
    protocol: Literal["HTTP", "HTTPS"] = "HTTP"
    health_check: HealthCheck = HealthCheck()
    stickiness: int = Field(
        default=0, ge=0, le=604800, description="Seconds that a visitor stays with a target; 0 is off."
    )
    deregistration_delay: int = Field(default=60, ge=0, le=3600, description="Seconds.")


class Listener(Part):
    """A port of a load balancer, and where its requests go that no rule takes."""

    kind: ClassVar[str] = "listener"
    load_balancer: Annotated[Id, of("load-balancer")]
    port: int = Field(ge=1, le=65535)
    protocol: Literal["HTTP"] = "HTTP"
    target_group: TargetGroupId


class ListenerRule(Part):
    """Requests of a listener, by path or host, that go elsewhere. The lowest priority is asked first."""

    kind: ClassVar[str] = "listener-rule"
    listener: Annotated[Id, of("listener")]
    priority: int = Field(ge=1, le=50000)
    paths: tuple[str, ...] = Field(default=(), max_length=5)
    hosts: tuple[str, ...] = Field(default=(), max_length=5)
    target_group: TargetGroupId
