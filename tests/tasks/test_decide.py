"""What decides, on toy kinds: every action, every reason, and that a plan carried out leaves nothing to do."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.part import Lookup, Part
from tasks.converge import bring_about
from tasks.decide import (
    Change,
    Plan,
    Seen,
    Step,
    decide,
    differences,
    in_order,
    make_plan,
    outputs,
    stays_until_replaced,
    tag_differences,
)
from tasks.errors import Ambiguous, Invalid, NeedsReplacing, Protected
from tasks.kind import AtBirth, Found, unknown, unknowns
from tasks.order import removal_order
from tasks.scope import CREATED, ENVIRONMENT, EXTRA, FINGERPRINT, PART, RETIRED, Scope, wanted_tags
from tests.tasks.toys import PARTS, REGION, Thing, Toy, ToyState, World, carry_out, kinds_of, plan_in, toy

KINDS = kinds_of()
thorough = settings(deadline=None, max_examples=100)


def found(key: str, id: str = "id-1", state: ToyState | None = None, tags: Any = None, **more: Any) -> Found[ToyState]:
    kind, _, name = key.partition("/")
    state = ToyState() if state is None else state
    own = {FINGERPRINT: state.fingerprint, "Name": f"toy-{name}"} if tags is None else tags
    return Found(kind, name, id, state, own, **more)


def plan(parts: Iterable[Part], *seen: Found[ToyState], replace: Iterable[str] = (), **more: Any) -> Plan:
    return make_plan(parts, Seen("toy", REGION, found=seen, **more), KINDS, replace)


def step_of(plan: Plan, key: str) -> Step:
    (one,) = [step for step in plan.steps if step.part == key and step.action != "delete"]
    return one


def actions(plan: Plan) -> dict[str, str]:
    return {step.label: step.action for step in plan.steps}


# ---------------------------------------------------------------------- one part

small = st.sampled_from(["", "a", "b", "id-1", unknown("box/a")])
states = st.builds(
    ToyState,
    size=st.none() | small,
    home=st.none() | small,
    link=st.none() | small,
    peers=st.lists(small, max_size=3).map(tuple),
    rooms=st.lists(small, max_size=2).map(tuple),
    secret=small,
    hidden=st.lists(small, max_size=2).map(tuple),
    seed=small,
)


@given(states, states)
def test_the_fields_told_as_different_are_exactly_those_that_are(one: ToyState, other: ToyState) -> None:
    told = {change.field for change in differences(one, other)}
    assert told == {name for name in ToyState.model_fields if getattr(one, name) != getattr(other, name)} - {"seed"}


@thorough
@given(states, states)
def test_equal_fingerprints_mean_that_nothing_compared_differs(one: ToyState, other: ToyState) -> None:
    assert (one.fingerprint == other.fingerprint) == (differences(one, other) == ())


@given(states, states)
def test_only_a_fixed_field_that_was_set_forces_a_replacement(one: ToyState, other: ToyState) -> None:
    forced = {change.field for change in differences(one, other) if change.fixed}
    moved = {name for name in ("size", "home", "rooms") if getattr(one, name) != getattr(other, name)}
    assert forced == {name for name in moved if getattr(one, name) is not None}
    assert (decide("box/a", other, found("box/a", state=one)).action == "replace") == bool(forced)


def test_for_a_create_every_field_is_shown_and_none_is_fixed() -> None:
    changes = differences(None, ToyState(size="l", secret="hush"))
    assert {change.field for change in changes} == set(ToyState.model_fields)
    assert not any(change.fixed or change.from_ is not None for change in changes)


def test_lists_without_order_are_equal_in_any_order_and_with_doubles() -> None:
    assert differences(ToyState(peers=("b", "a")), ToyState(peers=("a", "b", "a"))) == ()


def test_a_private_value_is_shown_by_its_hash_only_and_a_change_of_it_is_seen() -> None:
    (change,) = differences(ToyState(secret="old secret"), ToyState(secret="new secret"))
    assert str(change.from_).startswith("sha256:")
    assert str(change.to).startswith("sha256:")
    assert change.from_ != change.to
    assert "secret" not in str([change.from_, change.to])


def test_an_unknown_id_inside_a_private_value_is_told_and_not_hashed() -> None:
    before, after = ToyState(hidden=("id-1",)), ToyState(hidden=(unknown("box/b"),))
    step = decide("box/a", after, found("box/a", state=before))
    assert step.changes[0].to == ["<box/b>"]
    assert step.because == "follows box/b"


def test_what_matters_only_at_birth_is_never_compared() -> None:
    step = decide("box/a", ToyState(seed="new"), found("box/a", state=ToyState(seed="old")))
    assert (step.action, step.because) == ("keep", "as wanted")


A, B = ToyState(link="a"), ToyState(link="b")
OF_A, OF_B = {FINGERPRINT: A.fingerprint}, {FINGERPRINT: B.fingerprint}
TAGS: dict[str, str] = {}


@pytest.mark.parametrize(
    ("wanted", "standing", "tags", "action", "because"),
    [
        (A, None, TAGS, "create", "not there yet"),
        (A, found("box/a", state=A, tags=OF_A), TAGS, "keep", "as wanted"),
        (A, found("box/a", state=A, tags={}), TAGS, "keep", "as wanted"),
        (A, found("box/a", state=A, tags=OF_A), {"team": "x"}, "update", "its tags differ"),
        (B, found("box/a", state=A, tags=OF_A), TAGS, "update", "the blueprint changed"),
        (A, found("box/a", state=B, tags=OF_A), TAGS, "update", "changed by hand"),
        (B, found("box/a", state=A, tags={}), TAGS, "update", "adopted, or never finished"),
        (
            B,
            found("box/a", state=ToyState(link="c"), tags=OF_A),
            TAGS,
            "update",
            "the blueprint changed, and it was changed by hand",
        ),
        (B, found("box/a", state=A, tags=OF_A), {"team": "x"}, "update", "the blueprint changed"),
        (B, found("leaf/a", state=A, tags={}), None, "update", "differs from the blueprint"),
        (ToyState(size="l"), found("box/a"), TAGS, "replace", "the blueprint changed"),
        (ToyState(), found("box/a", state=ToyState(size=None)), TAGS, "update", "the blueprint changed"),
        (ToyState(link=unknown("box/b")), found("box/a"), TAGS, "update", "follows box/b"),
        (ToyState(home=unknown("box/b")), found("box/a", state=ToyState(home="x")), TAGS, "replace", "follows box/b"),
        (ToyState(home=unknown("box/b")), found("box/a"), TAGS, "update", "follows box/b"),
        (
            ToyState(peers=("id-9", unknown("box/c")), link=unknown("box/b")),
            found("box/a"),
            TAGS,
            "update",
            "follows box/b, box/c",
        ),
        (A, found("box/a", state=A, phase="leaving"), TAGS, "replace", "is being deleted"),
        (A, found("box/a", state=A, phase="failed"), TAGS, "replace", "has failed and will never be ready"),
    ],
)
def test_each_action_and_the_reason_for_it(
    wanted: ToyState, standing: Found[ToyState] | None, tags: dict[str, str] | None, action: str, because: str
) -> None:
    step = decide("box/a", wanted, standing, tags)
    assert (step.action, step.because) == (action, because)
    assert step.id == (standing.id if standing else None)


def test_what_is_made_but_not_ready_is_kept_and_still_waited_for() -> None:
    assert decide("box/a", ToyState(), found("box/a", phase="pending")).pending
    assert not plan([toy("box/a")], found("box/a", phase="pending")).settled
    assert plan([toy("box/a")], found("box/a")).settled


# ---------------------------------------------------------------------- tags


def test_a_tag_of_ours_that_left_the_blueprint_is_dropped_and_anybody_elses_stays() -> None:
    standing = {EXTRA: "team stage", "team": "x", "stage": "y", "cost-center": "theirs"}
    changes = tag_differences(standing, {"team": "z", EXTRA: "team"})
    assert [(change.field, change.from_, change.to) for change in changes] == [
        ("tags.team", "x", "z"),
        ("tags.stage", "y", None),
    ]


def test_reserved_tags_are_never_told_as_a_difference() -> None:
    assert tag_differences({}, {EXTRA: "", FINGERPRINT: "v1", "castra:part": "box/a"}) == ()


def test_what_cant_be_tagged_has_no_tags_to_differ() -> None:
    assert plan([toy("leaf/a")], found("leaf/a", tags={}), tags={"team": "x"}).settled
    assert not plan([toy("box/a")], found("box/a"), tags={"team": "x"}).settled


def test_a_tag_already_gone_isnt_told_as_one_to_drop() -> None:
    assert tag_differences({EXTRA: "team"}, {}) == ()


# ---------------------------------------------------------------------- order


def parts_strategy(most: int = 6) -> st.SearchStrategy[list[Toy]]:
    """Parts whose needs all come earlier in the list."""
    return st.lists(st.sampled_from(sorted(PARTS)), min_size=0, max_size=most).flatmap(
        lambda kinds: st.tuples(*(_part(index, kinds) for index in range(len(kinds)))).map(list)
    )


def nameable(keys: Iterable[str]) -> list[str]:
    """Nothing names a rope: plugs must outlast ropes, so that one could never go."""
    return [key for key in keys if not key.startswith("rope/")]


def _part(index: int, kinds: list[str]) -> st.SearchStrategy[Toy]:
    keys = [f"{kind}/p{number}" for number, kind in enumerate(kinds)]
    targets = nameable(keys[:index])
    earlier = st.sampled_from(targets) if targets else st.nothing()
    maybe = st.none() | earlier
    return st.builds(
        lambda **fields: toy(keys[index], **fields),
        size=st.sampled_from(["s", "l"]),
        home=maybe,
        link=maybe,
        hidden=maybe,
        peers=st.lists(earlier, max_size=2).map(tuple) if targets else st.just(()),
        secret=st.sampled_from(["", "psst"]),
    )


@thorough
@given(parts_strategy().flatmap(st.permutations))
def test_each_part_comes_after_what_it_needs_and_none_is_lost(parts: list[Toy]) -> None:
    ordered = in_order(parts)
    assert sorted(part.key for part in ordered) == sorted(part.key for part in parts)
    place = {part.key: index for index, part in enumerate(ordered)}
    assert all(place[need] < place[part.key] for part in parts for need in part.needs)
    assert [step.part for step in plan(parts).steps] == [part.key for part in ordered]


def test_circles_doubles_and_unknown_needs_are_all_told_at_once() -> None:
    parts = [
        toy("box/a", link="box/b", where="servers.a"),
        toy("box/b", link="box/a"),
        toy("box/c", link="box/c"),
        toy("box/d", home="vault/nowhere", peers=("box/nothing",), where="network"),
        toy("box/e"),
        toy("box/e", size="l"),
    ]
    with pytest.raises(Invalid) as caught:
        in_order(parts)
    told = sorted((problem.path, problem.why) for problem in caught.value.problems)
    assert told == [
        ("box/c", "goes in a circle: box/c needs box/c"),
        ("box/e", "box/e is asked for twice"),
        ("network", "needs box/nothing, which nobody provides"),
        ("network", "needs vault/nowhere, which nobody provides"),
        ("servers.a", "goes in a circle: box/a needs box/b needs box/a"),
    ]


def test_a_circle_without_a_place_in_the_document_is_told_by_its_part() -> None:
    with pytest.raises(Invalid, match=r"box/[ab]: goes in a circle"):
        in_order([toy("box/a", link="box/b"), toy("box/b", link="box/a")])


@st.composite
def reference_graphs(draw: st.DrawFn) -> list[Found[ToyState]]:
    """Resources that name each other's ids anyhow, in circles too."""
    count = draw(st.integers(0, 7))
    ids = st.sampled_from([f"id-{number}" for number in range(count)] or ["id-0"])
    kinds = st.sampled_from(["box", "vault", "plug"])
    return [
        found(
            f"{draw(kinds)}/p{number}",
            f"id-{number}",
            ToyState(link=draw(st.none() | ids), peers=draw(st.lists(ids, max_size=2).map(tuple))),
        )
        for number in range(count)
    ]


def mentions(one: Found[ToyState], other: Found[ToyState]) -> bool:
    return one.id != other.id and (other.id == one.state.link or other.id in one.state.peers)


def reaches(start: Found[ToyState], goal: Found[ToyState], all_of_them: list[Found[ToyState]]) -> bool:
    seen, ahead = set(), [start]
    while ahead:
        here = ahead.pop()
        for one in all_of_them:
            if mentions(here, one) and one.id not in seen:
                seen.add(one.id)
                ahead.append(one)
    return goal.id in seen


def names_itself(one: Found[ToyState]) -> bool:
    return one.id == one.state.link or one.id in one.state.peers


@thorough
@given(reference_graphs())
def test_whatever_names_an_id_is_removed_before_it_except_within_a_circle(going: list[Found[ToyState]]) -> None:
    removals = list(removal_order(going, KINDS))
    place = {removal.id: index for index, removal in enumerate(removals)}
    assert sorted(place) == sorted(one.id for one in going)
    after = {removal.id: removal.after for removal in removals}
    for one in going:
        for other in going:
            if mentions(one, other) and not names_itself(other) and not reaches(other, one, going):
                assert place[one.id] < place[other.id]
                assert f"{one.key} {one.id}" in after[other.id]
    by_label = {removal.label: index for index, removal in enumerate(removals)}
    assert all(by_label[label] < place[removal.id] for removal in removals for label in removal.after)


def test_a_kind_that_another_must_outlast_goes_after_it_though_no_id_tells() -> None:
    order = [removal.part for removal in removal_order([found("plug/a", "id-1"), found("rope/b", "id-2")], KINDS)]
    assert order == ["rope/b", "plug/a"]


def test_two_kinds_with_one_id_are_told_apart_by_who_names_it() -> None:
    group = found("vault/web", "sg-1", ToyState(home="vpc-1"))
    rules = found("box/web", "sg-1", ToyState(home="sg-1"))
    user = found("plug/server", "i-1", ToyState(peers=("sg-1",)))
    order = [removal.part for removal in removal_order([group, user, rules], KINDS)]
    assert order.index("vault/web") == 2


# ---------------------------------------------------------------------- the plan


def test_what_follows_a_replacement_is_updated_where_it_can_be_and_replaced_where_not() -> None:
    parts = [
        toy("box/a", size="l"),
        toy("box/linked", link="box/a"),
        toy("box/peer", peers=("box/a",)),
        toy("box/housed", home="box/a"),
        toy("box/housed-deeper", home="box/housed"),
        toy("box/apart"),
    ]
    standing = [
        found("box/a", "id-a"),
        found("box/linked", "id-b", ToyState(link="id-a")),
        found("box/peer", "id-c", ToyState(peers=("id-a",))),
        found("box/housed", "id-d", ToyState(home="id-a")),
        found("box/housed-deeper", "id-e", ToyState(home="id-d")),
        found("box/apart", "id-f"),
    ]
    made = plan(parts, *standing)
    assert {step.part: (step.action, step.because) for step in made.steps} == {
        "box/a": ("replace", "the blueprint changed"),
        "box/linked": ("update", "follows box/a"),
        "box/peer": ("update", "follows box/a"),
        "box/housed": ("replace", "follows box/a"),
        "box/housed-deeper": ("replace", "follows box/housed"),
        "box/apart": ("keep", "as wanted"),
    }
    assert "box/a" not in made.ids
    assert made.ids["box/linked"] == "id-b"


def test_what_needs_something_not_made_yet_shows_that_and_no_hash() -> None:
    step = step_of(plan([toy("box/a"), toy("box/b", link="box/a", hidden="box/a")]), "box/b")
    told = {change.field: change.to for change in step.changes}
    assert (told["link"], told["hidden"]) == ("<box/a>", ["<box/a>"])


def test_answers_of_lookups_are_known_ids() -> None:
    image = Lookup("ssm:/image")
    made = plan([toy("box/a", image=image)], answers={"ssm:/image": "ami-1"})
    assert {change.field: change.to for change in step_of(made, "box/a").changes}["image"] == "ami-1"
    assert made.ids["ssm:/image"] == "ami-1"


def test_two_with_one_parts_tags_stop_the_plan_and_both_are_named() -> None:
    with pytest.raises(Ambiguous, match="box/a: id-1 and id-2 both carry its tags"):
        plan([toy("box/a")], found("box/a", "id-2"), found("box/a", "id-1"))
    with pytest.raises(Ambiguous, match="nothing was changed"):
        plan([], found("box/a", "id-1"), found("box/a", "id-2"))


def test_a_retired_one_is_an_orphan_and_never_the_standing_one() -> None:
    retired = found("box/a", "id-old", tags={RETIRED: "true"})
    made = plan([toy("box/a")], retired, found("box/a", "id-new"))
    assert [(step.action, step.id, step.because) for step in made.steps] == [
        ("keep", "id-new", "as wanted"),
        ("delete", "id-old", "was replaced"),
    ]
    alone = plan([toy("box/a")], retired)
    assert [(step.action, step.id) for step in alone.steps] == [("create", None), ("delete", "id-old")]
    assert not made.settled


def test_one_that_is_leaving_counts_only_where_nothing_else_stands() -> None:
    leaving = found("box/a", "id-old", phase="leaving")
    beside = plan([toy("box/a")], leaving, found("box/a", "id-new"))
    assert (actions(beside), beside.removals) == ({"box/a": "keep"}, ())
    alone = plan([toy("box/a")], leaving)
    assert (step_of(alone, "box/a").because, alone.removals) == ("is being deleted", ())
    assert not stays_until_replaced(step_of(alone, "box/a"), KINDS)
    struck = plan([], leaving)
    assert [removal.id for removal in struck.removals] == ["id-old"]


def test_a_failed_one_is_replaced_beside_itself_and_its_id_is_given_to_nobody() -> None:
    made = plan([toy("vault/a"), toy("box/b", link="vault/a")], found("vault/a", phase="failed"))
    assert actions(made) == {"vault/a": "replace", "box/b": "create"}
    assert "vault/a" not in made.ids
    assert [removal.id for removal in made.removals] == ["id-1"]


@pytest.mark.parametrize(("kind", "removed"), [("box", ["id-1"]), ("plug", [])])
def test_the_old_one_goes_at_the_end_unless_it_must_go_first(kind: str, removed: list[str]) -> None:
    made = plan([toy(f"{kind}/a", size="l")], found(f"{kind}/a"))
    assert actions(made) == {f"{kind}/a": "replace"}
    assert [removal.id for removal in made.removals] == removed


def test_a_new_version_takes_no_old_one_away_and_retires_none() -> None:
    world = World({"id-1": Thing("box", "a", ToyState(size="s"))})
    kinds = kinds_of(world)
    kinds["box"].versioned, kinds["box"].taggable = True, False
    seen = Seen("e", REGION, {}, (found("box/a", "id-1", ToyState(size="s"), tags={}),))
    made = make_plan([toy("box/a", size="l"), toy("box/b", link="box/a")], seen, kinds)
    assert [(step.part, step.action) for step in made.steps] == [("box/a", "replace"), ("box/b", "create")]
    assert made.removals == ()
    assert made.steps[1].changes[2].to == "<box/a>"
    outcome = bring_about(kinds["box"], made.steps[0], Scope("e", REGION), made.ids)
    assert (sorted(world.things), outcome.id) == (["id-1", "new-1"], "new-1")


def test_what_stays_when_a_part_is_removed_is_told_in_the_plan() -> None:
    one = replace(found("box/a"), keeps="the box id-1 with its gold")
    assert plan([], one).steps[0].because == "the environment is struck; the box id-1 with its gold stays"


def test_an_unknown_id_within_a_text_is_found_and_shown_as_people_see_it() -> None:
    policy = f'{{"Resource": "{unknown("box/b")}/*"}}'
    step = decide("box/a", ToyState(link=policy), found("box/a"))
    assert unknowns(ToyState(link=policy)) == {"box/b"}
    assert (step.changes[0].to, step.because) == ('{"Resource": "<box/b>/*"}', "follows box/b")
    assert unknowns("<box/b> of somebody's own") == set()


def test_what_nobody_asks_for_any_more_is_deleted_and_says_why() -> None:
    made = plan([toy("box/a")], found("box/a", "id-1"), found("box/b", "id-2"))
    assert step_of(made, "box/a").action == "keep"
    assert [(step.label, step.because) for step in made.changes] == [("box/b id-2", "no longer in the blueprint")]


def test_the_plan_of_nothing_deletes_all_users_first() -> None:
    seen = [found("box/a", "id-1"), found("vault/b", "id-2", ToyState(home="id-1")), found("leaf/c", "id-3", tags={})]
    made = plan([], *seen)
    assert {step.because for step in made.steps} == {"the environment is struck"}
    assert made.counts == {"create": 0, "update": 0, "replace": 0, "keep": 0, "delete": 3}
    order = [removal.part for removal in made.removals]
    assert order.index("vault/b") < order.index("box/a")
    assert [step.part for step in made.steps] == order
    assert plan([]).settled


def test_outputs_are_by_part_and_name() -> None:
    assert outputs([found("box/a", outputs={"dns_name": "x"})]) == {"box/a.dns_name": "x"}


# ---------------------------------------------------------------------- replacing what holds something


def test_replacing_what_holds_something_is_refused_with_all_flags_and_allowed_when_named() -> None:
    parts = [toy("vault/a", size="l"), toy("vault/b", size="l"), toy("box/c", size="l")]
    seen = [found("vault/a", "id-1"), found("vault/b", "id-2"), found("box/c", "id-3")]
    with pytest.raises(NeedsReplacing, match=r"size: its gold would be lost.*--replace vault/a --replace vault/b"):
        plan(parts, *seen)
    with pytest.raises(NeedsReplacing) as caught:
        plan(parts, *seen, replace=["vault/a"])
    assert "vault/a" not in str(caught.value)
    assert set(actions(plan(parts, *seen, replace=["vault/a", "vault/b"])).values()) == {"replace"}


HOUSE = [found("vault/a", "id-1"), found("vault/b", "id-2", ToyState(home="id-1"))]


def test_what_only_follows_a_granted_replacement_neednt_be_named() -> None:
    made = plan([toy("vault/a", size="l"), toy("vault/b", home="vault/a")], *HOUSE, replace=["vault/a"])
    assert actions(made) == {"vault/a": "replace", "vault/b": "replace"}


def test_what_follows_through_a_list_of_fixed_ids_neednt_be_named_either() -> None:
    seen = [
        found("vault/a", "id-1"),
        found("vault/z", "id-0"),
        found("vault/b", "id-2", ToyState(peers=("id-1", "id-0"), rooms=("id-1", "id-0"))),
    ]
    parts = [toy("vault/a", size="l"), toy("vault/z"), toy("vault/b", peers=("vault/a", "vault/z"))]
    assert actions(plan(parts, *seen, replace=["vault/a"]))["vault/b"] == "replace"
    fewer = [*parts[:2], toy("vault/b", peers=("vault/a",))]
    with pytest.raises(NeedsReplacing, match="--replace vault/b"):
        plan(fewer, *seen, replace=["vault/a"])


def test_what_changes_by_itself_too_must_be_named_although_it_follows() -> None:
    parts = [toy("vault/a", size="l"), toy("vault/b", home="vault/a", size="l")]
    with pytest.raises(NeedsReplacing) as caught:
        plan(parts, *HOUSE, replace=["vault/a"])
    assert "--replace vault/b" in str(caught.value)
    assert "--replace vault/a" not in str(caught.value)


def test_what_moves_to_another_one_that_is_replaced_must_be_named() -> None:
    seen = [*HOUSE, found("box/c", "id-3")]
    parts = [toy("vault/a"), toy("box/c", size="l"), toy("vault/b", home="box/c")]
    with pytest.raises(NeedsReplacing, match="--replace vault/b"):
        plan(parts, *seen)


def test_a_run_that_goes_on_after_a_granted_replacement_neednt_be_granted_again() -> None:
    """The first run made the new vault/a, and ended before vault/b could follow."""
    old, b = HOUSE
    seen = [found("vault/a", "id-1", tags={RETIRED: "true"}), found("vault/a", "id-9", ToyState(size="l")), b]
    made = plan([toy("vault/a", size="l"), toy("vault/b", home="vault/a")], *seen, replace=["vault/a"])
    assert actions(made) == {"vault/a": "keep", "vault/b": "replace", "vault/a id-1": "delete"}
    with pytest.raises(NeedsReplacing):
        plan([toy("vault/a"), toy("vault/b", home="vault/a")], found("vault/a", "id-9"), b)
    assert old.id == "id-1"


def test_what_follows_one_that_nobody_had_to_allow_must_be_named_itself() -> None:
    """An image is made anew without asking; the instance that boots from it isn't."""
    seen = [found("box/a", "id-1"), found("vault/b", "id-2", ToyState(home="id-1"))]
    parts = [toy("box/a", size="l"), toy("vault/b", home="box/a")]
    with pytest.raises(NeedsReplacing, match=r"vault/b \(home: its gold would be lost\)"):
        plan(parts, *seen)
    assert actions(plan(parts, *seen, replace=["vault/b"]))["vault/b"] == "replace"


def test_what_may_be_written_in_place_of_a_replacement_is_told_once() -> None:
    kinds = kinds_of()
    kinds["vault"].or_else = "a key opens it"  # type: ignore[misc]
    seen = Seen("toy", REGION, found=(found("vault/a", "id-1"), found("vault/b", "id-2")))
    with pytest.raises(NeedsReplacing) as caught:
        make_plan([toy("vault/a", size="l"), toy("vault/b", size="l")], seen, kinds)
    assert caught.value.way_out.endswith("--replace vault/a --replace vault/b; a key opens it")


def test_what_is_protected_isnt_replaced_where_it_would_have_to_go_first() -> None:
    seen = found("plug/a", protected=True)
    assert plan([toy("plug/a")], seen).settled
    with pytest.raises(Protected, match="plug/a"):
        plan([toy("plug/a", size="l")], seen)


class Growing(ToyState):
    """It can grow and not shrink, and its image counts only where it's pinned."""

    rooms_wanted: int = 1
    pinned: AtBirth[bool] = False

    def immovable(self, found: "Growing") -> frozenset[str]:
        return self.fixed() | ({"rooms_wanted"} if self.rooms_wanted < found.rooms_wanted else set())

    def uncompared(self) -> frozenset[str]:
        return self.at_birth() | (set() if self.pinned else {"image"})


@pytest.mark.parametrize(("now", "wanted", "action"), [(2, 3, "update"), (3, 2, "replace"), (2, 2, "keep")])
def test_whether_a_field_can_be_changed_in_place_may_depend_on_what_stands(now: int, wanted: int, action: str) -> None:
    one = found("box/a", state=Growing(rooms_wanted=now))
    assert decide("box/a", Growing(rooms_wanted=wanted), one).action == action


def test_whether_a_field_is_compared_may_depend_on_what_is_wanted_and_isnt_taken_for_a_change_by_hand() -> None:
    made = Growing(image="old")
    one = found("box/a", state=made, tags={FINGERPRINT: made.fingerprint})
    assert decide("box/a", Growing(image="new"), one).action == "keep"
    assert decide("box/a", Growing(image="new", pinned=True), one).action == "update"
    grown = decide("box/a", Growing(image="new", rooms_wanted=2), one, {})
    assert ([change.field for change in grown.changes], grown.because) == (["rooms_wanted"], "the blueprint changed")
    by_hand = replace(one, state=made.model_copy(update={"link": "x"}))
    assert decide("box/a", Growing(image="new"), by_hand, {}).because == "changed by hand"


@pytest.mark.parametrize("phase", ["failed", "leaving"])
def test_what_has_failed_or_is_going_anyway_neednt_be_named(phase: Any) -> None:
    assert actions(plan([toy("vault/a")], found("vault/a", phase=phase)))["vault/a"] == "replace"


# ---------------------------------------------------------------------- approval


@thorough
@given(parts_strategy(5), st.randoms())
def test_a_plan_made_twice_has_one_fingerprint_whatever_order_aws_lists_in(parts: list[Toy], random: Any) -> None:
    seen = [found(f"box/p{number}", f"id-{number}") for number in range(4)]
    seen += [found("box/p1", "id-8", phase="leaving"), found("vault/x", "id-9", tags={RETIRED: "true"})]
    allowed = [part.key for part in parts]
    first = plan(parts, *seen, replace=allowed)
    random.shuffle(seen)
    again = plan(parts, *seen, replace=allowed)
    assert first.fingerprint == again.fingerprint
    assert first.fingerprint.startswith("p1-")


def test_two_that_are_leaving_give_one_fingerprint_in_either_order() -> None:
    one, other = found("box/a", "id-1", phase="leaving"), found("box/a", "id-2", phase="leaving")
    assert plan([toy("box/a")], one, other).fingerprint == plan([toy("box/a")], other, one).fingerprint


@pytest.mark.parametrize(
    "other",
    [
        plan([toy("box/a", secret="other")]),
        plan([toy("box/a", size="l")]),
        plan([toy("box/b")]),
        plan([toy("box/a"), toy("box/b")]),
        plan([toy("box/a")], found("box/c")),
        plan([], found("box/a")),
        plan([], found("box/a", "id-2")),
        make_plan([toy("box/a")], Seen("other", REGION), KINDS),
        make_plan([toy("box/a")], Seen("toy", "us-east-1"), KINDS),
    ],
)
def test_a_plan_that_would_write_something_else_has_another_fingerprint(other: Plan) -> None:
    assert plan([toy("box/a")]).fingerprint != other.fingerprint


def test_the_same_step_for_another_resource_has_another_fingerprint() -> None:
    assert plan([], found("box/a", "id-1")).fingerprint != plan([], found("box/a", "id-2")).fingerprint


def test_what_is_kept_doesnt_touch_the_fingerprint() -> None:
    with_one = plan([toy("box/a"), toy("box/b")], found("box/b"))
    assert plan([toy("box/a")]).fingerprint == with_one.fingerprint


def test_a_plan_as_json_has_no_private_value_and_names_its_fields_as_documented() -> None:
    text = plan([toy("box/a", secret="hunter2")], found("box/a", state=ToyState(secret="old"))).model_dump_json()
    assert "hunter2" not in text
    assert '"from":' in text
    assert '"from_":' not in text
    assert Change(field="x", from_=1).from_ == 1


# ---------------------------------------------------------------------- it converges


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Toy], World, Scope]:
    """What is wanted, and a world in any state: as wanted, changed by hand, half made, failed, leaving, replaced."""
    parts = draw(parts_strategy())
    tags = draw(st.sampled_from([{}, {"team": "x"}, {"team": "y", "stage": "z"}]))
    scope = Scope("toy", REGION, tags=tags)
    world, ids = World(), {}
    strangers = [toy(f"{kind}/stranger", home=draw(st.none() | _key_of(parts))) for kind in draw(some_kinds)]
    for part in [*parts, *strangers]:
        for number, phase in enumerate(draw(generations)):
            id = f"{part.key}-{number}"
            state = draw(states_near(part, ids))
            retired = phase == "retired"
            world.things[id] = Thing(
                part.kind, part.name, state, draw(tags_of(part, state, tags)), "standing" if retired else phase
            )
            if part.kind == "leaf":
                world.things[id].tags = {}
            elif retired:
                world.things[id].tags[RETIRED] = "true"
            if not retired:
                ids[part.key] = id
    return parts, world, scope


some_kinds = st.lists(st.sampled_from(sorted(PARTS)), max_size=2, unique=True)
generations = st.sampled_from(
    [[], ["standing"], ["standing"], ["standing"], ["pending"], ["failed"], ["leaving"], ["leaving", "standing"]]
)


def _key_of(parts: list[Toy]) -> st.SearchStrategy[str]:
    keys = nameable(part.key for part in parts)
    return st.sampled_from(keys) if keys else st.nothing()


@st.composite
def states_near(draw: st.DrawFn, part: Toy, ids: dict[str, str]) -> ToyState:
    """As wanted where it's drawn so; else with a few fields changed by hand, or naming what has gone."""
    gone = {need: ids.get(need, "id-gone") for need in part.needs}
    state = KINDS[part.kind].wanted(part, gone)
    update = draw(
        st.fixed_dictionaries(
            {},
            optional={
                "size": st.sampled_from([None, "s", "l"]),
                "home": st.sampled_from([None, "id-gone", *nameable(ids.values())]),
                "link": st.sampled_from([None, "id-gone", *nameable(ids.values())]),
                "secret": st.sampled_from(["", "by hand"]),
                "hidden": st.just(()),
            },
        )
    )
    return state.model_copy(update=draw(st.sampled_from([{}, update])))


@st.composite
def tags_of(draw: st.DrawFn, part: Toy, state: ToyState, tags: dict[str, str]) -> dict[str, str]:
    before = draw(st.sampled_from([tags, {}, {"team": "x", "gone": "old"}]))
    identity = {ENVIRONMENT: "toy", PART: part.key, "theirs": "not ours"}
    fingerprint = draw(st.sampled_from([{}, {FINGERPRINT: state.fingerprint}, {FINGERPRINT: "v1-other"}]))
    return identity | fingerprint | wanted_tags("toy", before, part.key)


def add_generations(world: World) -> World:
    """Beside each box that stands, an old one that was replaced by it."""
    for id, thing in list(world.things.items()):
        if thing.kind == "box" and thing.phase == "standing":
            retired = Thing(thing.kind, thing.name, thing.state, {**thing.tags, RETIRED: "true"})
            world.things[f"{id}-old"] = retired
    return world


@settings(deadline=None, max_examples=150)
@given(worlds(), st.booleans())
def test_a_plan_carried_out_leaves_nothing_to_do(drawn: tuple[list[Toy], World, Scope], replaced: bool) -> None:
    parts, world, scope = drawn
    world = add_generations(world) if replaced else world
    before = world.copy()
    made = plan_in(world, parts, scope, [part.key for part in parts])
    outcomes = carry_out(made, world, scope)
    again = plan_in(world, parts, scope)
    assert again.changes == ()
    assert again.settled

    planned = {step.part: step.action for step in made.changes if step.action != "delete"}
    assert {outcome.part: outcome.action for outcome in outcomes} == planned
    kept = [str(step.id) for step in made.steps if step.action == "keep" and not step.pending]
    assert {id: world.things[id] for id in kept} == {id: before.things[id] for id in kept}
    standing = {f"{one.kind}/{one.name}": one for one in world.things.values() if one.phase == "standing"}
    assert set(standing) == {part.key for part in parts}
    for one in standing.values():
        if one.kind != "leaf":
            assert {key: one.tags[key] for key in scope.tags} == scope.tags
            assert "gone" not in one.tags
            assert ("theirs" in one.tags) == (CREATED not in one.tags)


@settings(deadline=None, max_examples=60)
@given(worlds())
def test_a_plan_of_nothing_carried_out_leaves_nothing(drawn: tuple[list[Toy], World, Scope]) -> None:
    _, world, scope = drawn
    carry_out(plan_in(add_generations(world), [], scope), world, scope)
    assert world.things == {}
    assert plan_in(world, [], scope).settled
