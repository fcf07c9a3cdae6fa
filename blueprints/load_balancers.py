"""Load balancers and target groups: the parts."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from blueprints.health import AccessLogs, HealthCheck
from blueprints.listening import Protocol
from blueprints.part import Id, Part, Ready, of
from blueprints.places import GroupId, SubnetId, VpcId


class LoadBalancer(Part):
    """An application or a network load balancer. What only one of them has is None for the other."""

    kind: ClassVar[str] = "load-balancer"
    type: Literal["application", "network"] = "application"
    vpc: VpcId
    public: bool = False
    subnets: tuple[SubnetId, ...] = Field(min_length=1)
    groups: tuple[GroupId, ...] = Field(min_length=1)
    addresses: tuple[Annotated[Id, of("address")], ...] = Field(
        default=(), description="Network: static addresses, one for each subnet in the same order."
    )
    idle_timeout: int | None = Field(default=None, ge=1, le=4000, description="Application: seconds; None is 60.")
    deletion_protection: bool = False
    drop_invalid_headers: bool | None = Field(default=None, description="Application: None is yes.")
    cross_zone: bool | None = Field(default=None, description="Network: None is no.")
    access_logs: AccessLogs | None = None
    after: tuple[Ready, ...] = Field(default=(), description="An internet gateway, where it's public.")

    @model_validator(mode="after")
    def _fits_its_type(self) -> Self:
        only = {
            "application": ("idle_timeout", "drop_invalid_headers"),
            "network": ("addresses", "cross_zone"),
        }
        for type, fields in only.items():
            if type != self.type and (given := [name for name in fields if getattr(self, name) not in (None, ())]):
                raise ValueError(f"{self.key}: only {type} load balancers have {' and '.join(given)}")
        if self.type == "application" and len(self.subnets) < 2:
            raise ValueError(f"{self.key}: an application load balancer needs two subnets")
        if self.addresses and (len(self.addresses) != len(self.subnets) or not self.public):
            raise ValueError(f"{self.key}: static addresses are for public ones, and one for each subnet")
        return self


class TargetGroup(Part):
    """Where a load balancer sends requests to. Instances of a scaling group register themselves."""

    kind: ClassVar[str] = "target-group"
    vpc: VpcId
    port: int = Field(ge=1, le=65535)
    protocol: Protocol = "HTTP"
    health_check: HealthCheck = HealthCheck()
    stickiness: Annotated[int, Field(ge=0, le=604800)] | Literal["source_ip"] = Field(
        default=0, description="Seconds that a visitor stays with a target, 0 is off; or by address, on TCP and UDP."
    )
    deregistration_delay: int = Field(default=60, ge=0, le=3600, description="Seconds.")
    cross_zone: bool | None = Field(default=None, description="None: as the balancer has it.")
    preserve_client_ip: bool | None = Field(
        default=None, description="Whether targets of TCP, UDP and TLS see the visitor's address; None is yes."
    )

    @model_validator(mode="after")
    def _fits_its_protocol(self) -> Self:
        http, udp = self.protocol in ("HTTP", "HTTPS"), self.protocol in ("UDP", "TCP_UDP")
        if http and (self.health_check.protocol == "TCP" or self.preserve_client_ip is not None):
            raise ValueError(f"{self.key}: {self.protocol} has neither TCP health checks nor preserve_client_ip")
        if udp and self.preserve_client_ip is False:
            raise ValueError(f"{self.key}: {self.protocol} always preserves the client's address")
        if self.stickiness and (self.stickiness != "source_ip") != http:
            raise ValueError(f"{self.key}: HTTP is sticky for a time, TCP and UDP by source_ip")
        return self
