"""What stands between visitors, a load balancer and its servers is named, exactly, and nothing else is."""

from collections.abc import Callable
from typing import Any

import pytest

from tasks.diagnosing.diagnose import diagnose
from tasks.diagnosing.evidence import ACTIONS, gather
from tasks.errors import CastraError
from tasks.registry import KINDS
from tasks.scope import Scope
from tests.physics import Physics
from tests.tasks.diagnosing.conftest import Standing
from tests.tasks.test_standard_suite import iam_action

Break = Callable[[Standing], Any]


def test_a_healthy_environment_has_nothing_amiss_and_nothing_is_written(aws: Physics, web: Standing) -> None:
    before = len(aws.writes())
    diagnosis = web.diagnosis()
    assert diagnosis.findings == ()
    assert diagnosis.summary == "Nothing is amiss in 33 parts"
    assert diagnosis.calls["write"] == 0
    assert aws.writes()[before:] == []


def test_what_does_not_stand_is_an_error_with_a_way_out(aws: Physics) -> None:
    with pytest.raises(CastraError, match=r"nothing stands of it in eu-west-1.*castra list"):
        diagnose(Scope("nobody", "eu-west-1"))


def revoke(group: str, way: str) -> Break:
    """Take all rules of a group away."""

    def broken(web: Standing) -> None:
        ec2, id = web.client("ec2"), web.ids()[f"security-group/{group}"]
        (told,) = ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"]
        permissions = told["IpPermissions" if way == "ingress" else "IpPermissionsEgress"]
        getattr(ec2, f"revoke_security_group_{way}")(GroupId=id, IpPermissions=permissions)

    return broken


@pytest.mark.parametrize(
    ("broken", "told"),
    [
        pytest.param(
            revoke("servers-app", "ingress"),
            ("servers-admit-no-balancer", "firewall/servers-app", "servers.app.port"),
            marks=pytest.mark.breaks("servers-admit-no-balancer"),
            id="servers",
        ),
        pytest.param(
            revoke("balancer-front", "ingress"),
            ("balancer-admits-nobody", "firewall/balancer-front", "balancers.front.listeners"),
            marks=pytest.mark.breaks("balancer-admits-nobody"),
            id="visitors",
        ),
    ],
)
def test_a_rule_that_is_gone_is_named_and_once_mended_all_is_well(web: Standing, broken: Break, told: Any) -> None:
    broken(web)
    assert web.told() == [told]
    web.mend()
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("balancer-sends-nothing")
def test_a_balancer_that_may_speak_to_nobody_is_named_for_each_of_its_servers(web: Standing) -> None:
    revoke("balancer-front", "egress")(web)
    place = ("balancer-sends-nothing", "firewall/balancer-front", "balancers.front")
    assert web.told() == [place, place]
    whys = [one.why for one in web.diagnosis().findings]
    assert ["servers.api" in whys[0] or "servers.app" in whys[0], len(set(whys))] == [True, 2]
    web.mend()
    assert web.told() == []


@pytest.mark.breaks("health-check-answered-otherwise")
def test_a_check_of_a_path_that_answers_otherwise_is_named_with_the_code(web: Standing) -> None:
    web.say("app", "physics:paths", "/healthz /")
    assert web.told() == []
    group = web.ids()["target-group/front-app"]
    web.client("elbv2").modify_target_group(TargetGroupArn=group, HealthCheckPath="/nope")
    (found,) = web.diagnosis().findings
    assert (found.cause, found.place) == ("health-check-answered-otherwise", "servers.app.health_check.path")
    assert "asks HTTP /nope on port 8080 for 200, and 2 of 2 targets answer 404" in found.why
    assert "changed by hand" in found.fix
    web.mend()
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("nothing-listens")
def test_an_application_that_does_not_listen_is_named(web: Standing) -> None:
    web.say("api", "physics:listens", "9999")
    found = web.only("nothing-listens", "target-group/front-api", "servers.api.port")
    assert "by hand" not in found.fix
    web.say("api", "physics:listens", "9000")
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("health-check-times-out")
def test_a_firewall_that_no_rule_of_ours_explains_is_told_as_a_time_out(aws: Physics, web: Standing) -> None:
    """Only instances themselves may drop packets then: here, another group was put on them by hand."""
    ec2, ids = web.client("ec2"), web.ids()
    foreign = ec2.create_security_group(GroupName="foreign", Description="by hand", VpcId=ids["vpc/main"])["GroupId"]
    for machine in web.machines("app"):
        ec2.modify_instance_attribute(InstanceId=machine, Groups=[foreign])
    assert web.told() == [("health-check-times-out", "target-group/front-app", "servers.app.health_check.timeout")]
    for machine in web.machines("app"):
        ec2.modify_instance_attribute(InstanceId=machine, Groups=[ids["security-group/servers-app"]])
    assert web.told() == []


def test_its_declared_actions_cover_every_call_it_makes(web: Standing) -> None:
    scope = Scope("web", web.scope.region)
    gather(scope)
    declared = {action for kind in KINDS.values() for action in kind.actions} | set(ACTIONS) | {"sts:GetCallerIdentity"}
    assert {iam_action(call) for call in scope.calls.by_operation()} <= declared


@pytest.mark.thorough
@pytest.mark.breaks("nobody-sends-there")
def test_a_target_group_that_no_rule_sends_to_any_more_is_named(web: Standing) -> None:
    elb, ids = web.client("elbv2"), web.ids()
    (rule,) = [id for part, id in ids.items() if part.startswith("listener-rule/")]
    elb.delete_rule(RuleArn=rule)
    found = web.only("nobody-sends-there", "target-group/front-api", "servers.api")
    assert "Target group is not configured to receive traffic" in found.why
    web.mend()
    assert web.told() == []


@pytest.mark.thorough
@pytest.mark.breaks("unhealthy")
def test_what_aws_alone_knows_is_told_in_its_words(web: Standing) -> None:
    web.say("app", "physics:unchecked", "yes")
    found = web.only("unhealthy", "target-group/front-app", "servers.app")
    assert "2 of 2 targets are unhealthy: Health checks failed due to an internal error" in found.why
    web.say("app", "physics:unchecked", "")
    assert web.told() == []
