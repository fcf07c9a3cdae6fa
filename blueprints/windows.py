"""Windows: the times of a day or a week, in UTC, in which AWS may back things up or change them."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from blueprints.problem import Problem

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TIME = r"([01][0-9]|2[0-3]):[0-5][0-9]"
MOMENT = rf"({'|'.join(DAYS)}):{TIME}"
Daily = Annotated[str, Field(pattern=rf"^{TIME}-{TIME}$")]
Weekly = Annotated[str, Field(pattern=rf"^{MOMENT}-{MOMENT}$")]
HOUR, DAY, WEEK = 60, 24 * 60, 7 * 24 * 60  # minutes
Given = tuple[str, str | None]
"""A window with the field that says it; None where AWS chooses."""


def window_problems(where: str, least: int, weekly: Given, daily: Given = ("", None)) -> Iterator[Problem]:
    """What AWS refuses of the two: less than `least` minutes, more than a day, or minutes that both have.

    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/maintenance-window.html
    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.Maintenance.html
    """
    for (field, window), around in ((daily, DAY), (weekly, WEEK)):
        lasts = minutes(window, around) if window else least
        if lasts < least:
            why = f"{window} lasts {lasts} minutes, and AWS takes {least} at least"
            yield Problem(f"{where}.{field}", why, "Let it end later")
        elif lasts > DAY:
            yield Problem(f"{where}.{field}", f"{window} lasts longer than a day", "Let it end earlier")
    if daily[1] and weekly[1] and overlap(daily[1], weekly[1]):
        why = f"{daily[1]} overlaps {weekly[0]} {weekly[1]}, which AWS refuses"
        yield Problem(f"{where}.{daily[0]}", why, "Move one of them; they may touch")


def minutes(window: str, around: int) -> int:
    """How long it is; it may go past the end of the day, or of the week."""
    begin, end = _moments(window)
    return (end - begin) % around


def overlap(daily: str, weekly: str) -> bool:
    """Whether the two have a minute in common on any day."""
    begins, (begin, _) = _moments(daily)[0], _moments(weekly)
    lasts, for_long = minutes(daily, DAY), minutes(weekly, WEEK)
    return any((begins + DAY * day - begin) % WEEK < for_long for day in range(7)) or any(
        (begin - begins - DAY * day) % WEEK < lasts for day in range(7)
    )


def _moments(window: str) -> tuple[int, int]:
    """Beginning and end in minutes, of the day or of the week."""
    begin, end = (
        sum(value * unit for value, unit in zip(_numbers(one), (1, 60, DAY), strict=False)) for one in window.split("-")
    )
    return begin, end


def _numbers(moment: str) -> list[int]:
    return [DAYS.index(one) if one in DAYS else int(one) for one in reversed(moment.split(":"))]
