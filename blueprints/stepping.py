"""Step scaling: an alarm on a metric, and the steps that its policy takes; the section, and the parts."""

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BeforeValidator, ConfigDict, Field, model_validator

from blueprints.part import Id, Part, Piece, Text, of
from blueprints.problem import Problem
from blueprints.topics import TopicId

GroupKey = Annotated[Id, of("scaling-group")]
Statistic = Annotated[str, Field(pattern=r"^(Average|Sum|Minimum|Maximum|SampleCount|p[0-9]{1,2}(\.[0-9]{1,2})?)$")]
Missing = Literal["missing", "ignore", "breaching", "notBreaching"]
Adjustment = Literal["ChangeInCapacity", "PercentChangeInCapacity", "ExactCapacity"]

# ---------------------------------------------------------------------- the parts


class Adjusting(Piece):
    """What happens between two distances from the alarm's threshold; None is no end."""

    lower: float | None
    upper: float | None
    change: int


class StepPolicy(Part):
    """Changes a group's size by how far an alarm's metric is beyond its threshold."""

    kind: ClassVar[str] = "step-policy"
    group: GroupKey
    adjustment: Adjustment = "ChangeInCapacity"
    steps: tuple[Adjusting, ...] = Field(min_length=1)
    at_least: int | None = Field(default=None, ge=1, description="So many servers at least, where steps are per cent.")
    warmup: int | None = Field(default=None, ge=0, description="Seconds until a new instance counts.")


class Alarm(Part):
    """Watches a metric of CloudWatch; sets policies off and tells topics while it is beyond a threshold."""

    kind: ClassVar[str] = "alarm"
    namespace: str
    metric: str
    dimensions: dict[str, str | Text] = Field(default_factory=dict, description="Names to values.")
    group: GroupKey | None = Field(default=None, description="The group whose name is a dimension of its metric.")
    statistic: Statistic = "Average"
    period: int = Field(default=60, description="Seconds.")
    periods: int = Field(default=5, ge=1, description="How many in a row must be beyond the threshold.")
    threshold: float
    comparison: Literal["GreaterThanOrEqualToThreshold", "LessThanOrEqualToThreshold"]
    missing: Missing = "missing"
    policies: tuple[Annotated[Id, of("step-policy")], ...] = Field(default=(), max_length=5)
    topics: tuple[TopicId, ...] = Field(
        default=(), max_length=5, description="Topics that are told, and told again when it's over."
    )


# ---------------------------------------------------------------------- the section

UNITS = {"s": 1, "second": 1, "m": 60, "min": 60, "minute": 60, "h": 3600, "hour": 3600}
OF_A_GROUP = {"cpu": "CPUUtilization", "network-in": "NetworkIn", "network-out": "NetworkOut"}
DAY = 86_400  # what an alarm can look back at most, with periods under an hour


def _seconds(value: Any) -> Any:
    """`2 minutes` as 120; a plain number is seconds already."""
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d+) *([a-z]+?)s?", value.strip().lower())
    if not match or match[2] not in UNITS:
        raise ValueError(f"{value!r} isn't a time; write one such as 2 minutes")
    return int(match[1]) * UNITS[match[2]]


Duration = Annotated[int, BeforeValidator(_seconds, json_schema_input_type=int | str)]


class _ByAlias(Piece):
    """Words that Python keeps for itself, `from` and `for`, are names of fields here."""

    model_config = ConfigDict(populate_by_name=True, serialize_by_alias=True)


class CustomMetric(Piece):
    """A metric of CloudWatch: your own, or one of another AWS service."""

    namespace: str = Field(min_length=1, description="As in CloudWatch, such as AWS/SQS.")
    name: str = Field(min_length=1, description="As in CloudWatch.")
    dimensions: dict[str, str] = Field(default_factory=dict, max_length=29, description="Names to values.")
    of_group: bool = Field(
        default=False, description="Whether it has the dimension AutoScalingGroupName too, with the servers' group."
    )
    statistic: Statistic = Field(default="Average", description="Over a minute; percentiles are written p95.")


class Step(_ByAlias):
    """What is done while the metric is so far beyond the threshold."""

    from_: float = Field(default=0, ge=0, alias="from", description="How far beyond the threshold it begins.")
    to: float | None = Field(default=None, gt=0, description="Where it ends; the last step has no end.")
    add: int | None = Field(default=None, ge=1, description="So many servers more.")
    remove: int | None = Field(default=None, ge=1, description="So many servers less.")
    set: int | None = Field(default=None, ge=0, description="So many servers.")

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if len(self.done()) != 1:
            raise ValueError("should say one thing that is done: add, remove or set")
        if self.to is not None and self.to <= self.from_:
            raise ValueError(f"ends at {self.to:g}, which isn't beyond {self.from_:g}, where it begins")
        return self

    def done(self) -> dict[str, int]:
        """The one thing, and how much of it."""
        said = {"add": self.add, "remove": self.remove, "set": self.set}
        return {name: number for name, number in said.items() if number is not None}


class StepScaling(_ByAlias):
    """A metric that is watched, and what is done by how far it is beyond a threshold."""

    metric: Literal["cpu", "network-in", "network-out"] | CustomMetric = Field(
        description="An average over the servers, or any metric of CloudWatch."
    )
    above: float | None = Field(default=None, description="Steps are taken from this value on.")
    below: float | None = Field(default=None, description="Steps are taken from this value down.")
    for_: Duration = Field(
        default=300, ge=60, le=DAY, alias="for", description="How long it must be so: seconds, or such as 2 minutes."
    )
    steps: tuple[Step, ...] = Field(min_length=1, max_length=20, description="One after the other, without a gap.")
    unit: Literal["servers", "percent"] = Field(
        default="servers", description="Whether `add` and `remove` are servers, or per cent of those that run."
    )
    at_least: int | None = Field(default=None, ge=1, description="So many servers at least, where the unit is percent.")
    missing_data: Missing = Field(
        default="missing", description="What a time without data counts as; `ignore` leaves the alarm as it was."
    )

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.above is None) == (self.below is None):
            raise ValueError("should say either above or below")
        done = sorted({name for step in self.steps for name in step.done()})
        if "set" in done and len(done) > 1:
            raise ValueError(f"mixes {' and '.join(done)}; AWS takes either set, or add and remove")
        if "set" in done and self.unit == "percent":
            raise ValueError("sets a number of servers, which isn't a percentage; leave unit out")
        if self.at_least is not None and self.unit != "percent":
            raise ValueError("has at_least, which is for steps of `unit: percent` only")
        return self

    @property
    def short(self) -> str:
        """A name for its parts: what is watched, and on which side."""
        metric = self.metric if isinstance(self.metric, str) else self.metric.name
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", metric).lower()
        return f"{re.sub('[^a-z0-9]+', '-', words)[:50].strip('-') or 'metric'}-{self.side}"

    @property
    def side(self) -> str:
        """Above or below."""
        return "below" if self.above is None else "above"

    def period(self, monitoring: bool) -> int:
        """How often there is a value: EC2 gives one in five minutes where servers aren't monitored closely."""
        return 300 if isinstance(self.metric, str) and not monitoring else 60

    def problems(self, where: str, monitoring: bool) -> Iterator[Problem]:
        """Steps that overlap or leave a gap, and times that can't be measured."""
        ordered = sorted(enumerate(self.steps), key=lambda one: one[1].from_)
        (first, begin), (last, end) = ordered[0], ordered[-1]
        if begin.from_ > 0:
            why = f"nothing is done from 0 to {begin.from_:g} beyond the threshold"
            yield Problem(f"{where}.steps.{first}", why, f"Begin at 0, or move {self.side} to where it begins")
        for (before, one), (after, other) in pairwise(ordered):
            yield from _no_gap(f"{where}.steps.{after}", before + 1, one, other)
        if end.to is not None:
            why = f"ends at {end.to:g}, and nothing would be done beyond that"
            yield Problem(f"{where}.steps.{last}", why, "Leave out `to` of the last step")
        if self.for_ % (period := self.period(monitoring)):
            why = f"{self.for_} seconds aren't a multiple of {period}, in which the metric has one value"
            closer = ". Or set monitoring: true, at a price: then there's one a minute" if period > 60 else ""
            yield Problem(f"{where}.for", why, f"Say {max(1, self.for_ // period) * period // 60} minutes{closer}")

    def parts(self, servers: str, where: str, monitoring: bool, warmup: int | None) -> Iterator[Part]:
        """The policy, and the alarm that sets it off."""
        name, group = f"{servers}-{self.short}", f"scaling-group/{servers}"
        exact = any("set" in step.done() for step in self.steps)
        relative: Adjustment = "PercentChangeInCapacity" if self.unit == "percent" else "ChangeInCapacity"
        yield StepPolicy(
            name=name,
            where=where,
            group=group,
            adjustment="ExactCapacity" if exact else relative,
            steps=tuple(self._adjusting(step) for step in sorted(self.steps, key=lambda step: step.from_)),
            at_least=self.at_least,
            warmup=warmup,
        )
        period, above = self.period(monitoring), self.above is not None
        yield Alarm(
            name=name,
            where=where,
            **self._watched(group),
            period=period,
            periods=self.for_ // period,
            threshold=self.above if above else self.below,
            comparison="GreaterThanOrEqualToThreshold" if above else "LessThanOrEqualToThreshold",
            missing=self.missing_data,
            policies=(f"step-policy/{name}",),
        )

    def _watched(self, group: str) -> dict[str, Any]:
        if isinstance(self.metric, str):
            return {"namespace": "AWS/EC2", "metric": OF_A_GROUP[self.metric], "group": group}
        one = self.metric
        return {
            "namespace": one.namespace,
            "metric": one.name,
            "dimensions": one.dimensions,
            "group": group if one.of_group else None,
            "statistic": one.statistic,
        }

    def _adjusting(self, step: Step) -> Adjusting:
        """AWS measures from the threshold upwards: below it, distances are negative, and change places."""
        ((name, number),) = step.done().items()
        change = -number if name == "remove" else number
        if self.above is not None:
            return Adjusting(lower=step.from_, upper=step.to, change=change)
        return Adjusting(lower=None if step.to is None else -step.to, upper=-step.from_, change=change)


def _no_gap(where: str, before: int, one: Step, other: Step) -> Iterator[Problem]:
    """Whether one step ends where the other begins."""
    if one.to == other.from_:
        return
    end = "has no end" if one.to is None else f"ends at {one.to:g}"
    wrong = "there's a gap" if one.to is not None and one.to < other.from_ else "they overlap"
    why = f"begins at {other.from_:g}, but step {before} {end}: {wrong}"
    yield Problem(where, why, "Let each end where the next begins")


def step_problems(where: str, all_steps: tuple[StepScaling, ...], monitoring: bool) -> Iterator[Problem]:
    """What's wrong with each, and two that would get in each other's way."""
    firsts: dict[str, int] = {}
    for index, one in enumerate(all_steps):
        at = f"{where}.{index}"
        yield from one.problems(at, monitoring)
        if firsts.setdefault(one.short, index) != index:
            why = f"watches the same on the same side as entry {firsts[one.short] + 1}"
            yield Problem(at, why, "Put both into one, with more steps")
