"""What is particular to firewalls."""

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as some
from pydantic import ValidationError

from blueprints.firewalls import Firewall, Rule, SecurityGroup
from tasks.kind import Found
from tasks.network.firewall import MARK, FirewallKind
from tasks.network.rule import RuleState, permission_of, rule_of, rules_of
from tasks.registry import KINDS
from tasks.scope import Scope, as_dict
from tasks.survey import look
from tests.conductor import carry_out, look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.network import FIREWALL, GROUP, OTHER_GROUP, OTHER_VPC, VPC, but

NEEDS = (VPC, GROUP, OTHER_GROUP)
PARTS = (*NEEDS, FIREWALL)
EVERYBODY = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def group(scope: Scope, id: str) -> dict:
    return scope.ec2.describe_security_groups(GroupIds=[id])["SecurityGroups"][0]


def found(scope: Scope, part: Firewall = FIREWALL) -> Found:
    (one,) = look(scope, KINDS["firewall"], part.name)
    return one


def rule_calls(physics: Physics) -> list[str]:
    return [call.operation for call in physics.writes() if "SecurityGroup" in call.operation]


# ---------------------------------------------------------------------- rules, both ways


@given(
    some.builds(
        rule_of,
        some.sampled_from(["tcp", "udp", "icmp", "icmpv6", "all"]),
        some.none() | some.tuples(some.integers(0, 255), some.integers(0, 255)),
        some.sampled_from(["10.0.0.0/8", "0.0.0.0/0", "::/0", "2001:db8::/32", "sg-1", "pl-1"]),
        some.sampled_from(["", "from within"]),
    )
)
def test_every_rule_reads_back_as_it_was_sent(rule: RuleState) -> None:
    assert rules_of([permission_of(rule)]) == (rule,)


@pytest.mark.parametrize(
    ("protocol", "ports"), [("tcp", (0, 65535)), ("udp", (0, 65535)), ("icmp", (-1, -1)), ("all", (1, 2))]
)
def test_all_ports_have_one_form(protocol: str, ports: tuple[int, int]) -> None:
    assert rule_of(protocol, ports, "10.0.0.0/8") == rule_of(protocol, None, "10.0.0.0/8")


def test_what_aws_tells_as_one_are_rules_for_each_peer() -> None:
    permission = {
        "IpProtocol": "tcp",
        "FromPort": 80,
        "ToPort": 80,
        "IpRanges": [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "192.168.0.0/16", "Description": "office"}],
        "Ipv6Ranges": [{"CidrIpv6": "2001:0DB8::/32"}],
        "UserIdGroupPairs": [{"GroupId": "sg-1", "UserId": "123456789012"}],
        "PrefixListIds": [{"PrefixListId": "pl-1"}],
    }
    told = {(rule.peer, rule.description) for rule in rules_of([permission])}
    assert told == {
        ("10.0.0.0/8", ""),
        ("192.168.0.0/16", "office"),
        ("2001:db8::/32", ""),
        ("sg-1", ""),
        ("pl-1", ""),
    }


def test_a_rule_asked_for_twice_is_one() -> None:
    rule = Rule(ports=(80, 80), peer="10.0.0.0/8")
    twice = but(FIREWALL, inbound=(rule, but(rule, description="again")))
    wanted = FirewallKind().wanted(twice, {GROUP.key: "sg-1"})
    assert [told.peer for told in wanted.inbound] == ["10.0.0.0/8"]


def test_a_firewall_not_named_after_its_group_is_refused() -> None:
    with pytest.raises(ValidationError, match="firewall/web should be named after its group, security-group/front"):
        Firewall(name="web", group="security-group/front")


# ---------------------------------------------------------------------- groups and their firewalls


def test_two_groups_that_admit_each_other_are_raised_and_struck(strict: Scope) -> None:
    def admitting(name: str, other: str) -> tuple[SecurityGroup, Firewall]:
        rules = (Rule(ports=(80, 80), peer=f"security-group/{other}"),)
        group = f"security-group/{name}"
        return SecurityGroup(name=name, vpc=VPC.key), Firewall(name=name, group=group, inbound=rules, outbound=rules)

    parts = (VPC, *admitting("one", "two"), *admitting("two", "one"))
    raise_all(strict, parts)
    plan = look_and_plan(strict, parts)
    assert plan.settled
    admitted = {part.name: found(strict, part).state.inbound[0].peer for part in parts if isinstance(part, Firewall)}
    assert admitted == {"one": plan.ids["security-group/two"], "two": plan.ids["security-group/one"]}
    raise_all(strict, ())
    assert look_and_plan(strict, ()).steps == ()


def test_a_group_as_aws_makes_it_has_no_firewall_and_one_changed_by_hand_has(strict: Scope) -> None:
    raise_all(strict, NEEDS)
    assert look(strict, KINDS["firewall"], "web") == []
    (web,) = look(strict, KINDS["security-group"], "web")
    strict.ec2.authorize_security_group_ingress(GroupId=web.id, IpPermissions=[EVERYBODY])
    assert found(strict).id == web.id
    plan = raise_all(strict, PARTS)
    assert [(step.part, step.action) for step in plan.changes] == [(FIREWALL.key, "update")]
    assert look_and_plan(strict, PARTS).settled


def test_a_firewall_that_lets_nothing_through_stands_all_the_same(strict: Scope) -> None:
    closed = Firewall(name="web", group=GROUP.key)
    raise_all(strict, (*NEEDS, closed))
    assert (found(strict).state.inbound, found(strict).state.outbound) == ((), ())
    assert look_and_plan(strict, (*NEEDS, closed)).settled


def test_what_aws_lets_out_by_default_is_as_good_when_it_is_asked_for(physics: Physics, strict: Scope) -> None:
    open_out = Firewall(name="web", group=GROUP.key, outbound=(Rule(protocol="all", peer="0.0.0.0/0"),))
    raise_all(strict, (*NEEDS, open_out))
    assert rule_calls(physics) == ["CreateSecurityGroup", "CreateSecurityGroup"]
    assert look_and_plan(strict, (*NEEDS, open_out)).settled


def test_one_that_was_never_finished_is_finished_by_the_next_run(physics: Physics, strict: Scope) -> None:
    physics.rule("AuthorizeSecurityGroupEgress", "error:InvalidParameterValue", nth=1)
    with pytest.raises(ClientError):
        raise_all(strict, PARTS)
    assert (found(strict).fingerprint, len(found(strict).state.inbound)) == (None, 4)
    plan = raise_all(strict, PARTS)
    assert [(step.part, step.action) for step in plan.changes] == [(FIREWALL.key, "update")]
    assert found(strict).fingerprint == found(strict).state.fingerprint


def test_the_groups_own_tags_are_left_alone(strict: Scope) -> None:
    raise_all(strict, NEEDS)
    (web,) = look(strict, KINDS["security-group"], "web")
    before = as_dict(group(strict, web.id)["Tags"])
    raise_all(strict, PARTS)
    after = as_dict(group(strict, web.id)["Tags"])
    assert after == before | {MARK: found(strict).fingerprint}
    raise_all(strict, NEEDS)
    assert as_dict(group(strict, web.id)["Tags"]) == before


def test_a_change_of_tags_is_planned_once_at_the_group(strict: Scope) -> None:
    raise_all(strict, PARTS)
    tagged = Scope("strict", "eu-west-1", tags={"team": "blue"}, poll_seconds=0.05)
    assert "firewall" not in {step.kind for step in raise_all(tagged, PARTS).changes}
    assert look_and_plan(tagged, PARTS).settled


def test_replacing_a_group_moves_its_rules_and_those_that_name_it(strict: Scope) -> None:
    naming = Firewall(name="front", group=OTHER_GROUP.key, outbound=(Rule(ports=(80, 80), peer=GROUP.key),))
    raise_all(strict, (OTHER_VPC, *PARTS, naming))
    old = found(strict).id
    elsewhere = [but(part, vpc=OTHER_VPC.key) for part in (GROUP, OTHER_GROUP)]
    raise_all(strict, (VPC, OTHER_VPC, *elsewhere, FIREWALL, naming))
    assert found(strict).id != old
    assert found(strict, naming).state.outbound[0].peer == found(strict).id
    assert look_and_plan(strict, (VPC, OTHER_VPC, *elsewhere, FIREWALL, naming)).settled


def test_a_crash_after_a_group_was_replaced_leaves_no_two_firewalls(physics: Physics, strict: Scope) -> None:
    raise_all(strict, (OTHER_VPC, *PARTS))
    parts = (VPC, OTHER_VPC, *(but(one, vpc=OTHER_VPC.key) for one in (GROUP, OTHER_GROUP)), FIREWALL)
    physics.rule("AuthorizeSecurityGroupIngress", "error:InvalidParameterValue", nth=1)
    with pytest.raises(ClientError):
        raise_all(strict, parts)
    raise_all(strict, parts)
    assert look_and_plan(strict, parts).settled
    assert len(strict.ec2.describe_security_groups(Filters=strict.filters)["SecurityGroups"]) == 2


# ---------------------------------------------------------------------- how rules are changed


def test_what_lacks_is_admitted_before_what_is_too_much_is_revoked(physics: Physics, strict: Scope) -> None:
    raise_all(strict, PARTS)
    physics.log.clear()
    other = but(FIREWALL, inbound=(Rule(ports=(8080, 8080), peer="10.0.0.0/8"),))
    raise_all(strict, (*NEEDS, other))
    assert rule_calls(physics) == ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupIngress"]


def test_another_description_revokes_nothing(physics: Physics, strict: Scope) -> None:
    one, other = (
        but(FIREWALL, inbound=(Rule(ports=(80, 80), peer="10.0.0.0/8", description=said),))
        for said in ("office", "the office")
    )
    raise_all(strict, (*NEEDS, one))
    physics.log.clear()
    raise_all(strict, (*NEEDS, other))
    assert rule_calls(physics) == ["UpdateSecurityGroupRuleDescriptionsIngress"]
    assert look_and_plan(strict, (*NEEDS, other)).settled


def test_sixty_rules_become_sixty_others_though_aws_has_no_room_for_both(strict: Scope) -> None:
    def sixty(network: int) -> Firewall:
        rules = tuple(Rule(ports=(80, 80), peer=f"10.{network}.{last}.0/24") for last in range(60))
        return Firewall(name="web", group=GROUP.key, inbound=rules)

    raise_all(strict, (*NEEDS, sixty(1)))
    raise_all(strict, (*NEEDS, sixty(2)))
    assert look_and_plan(strict, (*NEEDS, sixty(2))).settled


def test_a_rule_that_somebody_adds_in_the_same_moment_is_no_error(strict: Scope) -> None:
    raise_all(strict, NEEDS)
    plan = look_and_plan(strict, PARTS)
    (web,) = look(strict, KINDS["security-group"], "web")
    described = strict.ec2.describe_security_groups

    def too_late(**asked: object) -> dict:
        """The answer of a moment before."""
        answer = described(**asked)
        rule = permission_of(rule_of("icmp", None, "10.0.0.0/8"))
        strict.ec2.authorize_security_group_ingress(GroupId=web.id, IpPermissions=[rule])
        strict.ec2.describe_security_groups = described
        return answer

    strict.ec2.describe_security_groups = too_late
    carry_out(plan, strict)
    assert look_and_plan(strict, PARTS).settled


@pytest.mark.parametrize("call", ["AuthorizeSecurityGroupIngress", "RevokeSecurityGroupEgress"])
def test_a_lost_answer_is_no_error(physics: Physics, strict: Scope, call: str) -> None:
    physics.rule(call, "lose-answer", nth=1)
    raise_all(strict, PARTS)
    assert look_and_plan(strict, PARTS).settled
