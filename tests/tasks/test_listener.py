"""What is particular to listeners: their actions, their ports, and what they answer for."""

import pytest

from tasks.balancing.forwarding import targets_of
from tasks.errors import CastraError
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.tasks.rows.balancing import BENEATH_LISTENER, LISTENER


def test_a_forward_told_twice_by_aws_is_one_target_group() -> None:
    config = {"TargetGroups": [{"TargetGroupArn": "arn:a", "Weight": 1}], "TargetGroupStickinessConfig": {}}
    assert targets_of([{"Type": "forward", "TargetGroupArn": "arn:a", "ForwardConfig": config}]) == ("arn:a",)


def test_a_weighted_forward_mentions_each_target_group_so_that_they_go_after_it() -> None:
    groups = [{"TargetGroupArn": "arn:a", "Weight": 9}, {"TargetGroupArn": "arn:b", "Weight": 1}]
    sticky = {"Enabled": True, "DurationSeconds": 60}
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky}}
    assert targets_of([action]) == ("arn:a", "arn:b", "sticky")


def test_a_login_before_the_forward_is_a_difference() -> None:
    actions = [{"Type": "authenticate-oidc"}, {"Type": "forward", "TargetGroupArn": "arn:a"}]
    assert targets_of(actions) == ("authenticate-oidc", "arn:a")


def test_its_url_names_the_port_where_it_is_not_the_usual_one(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_LISTENER, LISTENER, LISTENER.model_copy(update={"name": "alt", "port": 8080})))
    (balancer,) = look(scope, KINDS["load-balancer"], "web")
    host = balancer.outputs["dns_name"]
    urls = [look(scope, KINDS["listener"], name)[0].outputs["url"] for name in ("http", "alt")]
    assert urls == [f"http://{host}", f"http://{host}:8080"]


def test_a_port_that_another_listener_has_is_told_with_a_way_out(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_LISTENER, LISTENER))
    renamed = LISTENER.model_copy(update={"name": "renamed"})
    with pytest.raises(CastraError, match=r"port 80 of .* another listener has it already\. Keep the name"):
        raise_all(scope, (*BENEATH_LISTENER, renamed))


def test_a_balancer_replaced_takes_its_listener_along(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_LISTENER, LISTENER))
    public = tuple(
        part.model_copy(update={"public": True, "after": ("internet-gateway/main",)})
        if part.key == "load-balancer/web"
        else part
        for part in BENEATH_LISTENER
    )
    plan = raise_all(scope, (*public, LISTENER), replace=["load-balancer/web"])
    actions = {step.part: (step.action, step.because) for step in plan.changes}
    assert actions["listener/http"] == ("replace", "follows load-balancer/web")
    assert look_and_plan(scope, (*public, LISTENER)).settled
    (balancer,) = KINDS["load-balancer"].owned(scope)
    assert balancer.state.scheme == "internet-facing"
