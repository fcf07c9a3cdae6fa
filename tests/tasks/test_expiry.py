"""When an environment ends, from the tags of its resources."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasks.expiry import as_tag, end_for, end_of, in_words, moment_in, remark
from tasks.kind import Found, State
from tasks.registry import KINDS

NOW = datetime(2027, 1, 2, 8, tzinfo=UTC)
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(
    lambda one: one.replace(microsecond=0, tzinfo=UTC)
)


def found(*values: str | None, kind: str = "vpc") -> list[Found[State]]:
    return [
        Found(kind, f"n{number}", f"id-{number}", State(), {"castra:expires": value} if value else {})
        for number, value in enumerate(values)
    ]


def test_of_several_moments_the_latest_counts() -> None:
    ends = end_of(found("2027-01-02T08:00:00Z", "2027-01-03T08:00:00Z", "2027-01-01T08:00:00Z"), KINDS)
    assert ends == datetime(2027, 1, 3, 8, tzinfo=UTC)


@pytest.mark.parametrize("odd", [None, "never", "tomorrow", ""])
def test_while_one_resource_tells_no_moment_the_environment_never_ends(odd: str | None) -> None:
    assert end_of(found("2027-01-02T08:00:00Z", odd), KINDS) is None


def test_what_takes_no_tags_goes_with_what_it_belongs_to() -> None:
    assert end_of(found("2027-01-02T08:00:00Z") + found(None, kind="instance-profile"), KINDS) == NOW
    assert end_of(found(None, kind="instance-profile"), KINDS) is None


def test_nothing_never_ends() -> None:
    assert end_of([], KINDS) is None


@given(st.lists(st.one_of(st.none(), MOMENTS), min_size=1), MOMENTS, st.randoms())
def test_an_extension_that_was_begun_can_only_make_it_stand_longer(
    before: list[datetime | None], asked: datetime, chance: Random
) -> None:
    def ends(moments: Iterable[datetime | None]) -> datetime | None:
        return end_of(found(*(as_tag(one) for one in moments)), KINDS)

    first = ends(before)
    later = max(asked, first) if first else None
    some = [later if chance.random() < 0.5 else one for one in before]
    assert ends(some) is None or (first is not None and ends(some) >= first)  # type: ignore[operator]


def test_a_first_raising_fixes_the_moment_and_later_ones_keep_it() -> None:
    assert end_for([], KINDS, timedelta(hours=8), NOW) == NOW + timedelta(hours=8)
    assert end_for(found("2027-01-02T09:00:00Z"), KINDS, timedelta(days=3), NOW) == NOW + timedelta(hours=1)
    assert end_for(found("2027-01-02T09:00:00Z"), KINDS, None, NOW) == NOW + timedelta(hours=1)


def test_what_stood_without_an_end_is_given_none_by_a_raising() -> None:
    assert end_for(found(None), KINDS, timedelta(hours=8), NOW) is None
    assert end_for([], KINDS, None, NOW) is None


@given(MOMENTS)
def test_a_moment_reads_back_from_its_tag(moment: datetime) -> None:
    assert moment_in({"castra:expires": as_tag(moment)}) == moment


def test_a_moment_without_a_zone_is_utc() -> None:
    assert moment_in({"castra:expires": "2027-01-02T08:00:00"}) == NOW
    assert moment_in({"castra:expires": "2027-01-02T09:00:00+01:00"}) == NOW


@pytest.mark.parametrize(
    ("away", "words"),
    [(timedelta(minutes=478), "in 7 h 58 min"), (timedelta(days=-2, hours=-3), "2 d 3 h ago"), (None, "never")],
)
def test_how_far_away_is_said_in_words(away: timedelta | None, words: str) -> None:
    assert in_words(NOW + away if away is not None else None, NOW) == words


def test_a_plan_says_what_the_blueprint_doesnt() -> None:
    in_an_hour = NOW + timedelta(hours=1)
    assert remark(in_an_hour, timedelta(hours=8), True, "demo", NOW) == "It ends at 2027-01-02T09:00:00Z, in 1 h 0 min."
    assert "castra extend demo never" in remark(in_an_hour, None, True, "demo", NOW)
    assert "castra extend demo 8h --sooner" in remark(None, timedelta(hours=8), True, "demo", NOW)
    assert remark(None, None, True, "demo", NOW) == ""
