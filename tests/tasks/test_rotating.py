"""What a rotation does next: whatever fails, and whoever goes on with it, what serves is never less than what stood."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.images.rotating import End, Finish, Group, Grow, Health, Member, Pace, Pin, Suspend, Turn, Wait, next_move
from tasks.images.rotation_record import ROTATION, VERDICT, Record, record_in
from tasks.images.watching import LOOKS, Reading, Watch
from tests.tasks.pretended_group import NEW, OLD, Fate, Pretended

RECORD = Record(OLD, NEW, desired=2, max=2, image="ami-1", since="2026-11-28T23:00:00Z")
thorough = settings(deadline=None, max_examples=300)

sizes = st.tuples(st.integers(1, 6), st.integers(0, 4), st.integers(0, 3))
paces = st.builds(Pace, canary=st.integers(1, 3), batch=st.integers(1, 4), settle=st.sampled_from([0, 3]))
good = st.builds(Fate, in_service=st.integers(0, 3), well=st.integers(0, 6))
bad = st.one_of(
    st.builds(Fate, in_service=st.integers(0, 3), never=st.just(True)),
    st.builds(Fate, in_service=st.just(1), well=st.just(2), ends=st.integers(1, 12)),
    st.builds(Fate, in_service=st.just(1), well=st.just(2), unwell=st.integers(3, 12)),
)


def pretended(size: tuple[int, int, int], pace: Pace, new: list[Fate], seed: int, **more: float) -> Pretended:
    """A group of min, min + a bit, and a bit above it. Instances of the new version meet these fates in turn."""
    draw, launched = random.Random(seed), iter(new * 400)
    least, more_serve, room = size

    def fate(version: int) -> Fate:
        return next(launched) if version == NEW else Fate(draw.randint(0, 2), draw.randint(0, 4))

    desired = least + more_serve
    return Pretended(least, desired + room, desired, fate, pace, draw, **more)  # type: ignore[arg-type]


def as_it_stood(group: Pretended, version: int) -> bool:
    staying = [one for one in group.instances if one.leaving is None]
    return (
        {one.version for one in staying} == {version}
        and (group.version, group.desired, group.default) == ("$Default", group.stood, version)
        and group.max == group.record.max
    )


# ---------------------------------------------------------------------- whole rotations


@thorough
@given(sizes, paces, st.lists(good, min_size=1, max_size=8), st.integers(0, 10**6))
def test_a_good_image_ends_on_the_new_version_and_capacity_never_falls(
    size: tuple[int, int, int], pace: Pace, fates: list[Fate], seed: int
) -> None:
    group = pretended(size, pace, fates, seed)
    group.run()
    assert not group.record.verdict
    assert group.lowest >= group.stood
    assert as_it_stood(group, NEW)


@thorough
@given(sizes, paces, st.lists(bad, min_size=1, max_size=8), st.integers(0, 10**6))
def test_a_bad_image_ends_on_the_old_version_and_capacity_never_falls(
    size: tuple[int, int, int], pace: Pace, fates: list[Fate], seed: int
) -> None:
    patient = replace(pace, settle=15)  # long enough to see the worst of these fates
    group = pretended(size, patient, fates, seed)
    group.run()
    assert group.record.verdict
    assert group.lowest >= group.stood
    assert as_it_stood(group, OLD)


@thorough
@given(
    sizes,
    paces,
    st.lists(st.one_of(good, bad), min_size=1, max_size=8),
    st.integers(0, 10**6),
    st.sampled_from([0.0, 0.05, 0.3]),
)
def test_whichever_instance_fails_first_and_however_often_the_run_is_killed_it_ends_on_one_version(
    size: tuple[int, int, int], pace: Pace, fates: list[Fate], seed: int, restarts: float
) -> None:
    """Which of both it ends on depends on who failed when; that the same capacity stands doesn't."""
    group = pretended(size, pace, fates, seed, restarts=restarts)
    group.run(6000)
    assert as_it_stood(group, OLD if group.record.verdict else NEW)


@thorough
@given(sizes, paces, st.lists(bad, min_size=1, max_size=8), st.integers(0, 10**6))
def test_old_instances_that_fail_meanwhile_are_replaced_by_old_ones_while_the_image_is_unproved(
    size: tuple[int, int, int], pace: Pace, fates: list[Fate], seed: int
) -> None:
    group = pretended(size, replace(pace, settle=15), fates, seed, deaths=0.02)
    group.run(6000)
    assert group.record.verdict
    assert as_it_stood(group, OLD)


# ---------------------------------------------------------------------- single moves


def group_of(*members: Member, desired: int = 2, version: str = str(OLD), **more: int) -> Group:
    return Group("web", more.get("min", 2), more.get("max", 2), desired, version, members)


def old(number: int, **more: object) -> Member:
    return Member(f"i-{number}", OLD, **more)  # type: ignore[arg-type]


def new(number: int, **more: object) -> Member:
    return Member(f"i-{number}", NEW, **more)  # type: ignore[arg-type]


def well(*numbers: int, **more: float) -> Health:
    return Health(frozenset(f"i-{number}" for number in numbers), **more)  # type: ignore[arg-type]


def test_processes_are_suspended_before_anything_else() -> None:
    record = replace(RECORD, suspends=("AZRebalance", "AlarmNotification"))
    group = replace(group_of(old(1), old(2)), suspended=frozenset({"AZRebalance"}))
    assert next_move(group, record, Pace(), Health()) == Suspend(("AlarmNotification",))
    rolled = replace(group_of(new(1), new(2)), suspended=frozenset())
    assert isinstance(next_move(rolled, record, Pace(), well(1, 2)), Finish), "nothing is left to keep AWS from"


def test_the_first_new_one_comes_beside_the_old_ones_and_raises_the_maximum_where_it_must() -> None:
    assert next_move(group_of(old(1), old(2)), RECORD, Pace(), well(1, 2)) == Grow(NEW, 3, 3)


def test_while_the_first_one_proves_itself_the_group_launches_the_old_version() -> None:
    group = group_of(old(1), old(2), new(3, state="Pending"), desired=3, version=str(NEW), max=3)
    assert next_move(group, RECORD, Pace(), well(1, 2)) == Pin(OLD)
    pinned = replace(group, version=str(OLD))
    assert next_move(pinned, RECORD, Pace(), well(1, 2)) == Wait("i-3 to be well", "health")


def test_the_first_one_must_stay_well_before_an_old_one_goes() -> None:
    group = group_of(old(1), old(2), new(3), desired=3, max=3)
    pace = Pace(settle=60)
    assert next_move(group, RECORD, pace, well(1, 2, 3, held=59)) == Wait("i-3 to stay well", "health")
    assert next_move(group, RECORD, pace, well(1, 2, 3, held=60)) == End(("i-1",))


def test_the_old_one_that_serves_nobody_goes_first() -> None:
    group = group_of(old(1), old(2), new(3), desired=3, max=3)
    assert next_move(group, RECORD, Pace(), well(1, 3)) == End(("i-2",))


def test_standby_and_protected_instances_are_left_alone() -> None:
    group = group_of(old(1, state="Standby"), old(2, protected=True), new(3), desired=2, max=3)
    assert isinstance(next_move(group, RECORD, Pace(), well(2, 3)), Finish)
    one_more = replace(group, desired=3, members=(*group.members, old(4)))
    replaced = next_move(one_more, RECORD, Pace(replace_protected=True), well(2, 3, 4))
    assert replaced == End(("i-2",))


def test_a_weighted_group_is_counted_in_its_own_unit() -> None:
    record = replace(RECORD, desired=8, max=8)
    members = (old(1, weight=4), old(2, weight=4))
    group = Group("web", 4, 8, 8, str(OLD), members)
    assert next_move(group, record, Pace(canary=4, batch=4), well(1, 2)) == Grow(NEW, 12, 12)
    light = replace(group, desired=10, max=10, members=(*members, new(3, weight=2)))
    assert next_move(light, record, Pace(canary=1, batch=1), well(1, 2, 3)) == Grow(NEW, 12, 12)


def test_a_verdict_turns_it_and_going_back_ends_the_bad_ones_once_the_old_version_is_pinned() -> None:
    group = group_of(old(1), old(2), new(3), desired=3, version=str(NEW), max=3)
    because = Health(frozenset({"i-1", "i-2"}), "i-3 is bad")
    assert next_move(group, RECORD, Pace(), because) == Turn("i-3 is bad")
    turned = RECORD.judged("i-3 is bad")
    assert next_move(group, turned, Pace(), because) == Pin(OLD)
    assert next_move(replace(group, version=str(OLD)), turned, Pace(), because) == End(("i-3",))


def test_going_back_starts_old_ones_before_new_ones_that_serve_are_ended() -> None:
    group = group_of(old(1), new(2), desired=2)
    move = next_move(group, RECORD.judged("bad"), Pace(), well(1, 2))
    assert move == Grow(OLD, 3, 3)


def test_the_end_waits_until_the_last_one_has_left() -> None:
    group = group_of(new(1), new(2), old(3, state="Terminating:Wait"))
    assert next_move(group, RECORD, Pace(), well(1, 2)) == Wait("i-3 to end", "end")


@pytest.mark.parametrize(("most", "told"), [(2, 2), (5, 4), (3, 3)])
def test_the_maximum_is_put_back_unless_somebody_lowered_it_meanwhile(most: int, told: int) -> None:
    group = group_of(new(1), new(2), max=most)
    assert next_move(group, replace(RECORD, max=4), Pace(), well(1, 2)) == Finish(2, told)


def test_a_group_without_instances_has_nothing_to_prove() -> None:
    assert next_move(group_of(desired=0, min=0), replace(RECORD, desired=0), Pace(), Health()) == Finish(0, 2)


# ---------------------------------------------------------------------- the record, and watching


def test_the_record_reads_back_from_its_tags() -> None:
    record = replace(RECORD, suspends=("AZRebalance", "AlarmNotification", "ScheduledActions")).judged("i-1 is\nbad")
    tags = record.tags()
    assert record_in(tags) == record
    assert tags[VERDICT] == "i-1 is bad"
    assert all(len(value) <= 256 for value in RECORD.judged("x" * 999).tags().values())
    assert record_in({ROTATION: "something else"}) is None


def test_one_bad_look_is_no_verdict_and_several_in_a_row_are() -> None:
    watch, group = Watch(NEW, within=100), group_of(new(1))
    ill = {"i-1": Reading("unwell", "503")}
    assert watch.look(0, group, {"i-1": Reading("well")}).verdict == ""
    assert [watch.look(now, group, ill).verdict for now in range(1, LOOKS)] == [""] * (LOOKS - 1)
    assert watch.look(9, group, ill).verdict == "i-1 of version 4 was well and is no longer: 503"


def test_a_new_one_has_its_time_to_get_well_and_no_more() -> None:
    watch, group = Watch(NEW, within=100), group_of(new(1))
    boots = {"i-1": Reading("waiting", "initial")}
    assert watch.look(0, group, boots).verdict == ""
    assert watch.look(100, group, boots).verdict == ""
    assert watch.look(101, group, boots).verdict == "i-1 of version 4 isn't well after 100 s: initial"


def test_one_that_ends_by_itself_is_a_verdict_unless_it_is_forgiven() -> None:
    watch = Watch(NEW, within=100)
    watch.look(0, group_of(new(1)), {})
    assert "i-1 of version 4 has ended" in watch.look(1, group_of(), {}).verdict
    watch.forgive("i-1")
    assert watch.look(2, group_of(), {}).verdict == ""


def test_launches_that_never_come_are_a_verdict() -> None:
    watch, group = Watch(NEW, within=100), group_of(desired=1, version=str(NEW))
    assert watch.look(0, group, {}).verdict == ""
    assert "hasn't launched" in watch.look(101, group, {}).verdict


def test_how_long_all_have_been_well_begins_anew_with_each_new_one() -> None:
    watch = Watch(NEW, within=100)
    first = {"i-1": Reading("well")}
    watch.look(0, group_of(new(1)), first)
    assert watch.look(7, group_of(new(1)), first).held == 7
    assert watch.look(8, group_of(new(1), new(2)), first).held == 0
