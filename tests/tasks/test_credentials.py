"""Work in another account, under a role that is assumed."""

import pickle

import pytest

from tasks.errors import WrongAccount
from tasks.network.vpc import VpcKind
from tasks.scope import Scope
from tests.physics import Physics

OTHER = "222222222222"
ROLE = f"arn:aws:iam::{OTHER}:role/castra"


def test_under_a_role_it_works_in_the_roles_account_and_nowhere_else(aws: Physics, scope: Scope) -> None:
    there = Scope("away", "eu-west-1", role=ROLE, account=OTHER)
    assert there.account == OTHER
    there.ec2.create_vpc(CidrBlock="10.9.0.0/16", TagSpecifications=[{"ResourceType": "vpc", "Tags": _tags("away")}])
    here = Scope("away", "eu-west-1")
    assert [one.name for one in VpcKind().owned(there)] == ["main"]
    assert list(VpcKind().owned(here)) == []


def test_a_role_is_assumed_once_for_all_clients_of_a_run(aws: Physics) -> None:
    before = aws.counts().get("sts:AssumeRole", 0)
    there = Scope("away", "eu-west-1", role=ROLE)
    _ = there.account
    there.ec2.describe_vpcs(Filters=there.filters)
    there.iam.list_roles(PathPrefix="/castra/")
    assert aws.counts()["sts:AssumeRole"] == before + 1


def test_another_account_than_the_roles_is_refused(aws: Physics) -> None:
    with pytest.raises(WrongAccount, match=f"belong to {OTHER}"):
        _ = Scope("away", "eu-west-1", role=ROLE, account="123456789012").account


def test_a_scope_that_travels_takes_its_role_along() -> None:
    assert pickle.loads(pickle.dumps(Scope("away", "eu-west-1", role=ROLE))).role == ROLE


def _tags(environment: str) -> list[dict[str, str]]:
    return [{"Key": "castra:environment", "Value": environment}, {"Key": "castra:part", "Value": "vpc/main"}]
