"""Schedules as people write them: crons, time zones, and sizes that would never come back."""

from typing import Any

import pytest

from blueprints.problem import Invalid
from blueprints.reading import build
from blueprints.schedule import Moment, ScheduledAction
from blueprints.servers import ScalingGroup

NIGHTS = {"cron": "0 20 * * *", "time_zone": "Europe/Berlin", "min": 0, "max": 0}
MORNINGS = {"cron": "0 7 * * *", "time_zone": "Europe/Berlin", "min": 2, "max": 6}


def document(schedule: dict[str, Any]) -> dict[str, Any]:
    servers = {"image": {"id": "ami-1"}, "count": {"min": 2, "max": 6}, "schedule": schedule}
    return {"name": "web", "region": "eu-west-1", "network": {"cidr": "10.0.0.0/16"}, "servers": {"app": servers}}


def told(schedule: dict[str, Any]) -> list[str]:
    with pytest.raises(Invalid) as caught:
        build(document(schedule))
    return [str(problem).removeprefix("servers.app.schedule.") for problem in caught.value.problems]


@pytest.mark.parametrize(
    "cron",
    [
        "0 20 * * *",
        "*/5 1-3,7 1 jan,6 *",
        "0 0 * * MON-FRI",
        "59 23 31 12 7",
        "0 0 31 2 MON",
        "0 0 29 2 *",
        "1/10 * * * *",
    ],
)
def test_crons_as_aws_takes_them_are_kept_as_they_are(cron: str) -> None:
    assert Moment(cron=cron, min=1).cron == cron


def test_blanks_in_a_cron_mean_nothing() -> None:
    assert Moment(cron=" 0  20 * * * ", min=1).cron == "0 20 * * *"


@pytest.mark.parametrize(
    ("cron", "why"),
    [
        ("0 20 * *", "'0 20 * *' has 4 fields; a cron has five: minute, hour, day, month, weekday."),
        ("60 * * * *", "'60' isn't a minute, which goes from 0 to 59."),
        ("0 24 * * *", "'24' isn't an hour, which goes from 0 to 23."),
        ("0 0 * MAI *", "'MAI' isn't a month, which goes from 1 to 12."),
        ("0 5-2 * * *", "'5-2' is an hour that never comes."),
        ("*/0 * * * *", "'*/0' is a minute that never comes."),
        ("0 0 30 2 *", "'0 0 30 2 *' never comes: no such month has a day 30."),
        (
            "0 0 ? * *",
            "'?' isn't a day of the month; write numbers, ranges such as 1-5, lists, steps such as */2.",
        ),
    ],
)
def test_a_cron_that_aws_would_refuse_is_told_with_its_path(cron: str, why: str) -> None:
    assert told({"nights": NIGHTS | {"cron": cron}, "mornings": MORNINGS}) == [f"nights.cron: {why}"]


@pytest.mark.parametrize(
    ("zone", "why"),
    [
        ("Europe/Berln", "there's no time zone Europe/Berln: did you mean Europe/Berlin?"),
        ("Qxz", "there's no time zone Qxz: write one such as Europe/Berlin."),
    ],
)
def test_a_time_zone_that_there_is_not_is_told_with_one_that_there_is(zone: str, why: str) -> None:
    assert told({"nights": NIGHTS | {"time_zone": zone}, "mornings": MORNINGS}) == [f"nights.time_zone: {why}"]


def test_utc_is_the_default_and_is_written_as_aws_has_it() -> None:
    assert Moment(cron="0 0 * * *", min=1).time_zone == Moment(cron="0 0 * * *", min=1, time_zone="utc").time_zone
    assert Moment(cron="0 0 * * *", min=1).time_zone == "Etc/UTC"


@pytest.mark.parametrize(
    ("sizes", "why"),
    [
        ({}, "should say what changes: min, max or desired."),
        ({"min": 3, "max": 2}, "min 3, max 2 don't fit together: min is the least of them, max the most."),
        ({"min": 3, "desired": 2}, "min 3, desired 2 don't fit together: min is the least of them, max the most."),
    ],
)
def test_sizes_that_say_nothing_or_contradict_each_other_are_told(sizes: dict[str, int], why: str) -> None:
    assert told({"nights": {"cron": "0 20 * * *"} | sizes, "mornings": MORNINGS}) == [f"nights: {why}"]


def test_a_bound_that_would_never_come_back_is_told() -> None:
    assert told({"nights": NIGHTS}) == [
        "nights.min: only nights says min, so it would stay so for ever. Say min in another entry too, or in count.",
        "nights.max: only nights says max, so it would stay so for ever. Say max in another entry too, or in count.",
    ]


def test_two_entries_of_one_time_are_told() -> None:
    assert told({"nights": NIGHTS, "mornings": MORNINGS | {"cron": NIGHTS["cron"]}}) == [
        "mornings.cron: is the time of nights too. Put both into one, or shift one."
    ]


def test_a_size_above_every_maximum_is_told() -> None:
    high = {"cron": "0 12 * * *", "desired": 7}
    assert told({"nights": NIGHTS, "mornings": MORNINGS, "noon": high}) == [
        "noon.desired: 7 is more than any maximum, which is 6 at most. Raise max with it, or in count."
    ]


def test_the_bounds_that_it_moves_are_said_to_the_group_and_one_that_only_sets_desired_moves_none() -> None:
    def bounds(schedule: dict[str, Any]) -> tuple[str, ...]:
        parts = build(document(schedule)).parts()
        return next(part.moved for part in parts if isinstance(part, ScalingGroup))

    assert bounds({}) == ()
    assert bounds({"mornings": {"cron": "0 7 * * *", "desired": 4}}) == ()
    assert bounds({"nights": NIGHTS, "mornings": MORNINGS}) == ("min", "max")


def test_each_entry_becomes_a_part_at_its_place() -> None:
    parts = build(document({"nights": NIGHTS, "mornings": MORNINGS})).parts()
    assert [part for part in parts if isinstance(part, ScheduledAction)] == [
        ScheduledAction(name="app-nights", where="servers.app.schedule.nights", group="scaling-group/app", **NIGHTS),
        ScheduledAction(
            name="app-mornings", where="servers.app.schedule.mornings", group="scaling-group/app", **MORNINGS
        ),
    ]
