"""Which backups stay: each rule by example, and what holds for any backups whatever."""

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.tiers import Tiers
from tasks.backups.record import Backup, Piece
from tasks.backups.retention import Policy, Verdict, period, retain
from tests.tasks.backups.making import NOW, at, backup, nightly

WEEK = Policy(Tiers(daily=7), "UTC", {"vol-1"})
FULL = Policy(Tiers(daily=7, weekly=5, monthly=12, yearly=3), "Europe/Vienna", {"vol-1"})


def kept(backups: Iterable[Backup], policy: Policy | None = WEEK, **more: Any) -> list[str]:
    return [one.backup.id for one in retain(backups, policy, NOW, **more) if one.keep]


def verdict(backups: Iterable[Backup], id: str, policy: Policy | None = WEEK, **more: Any) -> Verdict:
    return next(one for one in retain(backups, policy, NOW, **more) if one.backup.id == id)


# ---------------------------------------------------------------------- tiers


def test_a_tier_keeps_one_for_each_of_so_many_periods() -> None:
    assert kept(nightly(30)) == [f"snap-202605{day:02}0200" for day in range(7, 14)]


def test_the_first_of_a_period_stands_for_it_and_a_later_one_goes_once_there_is_a_newer() -> None:
    twice = [backup(NOW - timedelta(days=day, hours=hour)) for day in (1, 0) for hour in (6, 3)]
    assert kept(twice) == [twice[0].id, twice[2].id, twice[3].id]
    assert verdict(twice, twice[1].id).because == "an earlier one stands for its day"
    assert verdict(twice, twice[3].id).because == "the last good one"


def test_one_that_several_tiers_want_is_one_under_the_highest() -> None:
    told = {one.backup.id: one for one in retain(nightly(400), FULL, NOW)}
    assert told["snap-202601010200"].tier == "yearly"
    assert told["snap-202605010200"].tier == "monthly"
    assert told["snap-202605110200"].tier == "weekly"  # a Monday
    assert told["snap-202605120200"].tier == "daily"
    assert told["snap-202605120200"].because == "daily, 2 of 7"
    tiers = Counter(one.tier for one in told.values() if one.keep)
    assert tiers == {"yearly": 2, "monthly": 12 - 1, "weekly": 5, "daily": 7 - 1}


def test_days_are_those_of_the_policys_zone() -> None:
    late = [backup(at("2026-05-12T22:30:00")), backup(at("2026-05-12T23:30:00")), backup(at("2026-05-13T09:00:00"))]
    vienna = Policy(Tiers(daily=7), "Europe/Vienna", {"vol-1"})
    assert kept(late, vienna) == [late[0].id, late[2].id]  # half past midnight; the last one is the last good one
    assert kept(late, WEEK) == [late[0].id, late[2].id]
    assert verdict(late, late[2].id, vienna).tier is None
    assert verdict(late, late[2].id, WEEK).tier == "daily"


def test_a_run_that_was_skipped_does_not_count_while_source_and_policy_live() -> None:
    before = nightly(30, NOW - timedelta(days=60))
    assert kept([*before, *nightly(2)]) == [*(one.id for one in before[-5:]), *(one.id for one in nightly(2))]


def test_a_day_of_23_hours_and_one_of_25_are_one_day_each() -> None:
    zone = "Europe/Vienna"
    for first, last in (("2026-03-28T23:00:00", "2026-03-29T21:59:59"), ("2026-10-24T22:00:00", "2026-10-25T22:59:59")):
        assert period("daily", at(first), zone) == period("daily", at(last), zone)
        assert period("daily", at(first) - timedelta(seconds=1), zone) == period("daily", at(first), zone) - 1
        assert period("daily", at(last) + timedelta(seconds=1), zone) == period("daily", at(last), zone) + 1


def test_an_hour_that_comes_twice_is_two() -> None:
    first, second = at("2026-10-25T00:30:00"), at("2026-10-25T01:30:00")  # both are 02:30 in Vienna
    assert period("hourly", second, "Europe/Vienna") == period("hourly", first, "Europe/Vienna") + 1


def test_hours_begin_when_the_zones_own_do() -> None:
    hour = period("hourly", at("2026-05-13T10:30:00"), "Asia/Kolkata")  # 16:00
    assert period("hourly", at("2026-05-13T11:29:00"), "Asia/Kolkata") == hour
    assert period("hourly", at("2026-05-13T11:30:00"), "Asia/Kolkata") == hour + 1


def test_a_week_is_isos_also_where_years_meet() -> None:
    assert period("weekly", at("2025-12-29T12:00:00"), "UTC") == period("weekly", at("2026-01-04T12:00:00"), "UTC")
    assert period("weekly", at("2026-01-05T12:00:00"), "UTC") == period("weekly", at("2026-01-04T12:00:00"), "UTC") + 1


def test_a_leap_day_is_a_day_of_its_february() -> None:
    leap = at("2028-02-29T12:00:00")
    assert period("monthly", leap, "UTC") == period("monthly", at("2028-02-01T00:00:00"), "UTC")
    assert period("daily", at("2028-03-01T00:00:00"), "UTC") == period("daily", leap, "UTC") + 1


# ---------------------------------------------------------------------- what never goes


def test_the_last_good_one_never_goes_however_old() -> None:
    old = backup(NOW - timedelta(days=4000))
    assert kept([old]) == [old.id]
    assert kept([old], None) == [old.id]


def test_a_failed_or_pending_one_is_no_good_one() -> None:
    good, pending = backup(NOW - timedelta(days=40)), backup(NOW, state="pending")
    failed = backup(NOW - timedelta(days=2), state="failed", why="snap-1: it broke")
    assert kept([good, failed, pending]) == [good.id, pending.id]
    assert verdict([good, failed, pending], failed.id).because == "it failed (snap-1: it broke)"


def test_a_failed_one_stays_for_a_day() -> None:
    failed = backup(NOW - timedelta(hours=23), state="failed")
    assert verdict([failed], failed.id).because == "it failed, and goes after a day"
    assert verdict([failed], failed.id).keep
    older = backup(NOW - timedelta(hours=25), state="failed")
    assert not verdict([older], older.id).keep


def test_a_failed_one_does_not_stand_for_its_period() -> None:
    failed, good = backup(NOW - timedelta(hours=9), state="failed"), backup(NOW - timedelta(hours=6))
    assert verdict([failed, good, backup(NOW)], good.id).tier == "daily"


def test_what_something_uses_stays_by_its_own_id_or_by_a_snapshots() -> None:
    backups = nightly(30)
    used = {backups[0].id: "launch template app", backups[1].pieces[0].id: "image ami-1"}
    assert verdict(backups, backups[0].id, in_use=used).because == "in use: launch template app"
    assert verdict(backups, backups[1].id, in_use=used).because == "in use: image ami-1"
    assert not verdict(backups, backups[2].id, in_use=used).keep


def test_every_source_and_every_region_has_a_last_good_one_of_its_own() -> None:
    old = NOW - timedelta(days=90)
    others = [backup(old, "snap-2", source="vol-2"), backup(old, "snap-3", region="eu-central-1")]
    copy = backup(old, "snap-4", copy_of="eu-central-1/snap-9")
    assert set(kept([*nightly(1), *others, copy])) == {nightly(1)[0].id, "snap-2", "snap-3", "snap-4"}


# ---------------------------------------------------------------------- sources and policies that are gone


def test_a_part_goes_on_through_the_instances_that_it_was() -> None:
    covers = Policy(Tiers(daily=7), "UTC", {"instance/db"})
    before = nightly(4, NOW - timedelta(days=3), source="i-1", part="instance/db")
    after = nightly(3, source="i-2", part="instance/db")
    assert len(kept([*before, *after], covers)) == 7


def test_once_its_source_is_gone_the_calendar_goes_on_and_only_the_last_good_one_stays() -> None:
    gone = Policy(Tiers(daily=7, monthly=3), "UTC", ())
    backups = nightly(100, at("2026-05-10T12:00:00"))
    told = retain(backups, gone, NOW)
    assert [one.backup.id for one in told if one.keep and one.tier == "daily"] == [
        f"snap-202605{day:02}0200" for day in (7, 8, 9, 10)
    ]
    later = retain(backups, gone, NOW + timedelta(days=400))
    assert [one.backup.id for one in later if one.keep] == [backups[-1].id]
    assert next(one.because for one in later if one.keep) == (
        "the last good one; the policy covers its source no more, so it stays until somebody removes it"
    )


def test_once_its_policy_is_gone_its_own_tags_say_how_long() -> None:
    backups = nightly(30, tiers=Tiers(daily=3), zone="Europe/Vienna")
    assert kept(backups, None) == [one.id for one in backups[-3:]]


def test_without_policy_and_without_a_tag_that_says_how_long_nothing_goes() -> None:
    assert len(kept(nightly(30, tiers=None), None)) == 30


def test_one_asked_for_by_hand_stays_as_long_as_any_tier_reaches_and_takes_nobodys_place() -> None:
    by_hand = backup(NOW - timedelta(days=5, hours=12), "mine", slot="label:before the move")
    told = retain([*nightly(30), by_hand], FULL, NOW)
    [mine] = [one for one in told if one.backup.id == "mine"]
    assert mine.because == "'before the move' was asked for by hand: as long as yearly reaches"
    assert len([one for one in told if one.keep]) == len(kept(nightly(30), FULL)) + 1
    old = backup(NOW - timedelta(days=8), "old", slot="label:x")
    assert "old" not in kept([*nightly(30), old], WEEK)


# ---------------------------------------------------------------------- any backups whatever

patient = settings(deadline=None)
MOMENTS = st.datetimes(datetime(2023, 1, 1), datetime(2026, 5, 13)).map(lambda moment: moment.replace(tzinfo=UTC))
BACKUPS = st.lists(
    st.builds(
        lambda moment, state, source, label: backup(
            moment,
            f"snap-{source}-{moment.timestamp()}",
            state=state,
            source=source,
            pieces=(Piece(id=f"piece-{source}-{moment.timestamp()}", volume=source),),
            **({"slot": f"label:{label}"} if label else {}),
        ),
        MOMENTS,
        st.sampled_from(["complete", "complete", "complete", "failed", "pending"]),
        st.sampled_from(["vol-1", "vol-2"]),
        st.sampled_from(["", "", "", "x"]),
    ),
    max_size=40,
    unique_by=lambda one: one.id,
)
TIERS = st.builds(
    Tiers, **{tier: st.integers(0, 6) for tier in ("hourly", "weekly", "monthly", "yearly")}, daily=st.integers(1, 9)
)
POLICIES = st.none() | st.builds(
    Policy, TIERS, st.sampled_from(["UTC", "Europe/Vienna", "Australia/Lord_Howe"]), st.just({"vol-1"})
)


@patient
@given(BACKUPS, POLICIES, st.randoms())
def test_the_order_of_listing_decides_nothing(backups: list[Backup], policy: Policy | None, chance: Any) -> None:
    shuffled = backups.copy()
    chance.shuffle(shuffled)
    assert retain(shuffled, policy, NOW) == retain(backups, policy, NOW)


@patient
@given(BACKUPS, POLICIES)
def test_pruned_twice_at_one_time_nothing_more_goes(backups: list[Backup], policy: Policy | None) -> None:
    once = [one.backup for one in retain(backups, policy, NOW) if one.keep]
    assert [one.backup for one in retain(once, policy, NOW) if one.keep] == once


@patient
@given(BACKUPS, POLICIES, st.data())
def test_killed_in_the_middle_the_next_run_ends_where_an_undisturbed_one_would(
    backups: list[Backup], policy: Policy | None, data: st.DataObject
) -> None:
    verdicts = retain(backups, policy, NOW)
    left = [one.backup for one in verdicts if one.keep or data.draw(st.booleans())]
    assert [one.backup for one in retain(left, policy, NOW) if one.keep] == [one.backup for one in verdicts if one.keep]


@patient
@given(BACKUPS, POLICIES)
def test_of_every_source_the_last_good_one_and_all_that_is_pending_stay(
    backups: list[Backup], policy: Policy | None
) -> None:
    staying = {one.backup.id for one in retain(backups, policy, NOW) if one.keep}
    for source in ("vol-1", "vol-2"):
        good = [one for one in backups if one.source == source and one.state == "complete"]
        if good:
            assert max(good, key=lambda one: (one.moment, one.taken, one.id)).id in staying
    assert {one.id for one in backups if one.state == "pending"} <= staying


@patient
@given(BACKUPS, POLICIES, st.data())
def test_nothing_that_is_in_use_goes(backups: list[Backup], policy: Policy | None, data: st.DataObject) -> None:
    used = {one.ids[-1]: "something" for one in backups if data.draw(st.booleans())}
    going = {id for one in retain(backups, policy, NOW, used) if not one.keep for id in one.backup.ids}
    assert not going & used.keys()


@patient
@given(BACKUPS, TIERS)
def test_while_all_lives_the_clock_decides_nothing_but_what_failed_or_was_asked_for(
    backups: list[Backup], tiers: Tiers
) -> None:
    """A machine whose clock is wrong by years prunes nothing that it shouldn't."""
    policy = Policy(tiers, "UTC", {"vol-1", "vol-2"})
    now, later = (
        {one.backup.id for one in retain(backups, policy, time) if one.keep and not one.backup.label}
        for time in (NOW, NOW + timedelta(days=3000))
    )
    failed = {one.id for one in backups if one.state == "failed"}
    assert now - failed == later - failed


@pytest.mark.parametrize("policy", [FULL, None])
def test_every_verdict_has_its_reason(policy: Policy | None) -> None:
    assert all(one.because for one in retain(nightly(900), policy, NOW))
