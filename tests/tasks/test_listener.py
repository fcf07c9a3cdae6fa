"""What is particular to listeners: their actions, their ports, and what they answer for."""

from typing import Any

import pytest

from blueprints.listening import Action, Redirect, Response, forward
from tasks.balancing.actions import ForwardState, ShareState, as_aws, told_actions, wanted_actions
from tasks.errors import CastraError
from tasks.order import strings
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.tasks.rows.balancing import BENEATH_LISTENER, CERTIFICATES, LISTENER, SECURE


def test_a_forward_told_twice_by_aws_is_one_target_group() -> None:
    config = {"TargetGroups": [{"TargetGroupArn": "arn:a", "Weight": 7}], "TargetGroupStickinessConfig": {}}
    told = told_actions([{"Type": "forward", "TargetGroupArn": "arn:a", "ForwardConfig": config}])
    assert told == (ForwardState(shares=(ShareState(target_group="arn:a"),)),)


def test_a_weighted_forward_mentions_each_target_group_so_that_they_go_after_it() -> None:
    groups = [{"TargetGroupArn": "arn:b", "Weight": 9}, {"TargetGroupArn": "arn:a", "Weight": 1}]
    sticky = {"Enabled": True, "DurationSeconds": 60}
    action = {"Type": "forward", "ForwardConfig": {"TargetGroups": groups, "TargetGroupStickinessConfig": sticky}}
    (told,) = told_actions([action])
    assert told.sticky == 60
    assert {"arn:a", "arn:b"} <= set(strings(told.model_dump()))
    assert told.shares == ForwardState(shares=tuple(reversed(told.shares))).shares


def test_a_login_before_the_forward_is_a_difference() -> None:
    forward = {"Type": "forward", "TargetGroupArn": "arn:a"}
    login = {"Type": "authenticate-oidc", "AuthenticateOidcConfig": {"Issuer": "https://example.com"}}
    assert [one.type for one in told_actions([login, forward])] == ["authenticate-oidc", "forward"]
    assert told_actions([login, forward]) != told_actions([forward])


def test_a_redirect_that_says_little_is_told_by_aws_in_full() -> None:
    (wanted,) = wanted_actions(Redirect(protocol="HTTPS", port=443), {})
    assert as_aws((wanted,)) == [
        {
            "Type": "redirect",
            "RedirectConfig": {
                "Protocol": "HTTPS",
                "Port": "443",
                "Host": "#{host}",
                "Path": "/#{path}",
                "Query": "#{query}",
                "StatusCode": "HTTP_301",
            },
        }
    ]
    assert told_actions(as_aws((wanted,))) == (wanted,)


@pytest.mark.parametrize(
    "by_hand",
    [
        {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "503"}},
        {"Type": "redirect", "RedirectConfig": {"Host": "evil.example.com", "StatusCode": "HTTP_302"}},
    ],
    ids=lambda action: str(action["Type"]),
)
@pytest.mark.parametrize(
    "action",
    [forward("target-group/web"), Redirect(protocol="HTTPS", port=443), Response(code=404, body="Nothing here")],
    ids=lambda action: type(action).__name__,
)
def test_an_action_changed_by_hand_to_another_is_mended(scope: Scope, action: Action, by_hand: Any) -> None:
    parts = (*BENEATH_LISTENER, LISTENER.model_copy(update={"action": action}))
    raise_all(scope, parts)
    (before,) = look(scope, KINDS["listener"], "http")
    scope.elbv2.modify_listener(ListenerArn=before.id, DefaultActions=[by_hand])
    (step,) = look_and_plan(scope, parts).changes
    assert (step.part, step.because, [change.field for change in step.changes]) == (
        LISTENER.key,
        "changed by hand",
        ["actions"],
    )
    raise_all(scope, parts)
    (after,) = look(scope, KINDS["listener"], "http")
    assert (after.id, after.state) == (before.id, before.state)


def test_certificates_come_and_go_one_by_one_while_the_listener_stays(scope: Scope) -> None:
    one, two, three = CERTIFICATES
    raise_all(scope, (*BENEATH_LISTENER, SECURE))
    (before,) = look(scope, KINDS["listener"], "http")
    assert (before.state.certificate, before.state.more_certificates) == (one, (two, three))
    assert before.outputs["url"].startswith("https://")
    for certificates in ((two, three), (two, one), (three,)):
        parts = (*BENEATH_LISTENER, SECURE.model_copy(update={"certificates": certificates}))
        raise_all(scope, parts)
        (now,) = look(scope, KINDS["listener"], "http")
        assert (now.id, now.state.certificate, set(now.state.more_certificates)) == (
            before.id,
            certificates[0],
            set(certificates[1:]),
        )
        assert look_and_plan(scope, parts).settled


def test_a_certificate_taken_off_by_hand_and_an_older_policy_are_mended(scope: Scope) -> None:
    parts = (*BENEATH_LISTENER, SECURE)
    raise_all(scope, parts)
    (listener,) = look(scope, KINDS["listener"], "http")
    gone = [{"CertificateArn": CERTIFICATES[1]}]
    scope.elbv2.remove_listener_certificates(ListenerArn=listener.id, Certificates=gone)
    scope.elbv2.modify_listener(ListenerArn=listener.id, SslPolicy="ELBSecurityPolicy-2016-08")
    (step,) = look_and_plan(scope, parts).changes
    assert {change.field for change in step.changes} == {"more_certificates", "ssl_policy"}
    raise_all(scope, parts)
    assert look_and_plan(scope, parts).settled


def test_a_listener_that_leaves_tls_has_no_certificates_left(scope: Scope) -> None:
    raise_all(scope, (*BENEATH_LISTENER, SECURE))
    raise_all(scope, (*BENEATH_LISTENER, LISTENER))
    (listener,) = look(scope, KINDS["listener"], "http")
    assert (listener.state.protocol, listener.state.certificate, listener.state.ssl_policy) == ("HTTP", "", "")
    assert look_and_plan(scope, (*BENEATH_LISTENER, LISTENER)).settled


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
