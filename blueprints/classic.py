"""Classic load balancers: the part."""

from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from blueprints.health import AccessLogs, HealthCheck
from blueprints.listening import Certificate, Port
from blueprints.part import Part, Piece, Ready
from blueprints.places import GroupId, SubnetId, VpcId

CLASSIC_TLS_POLICY = "ELBSecurityPolicy-TLS-1-2-2017-01"  # TLS 1.2; AWS offers classic ones nothing newer


class ClassicListener(Piece):
    """A port of a classic load balancer, and the port of the servers that it leads to. SSL is AWS's word for TLS."""

    port: Port
    protocol: Literal["HTTP", "HTTPS", "TCP", "SSL"] = "HTTP"
    target_port: Port
    target_protocol: Literal["HTTP", "HTTPS", "TCP", "SSL"] = "HTTP"
    certificate: Certificate | None = None
    ssl_policy: str | None = None

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if (self.protocol in ("HTTPS", "SSL")) != bool(self.certificate) or (self.ssl_policy and not self.certificate):
            raise ValueError(f"port {self.port}: HTTPS and SSL have a certificate, and nothing else has")
        if (self.protocol in ("HTTP", "HTTPS")) != (self.target_protocol in ("HTTP", "HTTPS")):
            raise ValueError(f"port {self.port}: {self.protocol} can't become {self.target_protocol}")
        return self


class ClassicBalancer(Part):
    """A classic load balancer: all its ports lead to the same servers. Scaling groups name it, and register theirs."""

    kind: ClassVar[str] = "classic-balancer"
    vpc: VpcId
    public: bool = False
    subnets: tuple[SubnetId, ...] = Field(min_length=1)
    groups: tuple[GroupId, ...] = Field(min_length=1)
    listeners: tuple[ClassicListener, ...] = Field(min_length=1)
    health_check: HealthCheck = Field(description="Its port is a number; codes are always 200.")
    stickiness: int = Field(
        default=0, ge=0, le=604800, description="Seconds that a visitor stays, by a cookie of its own."
    )
    cookie: Annotated[str, Field(min_length=1, max_length=4096)] | None = Field(
        default=None, description="The application's own cookie, for as long as which a visitor stays."
    )
    cross_zone: bool = True
    draining: int = Field(default=60, ge=0, le=3600, description="Seconds for requests to end; 0 is none.")
    idle_timeout: int = Field(default=60, ge=1, le=4000, description="Seconds.")
    access_logs: AccessLogs | None = None
    after: tuple[Ready, ...] = Field(default=(), description="An internet gateway, where it's public.")

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.health_check.port == "traffic-port" or self.health_check.codes != "200":
            raise ValueError(f"{self.key}: its health check needs a port by its number, and takes only the code 200")
        if self.cookie and self.stickiness:
            raise ValueError(f"{self.key}: is sticky by the application's cookie or for a time, not both")
        return self
