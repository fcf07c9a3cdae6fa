"""What is particular to network load balancers, and to what they send to: the standard life, and static addresses."""

from collections.abc import Callable
from typing import Any

import pytest

from blueprints.gateways import Address
from blueprints.health import AccessLogs, HealthCheck
from blueprints.listening import TLS_POLICY, Listener, forward
from blueprints.load_balancers import LoadBalancer, TargetGroup
from tasks.errors import NeedsReplacing
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks import test_standard_suite as suite
from tests.tasks.rows import balancing
from tests.tasks.rows.balancing import CERTIFICATES, GATEWAY, GROUPS, SUBNETS, VPC
from tests.tasks.rows.row import Row

ADDRESSES = tuple(Address(name=letter) for letter in "abc")
BALANCER = LoadBalancer(
    name="net", type="network", vpc="vpc/main", subnets=("subnet/a",), groups=("security-group/balancer",)
)
STATIC = BALANCER.model_copy(update={"public": True, "addresses": ("address/a",), "after": ("internet-gateway/main",)})
TARGETS = TargetGroup(name="net", vpc="vpc/main", port=53, protocol="TCP_UDP", health_check=HealthCheck(protocol="TCP"))
TCP_TARGETS = TargetGroup(name="tcp", vpc="vpc/main", port=8080, protocol="TCP")
LISTENER = Listener(
    name="net", load_balancer="load-balancer/net", port=53, protocol="TCP_UDP", action=forward("target-group/net")
)
BENEATH = (VPC, GATEWAY, *GROUPS, *SUBNETS, *ADDRESSES)


def cross_zones(scope: Scope, id: str) -> None:
    attributes = [{"Key": "load_balancing.cross_zone.enabled", "Value": "true"}]
    scope.elbv2.modify_load_balancer_attributes(LoadBalancerArn=id, Attributes=attributes)


def hide_clients(scope: Scope, id: str) -> None:
    attributes = [{"Key": "preserve_client_ip.enabled", "Value": "false"}]
    scope.elbv2.modify_target_group_attributes(TargetGroupArn=id, Attributes=attributes)


def listen_elsewhere(scope: Scope, id: str) -> None:
    scope.elbv2.modify_listener(ListenerArn=id, Port=54)


ROWS = (
    Row(
        part=BALANCER,
        needs=BENEATH,
        changed=BALANCER.model_copy(
            update={
                "subnets": ("subnet/b", "subnet/c"),
                "groups": ("security-group/other",),
                "cross_zone": True,
                "access_logs": AccessLogs(bucket="some-logs", prefix="net"),
            }
        ),
        moved=STATIC,
        by_hand=cross_zones,
        vanish=lambda scope, id: scope.elbv2.delete_load_balancer(LoadBalancerArn=id),
        twin=balancing.second_balancer,
    ),
    Row(
        part=TCP_TARGETS,
        needs=(VPC,),
        changed=TCP_TARGETS.model_copy(
            update={
                "health_check": HealthCheck(protocol="TCP", interval=30),
                "stickiness": "source_ip",
                "preserve_client_ip": False,
                "cross_zone": True,
            }
        ),
        moved=TCP_TARGETS.model_copy(update={"protocol": "TLS"}),
        by_hand=hide_clients,
        vanish=lambda scope, id: scope.elbv2.delete_target_group(TargetGroupArn=id),
    ),
    Row(
        part=LISTENER,
        needs=(*BENEATH, BALANCER, TARGETS, TCP_TARGETS),
        changed=LISTENER.model_copy(
            update={
                "port": 443,
                "protocol": "TLS",
                "certificates": CERTIFICATES,
                "ssl_policy": TLS_POLICY,
                "action": forward("target-group/tcp"),
            }
        ),
        by_hand=listen_elsewhere,
        vanish=lambda scope, id: scope.elbv2.delete_listener(ListenerArn=id),
    ),
)
LIFE = (
    suite.test_created_it_reads_back_exactly_as_wanted_and_raising_again_writes_nothing,
    suite.test_changed_by_the_blueprint_it_is_updated_in_place,
    suite.test_changed_by_hand_it_is_told_as_drift_and_mended,
    suite.test_a_fixed_field_changed_it_is_replaced_or_refused_with_a_way_out,
    suite.test_striking_needs_no_blueprint_and_leaves_nothing,
    suite.test_its_declared_actions_are_the_calls_that_it_makes,
)


@pytest.mark.parametrize("chapter", LIFE, ids=lambda chapter: chapter.__name__.removeprefix("test_"))
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.part.kind)
def test_it_lives_as_every_kind_does(scope: Scope, row: Row, chapter: Callable[[Scope, Row], Any]) -> None:
    chapter(scope, row)


def test_a_zone_comes_and_goes_with_its_address_and_the_others_stay(scope: Scope) -> None:
    raise_all(scope, (*BENEATH, STATIC))
    (before,) = look(scope, KINDS["load-balancer"], "net")
    wider = STATIC.model_copy(update={"subnets": ("subnet/a", "subnet/b"), "addresses": ("address/a", "address/b")})
    for parts in ((*BENEATH, wider), (*BENEATH, STATIC)):
        raise_all(scope, parts)
        (now,) = look(scope, KINDS["load-balancer"], "net")
        assert now.id == before.id
        assert len(now.outputs["addresses"].split(", ")) == len(parts[-1].addresses)
        assert look_and_plan(scope, parts).settled


def test_static_addresses_are_asked_for_at_birth_and_changing_that_loses_the_name(scope: Scope) -> None:
    raise_all(scope, (*BENEATH, STATIC))
    floating = STATIC.model_copy(update={"addresses": ()})
    with pytest.raises(NeedsReplacing, match=r"load-balancer/net \(static: its DNS name would be lost\)"):
        look_and_plan(scope, (*BENEATH, floating))


def test_struck_its_addresses_are_let_go_only_after_it_has_left_them(scope: Scope, aws: Physics) -> None:
    raise_all(scope, (*BENEATH, STATIC))
    raise_all(scope, ())
    names = [call.name for call in aws.writes()]
    assert names.index("elbv2:DeleteLoadBalancer") < len(names) - 1 - names[::-1].index("ec2:ReleaseAddress")
    assert look_and_plan(scope, ()).steps == ()


def test_an_http_check_of_tcp_targets_asks_for_a_path_and_codes(scope: Scope) -> None:
    asked = HealthCheck(path="/healthy", codes="200-399")
    for check in (asked, HealthCheck(protocol="TCP"), asked):
        parts = (VPC, TCP_TARGETS.model_copy(update={"health_check": check}))
        raise_all(scope, parts)
        (group,) = look(scope, KINDS["target-group"], "tcp")
        assert (group.state.health_check.path, group.state.health_check.codes) == (
            ("", "") if check.protocol == "TCP" else ("/healthy", "200-399")
        )
        assert look_and_plan(scope, parts).settled
