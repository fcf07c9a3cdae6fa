"""What is particular to target groups: replaced beside the old one, and held by who sends to them."""

from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.tasks.rows.balancing import BENEATH_LISTENER, LISTENER, TARGETS


def test_replaced_in_use_the_listener_moves_to_the_new_one_before_the_old_one_goes(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_LISTENER, LISTENER))
    (listener,) = look(scope, KINDS["listener"], "http")
    moved = tuple(
        part.model_copy(update={"port": 9999}) if part.key == TARGETS.key else part for part in BENEATH_LISTENER
    )
    plan = raise_all(scope, (*moved, LISTENER))
    told = {step.part: (step.action, step.because) for step in plan.changes}
    assert told["target-group/web"] == ("replace", "the blueprint changed")
    assert told["listener/http"] == ("update", "follows target-group/web")
    assert look_and_plan(scope, (*moved, LISTENER)).settled
    assert [one.id for one in look(scope, KINDS["listener"], "http")] == [listener.id]


def test_stickiness_of_another_type_chosen_by_hand_is_shown_by_its_name(scope: Scope) -> None:
    parts = BENEATH_LISTENER
    raise_all(scope, parts)
    (group,) = look(scope, KINDS["target-group"], "web")
    attributes = [
        {"Key": "stickiness.enabled", "Value": "true"},
        {"Key": "stickiness.type", "Value": "app_cookie"},
        {"Key": "stickiness.app_cookie.cookie_name", "Value": "session"},
    ]
    scope.elbv2.modify_target_group_attributes(TargetGroupArn=group.id, Attributes=attributes)
    (change,) = next(step for step in look_and_plan(scope, parts).steps if step.part == TARGETS.key).changes
    assert (change.field, change.from_, change.to) == ("stickiness", "app_cookie", 0)
