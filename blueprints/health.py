"""What all kinds of load balancers have in common: how they check who is well, and where they write things down."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from blueprints.part import Piece

BUCKET = r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$"


class AccessLogs(Piece):
    """Where a balancer writes down who asked for what. The bucket's policy must admit the balancer."""

    bucket: str = Field(pattern=BUCKET, description="Name of a bucket of the same region, which admits balancers.")
    prefix: str = Field(default="", pattern=r"^([^/]|[^/].*[^/])?$", description="What the objects' names begin with.")


class HealthCheck(Piece):
    """How a target group finds out whether a target is well. Times in seconds. TCP asks only whether it's open."""

    path: str = "/"
    port: Annotated[int, Field(ge=1, le=65535)] | Literal["traffic-port"] = "traffic-port"
    protocol: Literal["HTTP", "HTTPS", "TCP"] = "HTTP"
    codes: str = Field(default="200", pattern=r"^[0-9]{3}([,-][0-9]{3})*$")
    interval: int = Field(default=15, ge=5, le=300)
    timeout: int = Field(default=5, ge=2, le=120)
    healthy_after: int = Field(default=2, ge=2, le=10)
    unhealthy_after: int = Field(default=2, ge=2, le=10)

    @model_validator(mode="after")
    def _answers_in_time(self) -> "HealthCheck":
        if self.timeout >= self.interval:
            raise ValueError(f"timeout {self.timeout} should be less than interval {self.interval}")
        if self.protocol == "TCP" and (self.path, self.codes) != ("/", "200"):
            raise ValueError("has a path or codes, and TCP asks for none: say HTTP, or take them out")
        return self
