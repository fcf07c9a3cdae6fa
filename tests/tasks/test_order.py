"""What goes along with its parent is removed by no call of its own, and no order that AWS demands is lost by that."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from tasks.kind import Found, Kind, State, Unordered
from tasks.order import removal_order
from tasks.plan import Removal


class Names(State):
    ids: Unordered[str] = ()


class Parent(Kind[Any, Names]):
    name = "parent"


class Child(Kind[Any, Names]):
    name = "child"
    goes_with = ("parent",)


class Grandchild(Kind[Any, Names]):
    name = "grandchild"
    goes_with = ("child",)


KINDS: dict[str, Kind[Any, Any]] = {kind.name: kind for kind in (Parent(), Child(), Grandchild())}


def found(kind: str, id: str, *names: str) -> Found[Names]:
    return Found(kind, id, id, Names(ids=names))


def rules_of(id: str, *others: str) -> Found[Names]:
    """A child that shares its parent's id, as a group's rules do, and names others."""
    return found("child", id, id, *others)


def removals_of(*going: Found[Names]) -> dict[str, Removal]:
    return {removal.part: removal for removal in removal_order(going, KINDS)}


def test_a_child_goes_with_its_parent_and_what_waited_for_the_child_waits_for_the_parent() -> None:
    removals = removals_of(found("parent", "p"), rules_of("p", "q"), found("parent", "q"))
    assert removals["child/p"].along == "parent/p p"
    assert removals["parent/q"].after == ("parent/p p",)
    assert removals["parent/p"].after == ()


def test_a_child_whose_parent_stays_is_removed_by_itself() -> None:
    assert removals_of(found("child", "c", "p"))["child/c"].along == ""


def test_a_child_that_names_two_parents_goes_with_neither() -> None:
    removals = removals_of(found("parent", "p"), found("parent", "q"), found("child", "c", "p", "q"))
    assert removals["child/c"].along == ""


def test_a_grandchild_goes_with_the_one_that_is_really_removed() -> None:
    removals = removals_of(found("parent", "p"), found("child", "c", "p"), found("grandchild", "g", "c"))
    assert {removals["child/c"].along, removals["grandchild/g"].along} == {"parent/p p"}


def test_of_two_parents_whose_children_name_each_other_one_child_is_removed_first() -> None:
    """Two security groups that admit each other: only one's rules need emptying."""
    removals = removals_of(found("parent", "p"), found("parent", "q"), rules_of("p", "q"), rules_of("q", "p"))
    alone = [part for part in ("child/p", "child/q") if not removals[part].along]
    assert len(alone) == 1
    assert next(iter(removals)) == alone[0]


@st.composite
def worlds(draw: st.DrawFn) -> list[Found[Names]]:
    """Resources that name others made before them, so that there's an order at all."""
    made: list[Found[Names]] = []
    for number in range(draw(st.integers(1, 9))):
        kind = draw(st.sampled_from(sorted(KINDS)))
        names = draw(st.lists(st.sampled_from([one.id for one in made]), max_size=3, unique=True)) if made else []
        made.append(found(kind, f"id{number}", *names))
    return draw(st.permutations(made))


@given(worlds())
def test_whatever_goes_along_nothing_goes_before_what_names_it(going: list[Found[Names]]) -> None:
    removals = removals_of(*going)
    assert removals.keys() == {one.key for one in going}
    place = {removal.label: index for index, removal in enumerate(removals.values())}

    key = {one.id: one.key for one in going}

    def done_by(id: str) -> str:
        return removals[key[id]].along or removals[key[id]].label

    for one in going:
        for named in one.state.ids:
            assert done_by(one.id) == done_by(named) or place[done_by(one.id)] < place[done_by(named)]


@given(worlds())
def test_each_removal_waits_only_for_removals_that_are_really_carried_out(going: list[Found[Names]]) -> None:
    removals = removals_of(*going)
    carried_out = {removal.label for removal in removals.values() if not removal.along}
    for removal in removals.values():
        assert set(removal.after) <= carried_out
        assert not removal.along or removal.along in carried_out


@given(worlds())
def test_what_goes_along_goes_with_a_parent_that_it_names(going: list[Found[Names]]) -> None:
    by_id = {one.id: one for one in going}
    for removal in removals_of(*going).values():
        if removal.along:
            named = {by_id[id].kind for id in by_id[removal.id].state.ids}
            assert named & set(KINDS[removal.kind].goes_with)
