"""What is particular to listener rules: their places, and what is done to them by hand."""

import pytest

from blueprints.listening import ListenerRule, forward
from tasks.errors import CastraError
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.balancing import BENEATH_LISTENER, LISTENER, RULE, closed, priorities

BENEATH = (*BENEATH_LISTENER, LISTENER)


def rule(name: str, priority: int, path: str) -> ListenerRule:
    return ListenerRule(
        name=name, listener="listener/http", priority=priority, paths=(path,), action=forward("target-group/api")
    )


def listener_of(scope: Scope) -> str:
    (listener,) = look(scope, KINDS["listener"], "http")
    return listener.id


def ids(scope: Scope, *names: str) -> list[str]:
    return [found.id for name in names for found in look(scope, KINDS["listener-rule"], name)]


def test_rules_that_go_round_keep_their_ids_and_all_get_their_places(scope: Scope) -> None:
    raise_all(scope, (*BENEATH, rule("a", 1, "/a"), rule("b", 2, "/b"), rule("c", 3, "/c")))
    before = ids(scope, "a", "b", "c")
    turned = (*BENEATH, rule("a", 2, "/a"), rule("b", 3, "/b"), rule("c", 1, "/c"))
    raise_all(scope, turned)
    assert priorities(scope, listener_of(scope)) == {"/a": 2, "/b": 3, "/c": 1}
    assert ids(scope, "a", "b", "c") == before
    assert look_and_plan(scope, turned).settled


def test_two_rules_change_places_in_one_call(scope: Scope, aws: Physics) -> None:
    raise_all(scope, (*BENEATH, rule("a", 1, "/a"), rule("b", 2, "/b")))
    before = aws.counts().get("elbv2:SetRulePriorities", 0)
    raise_all(scope, (*BENEATH, rule("a", 2, "/a"), rule("b", 1, "/b")))
    assert priorities(scope, listener_of(scope)) == {"/a": 2, "/b": 1}
    assert aws.counts()["elbv2:SetRulePriorities"] - before == 1


def test_a_renamed_rule_takes_its_place_before_the_old_one_is_removed(scope: Scope) -> None:
    raise_all(scope, (*BENEATH, rule("old", 5, "/old")))
    renamed = (*BENEATH, rule("new", 5, "/new"))
    raise_all(scope, renamed)
    assert priorities(scope, listener_of(scope)) == {"/new": 5}
    assert look_and_plan(scope, renamed).settled


def test_a_foreign_rule_in_its_place_is_not_moved_but_told(scope: Scope) -> None:
    raise_all(scope, BENEATH)
    conditions = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/theirs"]}}]
    listener = listener_of(scope)
    scope.elbv2.create_rule(ListenerArn=listener, Priority=5, Conditions=conditions, Actions=[closed()])
    with pytest.raises(CastraError, match="Choose another priority, or remove that rule"):
        raise_all(scope, (*BENEATH, rule("ours", 5, "/ours")))
    assert priorities(scope, listener) == {"/theirs": 5}


def test_a_rule_made_by_hand_on_our_listener_is_not_ours_to_prune(scope: Scope) -> None:
    raise_all(scope, BENEATH)
    conditions = [{"Field": "path-pattern", "PathPatternConfig": {"Values": ["/theirs"]}}]
    scope.elbv2.create_rule(ListenerArn=listener_of(scope), Priority=5, Conditions=conditions, Actions=[closed()])
    assert look_and_plan(scope, BENEATH).settled


def test_an_action_changed_by_hand_to_a_fixed_answer_is_mended(scope: Scope) -> None:
    parts = (*BENEATH, RULE)
    raise_all(scope, parts)
    scope.elbv2.modify_rule(RuleArn=ids(scope, "api")[0], Actions=[closed()])
    step = next(step for step in look_and_plan(scope, parts).steps if step.part == RULE.key)
    assert (step.because, [(change.field, change.from_[0]["type"]) for change in step.changes]) == (
        "changed by hand",
        [("actions", "fixed-response")],
    )
    raise_all(scope, parts)
    assert look_and_plan(scope, parts).settled
