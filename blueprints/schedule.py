"""Schedules of servers: sizes that come again at their hour, their crons and time zones, and the part for each."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import Annotated, ClassVar, Literal
from zoneinfo import available_timezones

from pydantic import AfterValidator, Field, model_validator

from blueprints.part import Id, Part, Piece, of
from blueprints.problem import Problem

Bound = Literal["min", "max"]

# ---------------------------------------------------------------------- crons and time zones

MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
FIELDS: tuple[tuple[str, int, int, Mapping[str, int]], ...] = (
    ("a minute", 0, 59, {}),
    ("an hour", 0, 23, {}),
    ("a day of the month", 1, 31, {}),
    ("a month", 1, 12, {name: number for number, name in enumerate(MONTHS, 1)}),
    ("a day of the week", 0, 7, {name: number for number, name in enumerate(DAYS)}),
)
ELEMENT = re.compile(r"^(?:\*|(?P<first>\w+)(?:-(?P<last>\w+))?)(?:/(?P<step>\d+))?$")


def _cron(text: str) -> str:
    """A cron of five fields, as AWS takes it: `*`, numbers, names, ranges, lists and steps; nothing of Quartz's."""
    fields = text.split()
    if len(fields) != len(FIELDS):
        raise ValueError(f"{text!r} has {len(fields)} fields; a cron has five: minute, hour, day, month, weekday")
    _, _, days, months, _ = (_numbers(field, *about) for field, about in zip(fields, FIELDS, strict=True))
    if fields[4] == "*" and all(min(days) > LENGTHS[month - 1] for month in months):
        raise ValueError(f"{text!r} never comes: no such month has a day {min(days)}")
    return " ".join(fields)


def _numbers(field: str, what: str, low: int, high: int, names: Mapping[str, int]) -> set[int]:
    """All that a field stands for."""
    found: set[int] = set()
    for element in field.split(","):
        match = ELEMENT.match(element)
        if not match:
            raise ValueError(f"{element!r} isn't {what}; write numbers, ranges such as 1-5, lists, steps such as */2")
        first, last, step = match["first"], match["last"], int(match["step"] or 1)
        start = low if first is None else _number(first, what, low, high, names)
        end = high if first is None or (step > 1 and not last) else _number(last or first, what, low, high, names)
        if start > end or not step:
            raise ValueError(f"{element!r} is {what} that never comes")
        found.update(range(start, end + 1, step))
    return found


def _number(text: str, what: str, low: int, high: int, names: Mapping[str, int]) -> int:
    number = names.get(text.upper(), int(text) if text.isdecimal() else -1)
    if not low <= number <= high:
        raise ValueError(f"{text!r} isn't {what}, which goes from {low} to {high}")
    return number


UTC = "Etc/UTC"  # as AWS's list of canonical names has it


@cache
def _zones() -> frozenset[str]:
    return frozenset(zone for zone in available_timezones() if zone[0].isupper() and zone != "Factory")


def _time_zone(name: str) -> str:
    if name.upper() in ("UTC", "GMT", "Z"):
        return UTC
    if name not in _zones():
        near = difflib.get_close_matches(name, _zones(), 1)
        hint = f"did you mean {near[0]}?" if near else "write one such as Europe/Berlin"
        raise ValueError(f"there's no time zone {name}: {hint}")
    return name


Cron = Annotated[str, AfterValidator(_cron)]
TimeZone = Annotated[str, AfterValidator(_time_zone)]


# ---------------------------------------------------------------------- the part


class ScheduledAction(Part):
    """Changes the sizes of a scaling group whenever its cron comes."""

    kind: ClassVar[str] = "scheduled-action"
    group: Annotated[Id, of("scaling-group")]
    cron: Cron
    time_zone: TimeZone = UTC
    min: int | None = Field(default=None, ge=0)
    max: int | None = Field(default=None, ge=0)
    desired: int | None = Field(default=None, ge=0)


# ---------------------------------------------------------------------- the section


class Moment(Piece):
    """A time that comes again, and the sizes that the servers have from then on."""

    cron: Cron = Field(
        description="Minute, hour, day, month and weekday; `0 20 * * MON-FRI` is eight in the evening on workdays.",
        examples=["0 20 * * *"],
    )
    time_zone: TimeZone = Field(
        default="UTC", validate_default=True, description="As IANA names it, such as Europe/Berlin; knows summer time."
    )
    min: int | None = Field(default=None, ge=0, le=10_000, description="At least so many from then on.")
    max: int | None = Field(default=None, ge=0, le=10_000, description="At most so many from then on.")
    desired: int | None = Field(
        default=None, ge=0, le=10_000, description="So many at that time; scaling goes on from there."
    )

    @model_validator(mode="after")
    def _sizes_in_order(self) -> "Moment":
        sizes = [size for size in (self.min, self.desired, self.max) if size is not None]
        if not sizes:
            raise ValueError("should say what changes: min, max or desired")
        if sizes != sorted(sizes):
            told = ", ".join(f"{name} {size}" for name, size in self.sizes().items())
            raise ValueError(f"{told} don't fit together: min is the least of them, max the most")
        return self

    def sizes(self) -> dict[str, int]:
        """Those that are said."""
        said = {"min": self.min, "desired": self.desired, "max": self.max}
        return {name: size for name, size in said.items() if size is not None}


def moved(schedule: Mapping[str, Moment]) -> tuple[Bound, ...]:
    """The bounds that a schedule moves, so that the group's own are only its first."""
    bounds: tuple[Bound, ...] = ("min", "max")
    return tuple(bound for bound in bounds if any(bound in moment.sizes() for moment in schedule.values()))


def schedule_problems(where: str, schedule: Mapping[str, Moment], most: int) -> Iterator[Problem]:
    """What AWS would refuse, and what would change a size once and for ever. `most` is the group's own maximum."""
    times: dict[tuple[str, str], str] = {}
    for name, moment in schedule.items():
        first = times.setdefault((moment.cron, moment.time_zone), name)
        if first != name:
            yield Problem(f"{where}.{name}.cron", f"is the time of {first} too", "Put both into one, or shift one")
    for bound in moved(schedule):
        named = [name for name, moment in schedule.items() if bound in moment.sizes()]
        if len(named) == 1:
            why = f"only {named[0]} says {bound}, so it would stay so for ever"
            yield Problem(f"{where}.{named[0]}.{bound}", why, f"Say {bound} in another entry too, or in count")
    highest = max([most, *(moment.max for moment in schedule.values() if moment.max is not None)])
    for name, moment in schedule.items():
        for size, number in moment.sizes().items():
            if number > highest:
                why = f"{number} is more than any maximum, which is {highest} at most"
                yield Problem(f"{where}.{name}.{size}", why, "Raise max with it, or in count")


def scheduled_actions(servers: str, where: str, schedule: Mapping[str, Moment]) -> Iterable[ScheduledAction]:
    """A part for each entry."""
    for name, moment in schedule.items():
        yield ScheduledAction(
            name=f"{servers}-{name}",
            where=f"{where}.{name}",
            group=f"scaling-group/{servers}",
            **moment.model_dump(),
        )
