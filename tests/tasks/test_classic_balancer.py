"""What is particular to classic load balancers: ports, cookies, certificates, and the groups behind them."""

from typing import Any

from blueprints.classic import CLASSIC_TLS_POLICY, ClassicBalancer, ClassicListener
from blueprints.servers import ScalingGroup
from tasks.balancing.classic_state import ClassicBalancerState
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.balancing import BENEATH_BALANCER, CERTIFICATES, CLASSIC
from tests.tasks.rows.compute import GROUP, PLAIN, SUBNETS

OTHER = CLASSIC.model_copy(update={"name": "other"})
SECURE = ClassicListener(
    port=443, protocol="HTTPS", target_port=8080, certificate=CERTIFICATES[0], ssl_policy=CLASSIC_TLS_POLICY
)
BENEATH = tuple(part for part in BENEATH_BALANCER if part.kind != "subnet") + SUBNETS


def behind(*balancers: str) -> ScalingGroup:
    return GROUP.model_copy(update={"target_groups": (), "classic_balancers": balancers})


def state(scope: Scope, name: str = "old") -> ClassicBalancerState:
    (one,) = look(scope, KINDS["classic-balancer"], name)
    assert isinstance(one.state, ClassicBalancerState)
    return one.state


def attached(scope: Scope) -> list[str]:
    """Names of the parts of the balancers that the group registers its instances with."""
    (group,) = look(scope, KINDS["scaling-group"], "web")
    balancers = {one.id: one.name for name in ("old", "other") for one in look(scope, KINDS["classic-balancer"], name)}
    return sorted(balancers[id] for id in group.state.classic_balancers)


def instances(scope: Scope, name: str) -> int:
    (one,) = look(scope, KINDS["classic-balancer"], name)
    told = scope.client("elb").describe_load_balancers(LoadBalancerNames=[one.id])["LoadBalancerDescriptions"]
    return len(told[0]["Instances"])


def test_the_applications_cookie_and_a_time_take_turns(scope: Scope) -> None:
    for wish in ({"cookie": "SESSION"}, {"stickiness": 600}, {"cookie": "OTHER"}, {}, {"cookie": "SESSION"}):
        parts = (*BENEATH, CLASSIC.model_copy(update=wish))
        raise_all(scope, parts)
        told = {(one.cookie, one.sticky) for one in state(scope).listeners}
        assert told == {(wish.get("cookie", ""), wish.get("stickiness", 0))}
        assert look_and_plan(scope, parts).settled


def test_stickiness_for_the_browsers_life_that_somebody_chose_is_told_and_mended(scope: Scope) -> None:
    parts = (*BENEATH, CLASSIC)
    raise_all(scope, parts)
    (found,) = look(scope, KINDS["classic-balancer"], "old")
    elb, name = scope.client("elb"), {"LoadBalancerName": found.id}
    elb.create_lb_cookie_stickiness_policy(**name, PolicyName="by-hand")
    elb.set_load_balancer_policies_of_listener(**name, LoadBalancerPort=80, PolicyNames=["by-hand"])
    assert {one.port: one.sticky for one in state(scope).listeners} == {80: -1, 81: 0}
    raise_all(scope, parts)
    assert {one.sticky for one in state(scope).listeners} == {0}


def test_a_new_certificate_and_policy_leave_the_port_open(scope: Scope, aws: Physics) -> None:
    raise_all(scope, (*BENEATH, CLASSIC.model_copy(update={"listeners": (SECURE,)})))
    before = aws.counts().get("elb:DeleteLoadBalancerListeners", 0)
    newer = SECURE.model_copy(
        update={"certificate": CERTIFICATES[1], "ssl_policy": "ELBSecurityPolicy-TLS-1-1-2017-01"}
    )
    parts = (*BENEATH, CLASSIC.model_copy(update={"listeners": (newer,)}))
    raise_all(scope, parts)
    (listener,) = state(scope).listeners
    assert (listener.certificate, listener.ssl_policy) == (CERTIFICATES[1], "ELBSecurityPolicy-TLS-1-1-2017-01")
    assert aws.counts().get("elb:DeleteLoadBalancerListeners", 0) == before
    assert look_and_plan(scope, parts).settled


def test_cut_off_after_its_first_call_the_next_run_completes_it(scope: Scope) -> None:
    whole: ClassicBalancer = CLASSIC.model_copy(update={"listeners": (SECURE,), "stickiness": 60})
    raise_all(scope, BENEATH)
    kind: Any = KINDS["classic-balancer"]
    scope.look_afresh()
    ids = {one.key: one.id for name in ("vpc", "subnet", "security-group") for one in KINDS[name].owned(scope)}
    elb = scope.client("elb")
    elb.create_load_balancer(
        LoadBalancerName=f"half-{scope.environment}",
        Listeners=[
            {
                "LoadBalancerPort": 443,
                "Protocol": "HTTPS",
                "InstancePort": 8080,
                "InstanceProtocol": "HTTP",
                "SSLCertificateId": CERTIFICATES[0],
            }
        ],
        Subnets=[ids[subnet] for subnet in whole.subnets],
        SecurityGroups=[ids[group] for group in whole.groups],
        Scheme="internal",
        Tags=[{"Key": key, "Value": value} for key, value in scope.birth_tags(whole.key, None).items()],
    )
    raise_all(scope, (*BENEATH, whole))
    scope.look_afresh()
    (found,) = kind.owned(scope)
    assert found.id == f"half-{scope.environment}"
    assert found.state == kind.wanted(whole, ids)


def test_a_group_registers_with_the_balancers_that_it_stands_behind_and_leaves_them(scope: Scope) -> None:
    parts = (*BENEATH, CLASSIC, OTHER, PLAIN)
    raise_all(scope, (*parts, behind("classic-balancer/old")))
    assert (attached(scope), instances(scope, "old")) == (["old"], 1)
    raise_all(scope, (*parts, behind("classic-balancer/other")))
    assert (attached(scope), instances(scope, "old"), instances(scope, "other")) == (["other"], 0, 1)
    assert look_and_plan(scope, (*parts, behind("classic-balancer/other"))).settled
    raise_all(scope, (*parts, behind()))
    assert attached(scope) == []


def test_replaced_its_group_moves_to_the_new_one_before_the_old_one_goes(scope: Scope) -> None:
    raise_all(scope, (*BENEATH, CLASSIC, PLAIN, behind("classic-balancer/old")))
    public = CLASSIC.model_copy(update={"public": True, "after": ("internet-gateway/main",)})
    parts = (*BENEATH, public, PLAIN, behind("classic-balancer/old"))
    plan = raise_all(scope, parts, replace=["classic-balancer/old"])
    told = {step.part: (step.action, step.because) for step in plan.changes}
    assert told["scaling-group/web"] == ("update", "follows classic-balancer/old")
    assert (attached(scope), state(scope).scheme) == (["old"], "internet-facing")
    assert look_and_plan(scope, parts).settled
