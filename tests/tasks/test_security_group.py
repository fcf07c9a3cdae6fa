"""What is particular to security groups."""

import pytest

from tasks.errors import CastraError
from tasks.registry import KINDS
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.network import GROUP, VPC, but


def described(scope: Scope) -> list[str]:
    return [
        group["Description"] for group in scope.ec2.describe_security_groups(Filters=scope.filters)["SecurityGroups"]
    ]


def test_another_description_changes_nothing(strict: Scope) -> None:
    raise_all(strict, (VPC, GROUP))
    other = but(GROUP, description="Told differently")
    plan = look_and_plan(strict, (VPC, other))
    assert [step.action for step in plan.steps] == ["keep", "keep"]
    assert plan.settled
    assert described(strict) == ["Made by Castra"]


def test_its_description_is_as_asked_for_when_it_is_made(strict: Scope) -> None:
    raise_all(strict, (VPC, but(GROUP, description="Told at birth")))
    assert described(strict) == ["Told at birth"]


def test_a_lost_answer_is_no_error_and_makes_no_second_one(physics: Physics, strict: Scope) -> None:
    physics.rule("CreateSecurityGroup", "lose-answer", nth=1)
    raise_all(strict, (VPC, GROUP))
    assert physics.counts()["ec2:CreateSecurityGroup"] == 2
    assert look_and_plan(strict, (VPC, GROUP)).settled


def test_somebody_elses_group_of_its_name_is_left_alone_and_told_with_a_way_out(strict: Scope) -> None:
    raise_all(strict, (VPC, GROUP))
    (group,) = look(strict, KINDS[GROUP.kind], GROUP.name)
    strict.ec2.delete_tags(Resources=[group.id], Tags=[{"Key": "castra:part"}])
    with pytest.raises(CastraError, match="adopt it by the tags castra:environment=strict and castra:part="):
        raise_all(strict, (VPC, GROUP))
    strict.ec2.create_tags(Resources=[group.id], Tags=[{"Key": "castra:part", "Value": GROUP.key}])
    assert raise_all(strict, (VPC, GROUP)).settled


def test_deleting_waits_until_no_rule_of_another_group_names_it(physics: Physics, strict: Scope) -> None:
    raise_all(strict, (VPC, GROUP))
    physics.rule("DeleteSecurityGroup", "error:DependencyViolation", nth=1)
    raise_all(strict, (VPC,))
    assert physics.counts()["ec2:DeleteSecurityGroup"] == 2
    assert look(strict, KINDS[GROUP.kind], GROUP.name) == []


def test_an_environment_whose_name_looks_like_a_groups_id_has_groups_all_the_same(physics: Physics) -> None:
    singapore = Scope("sg-prod", "eu-west-1", poll_seconds=0.05)
    raise_all(singapore, (VPC, GROUP))
    (group,) = singapore.ec2.describe_security_groups(Filters=singapore.filters)["SecurityGroups"]
    assert group["GroupName"].startswith("castra-sg-prod--")
