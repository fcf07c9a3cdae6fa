"""What the number of servers follows: averages kept at a target, steps, a forecast; the section, and the parts."""

from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator

from blueprints.part import Id, Name, Part, Piece, of
from blueprints.problem import Problem
from blueprints.stepping import Duration, GroupKey, StepScaling, step_problems

# ---------------------------------------------------------------------- the parts


class Requests(Piece):
    """The requests that a load balancer sends to a target group."""

    load_balancer: Annotated[Id, of("load-balancer")]
    target_group: Annotated[Id, of("target-group")]
    sent_by: tuple[Annotated[Id, of("listener", "listener-rule")], ...] = Field(
        default=(), description="What sends them, and must stand before they can be followed."
    )


class TargetTracking(Part):
    """Scales a group so that a metric stays at a value."""

    kind: ClassVar[str] = "target-tracking"
    group: GroupKey
    metric: Literal[
        "ASGAverageCPUUtilization", "ASGAverageNetworkIn", "ASGAverageNetworkOut", "ALBRequestCountPerTarget"
    ]
    target: float = Field(gt=0)
    requests: Requests | None = Field(default=None, description="Which, where the metric is ALBRequestCountPerTarget.")
    scale_in: bool = True
    warmup: int | None = Field(default=None, ge=0, description="Seconds until a new instance counts.")


class PredictivePolicy(Part):
    """Forecasts a group's load, and, if it's told to, starts instances before they're needed."""

    kind: ClassVar[str] = "predictive-policy"
    group: GroupKey
    metric: Literal["ASGCPUUtilization", "ASGNetworkIn", "ASGNetworkOut", "ALBRequestCount"]
    target: float = Field(gt=0)
    scale: bool = False
    ahead: int = Field(default=300, ge=0, lt=3600, description="Seconds before the need that instances are started.")
    above_max: int | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Lets it raise the group's maximum, with so many per cent over.",
    )
    requests: Requests | None = Field(default=None, description="Which, where the metric is ALBRequestCount.")


# ---------------------------------------------------------------------- the section

FORECAST = {
    "cpu": "ASGCPUUtilization",
    "network-in": "ASGNetworkIn",
    "network-out": "ASGNetworkOut",
    "requests": "ALBRequestCount",
}


class Prediction(Piece):
    """A forecast of the load, made every few hours from the last two weeks, of which it needs a day.

    It only starts servers: give it a target, or steps that remove, beside.
    """

    metric: Literal["cpu", "network-in", "network-out", "requests"] = Field(
        default="cpu", description="What is forecast; `requests` are those of a load balancer."
    )
    target: float = Field(
        gt=0, description="What each server is to carry: per cent of CPU, or bytes or requests a minute."
    )
    scale: bool = Field(
        default=False, description="Whether servers are started by it; look at the forecast for some days before."
    )
    ahead: Duration = Field(
        default=300, ge=0, lt=3600, description="How long before the need servers are started, such as 5 minutes."
    )
    above_max: int | None = Field(
        default=None,
        ge=0,
        le=100,
        description="Lets it raise `count.max` for good: to the forecast, and so many per cent over.",
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.metric == "cpu" and self.target > 100:
            raise ValueError(f"has a target of {self.target:g} per cent of CPU; at most 100 are there")
        if self.above_max is not None and not self.scale:
            raise ValueError("has above_max, but starts no servers: set scale: true, or take it out")
        return self

    def part(self, servers: str, where: str, requests: Requests | None) -> PredictivePolicy:
        """The policy."""
        return PredictivePolicy(
            name=f"{servers}-{self.metric}",
            where=where,
            group=f"scaling-group/{servers}",
            metric=FORECAST[self.metric],
            target=self.target,
            scale=self.scale,
            ahead=self.ahead,
            above_max=self.above_max,
            requests=requests if self.metric == "requests" else None,
        )


class Scaling(Piece):
    """What the number of servers follows: averages that are kept at a target, steps, and a forecast."""

    target_cpu: float | None = Field(default=None, gt=0, le=100, description="Per cent.")
    target_network_in: float | None = Field(default=None, gt=0, description="Bytes a minute and server.")
    target_network_out: float | None = Field(default=None, gt=0, description="Bytes a minute and server.")
    target_requests: float | None = Field(
        default=None, gt=0, description="Requests a minute and server, of the application load balancer in front."
    )
    steps: tuple[StepScaling, ...] = Field(default=(), description="Metrics watched, with steps for how far they go.")
    predictive: Prediction | None = Field(default=None, description="A forecast, for loads that come by day and week.")
    requests_at: Name | None = Field(
        default=None, description="Whose requests count, where several load balancers stand in front."
    )
    warmup: int | None = Field(default=None, ge=0, le=3600, description="Seconds until a new server counts.")
    scale_in: bool = Field(default=True, description="Whether servers are taken away again.")

    @property
    def raises_max(self) -> bool:
        """Whether the group's maximum is moved by a forecast."""
        return self.predictive is not None and self.predictive.above_max is not None

    @property
    def counts_requests(self) -> str:
        """The field that follows requests, or an empty text."""
        if self.target_requests is not None:
            return "target_requests"
        return "predictive.metric" if self.predictive and self.predictive.metric == "requests" else ""

    def metrics(self) -> dict[str, tuple[str, float]]:
        """A short name to AWS's metric and the target, for those that are asked for."""
        return {
            short: (metric, target)
            for short, metric, target in (
                ("cpu", "ASGAverageCPUUtilization", self.target_cpu),
                ("network-in", "ASGAverageNetworkIn", self.target_network_in),
                ("network-out", "ASGAverageNetworkOut", self.target_network_out),
                ("requests", "ALBRequestCountPerTarget", self.target_requests),
            )
            if target is not None
        }

    def front(self, balancers: tuple[str, ...]) -> str | None:
        """Whose requests are followed, of the application load balancers in front."""
        if self.requests_at is not None:
            return self.requests_at
        return balancers[0] if balancers else None

    def problems(self, where: str, balancers: tuple[str, ...], monitoring: bool) -> Iterator[Problem]:
        """What doesn't fit together. `balancers` are the application load balancers in front."""
        yield from step_problems(f"{where}.steps", self.steps, monitoring)
        if self.requests_at is not None and self.requests_at not in balancers:
            why = f"{self.requests_at} is no application load balancer that sends them requests"
            yield Problem(f"{where}.requests_at", why, f"Name one of: {', '.join(balancers) or 'there are none'}")
        elif (field := self.counts_requests) and not balancers:
            why = "no application load balancer sends them requests"
            yield Problem(f"{where}.{field}", why, "Send them some in `balancers`, or follow another metric")
        elif field and self.requests_at is None and len(balancers) > 1:
            why = f"{' and '.join(balancers)} send them requests, and one's count alone can be followed"
            yield Problem(f"{where}.{field}", why, "Say whose in scaling.requests_at")
        elif self.requests_at is not None and not field:
            yield Problem(f"{where}.requests_at", "is said, but no requests are followed", "Take it out")

    def parts(self, servers: str, where: str, monitoring: bool, requests: Requests | None) -> Iterator[Part]:
        """A part for each target, two for each metric with steps, one for the forecast."""
        for short, (metric, target) in self.metrics().items():
            yield TargetTracking(
                name=f"{servers}-{short}",
                where=where,
                group=f"scaling-group/{servers}",
                metric=metric,
                target=target,
                requests=requests if short == "requests" else None,
                scale_in=self.scale_in,
                warmup=self.warmup,
            )
        for index, steps in enumerate(self.steps):
            yield from steps.parts(servers, f"{where}.steps.{index}", monitoring, self.warmup)
        if self.predictive is not None:
            yield self.predictive.part(servers, f"{where}.predictive", requests)
