"""`castra doctor`: what a raising would stumble over is named before it, with what to add or to ask for."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import load
from flows.doctor import doctor
from tasks.doctor.examining import examine
from tasks.doctor.finding import Health
from tasks.reading import scope_of
from tasks.rights.policy import statements_of
from tests.flows.shell import castra
from tests.flows.test_bad_input import NOBODY
from tests.flows.world import REGION, ROOT, client, small, small_document, written
from tests.physics import Physics

REMOVED = (
    "ec2:CreateVpc",
    "ec2:DeleteSubnet",
    "ec2:DescribeNatGateways",
    "ec2:RunInstances",
    "elasticloadbalancing:CreateListener",
    "autoscaling:UpdateAutoScalingGroup",
    "iam:CreateRole",
    "iam:PassRole",
    "iam:ListInstanceProfiles",
    "s3:PutObject",
)
ASKING = {
    "Sid": "Ask",
    "Effect": "Allow",
    "Action": [
        "iam:GetAccountSummary",
        "iam:SimulatePrincipalPolicy",
        "lambda:GetAccountSettings",
        "servicequotas:*",
        "ec2:DescribeRegions",
    ],
    "Resource": "*",
}
SIZES = {"Sid": "Sizes", "Effect": "Allow", "Action": "ec2:DescribeInstanceTypes", "Resource": "*"}


def without(environment: Environment, *actions: str) -> list[dict[str, Any]]:
    """Its statements, each of which lacks these actions."""
    told = statements_of([environment])
    less = [{**one, "Action": [each for each in one["Action"] if each not in actions]} for one in told]
    return [one for one in less if one["Action"]]


def become(user: str, statements: list[dict[str, Any]], patch: pytest.MonkeyPatch) -> None:
    iam = client("iam")
    iam.create_user(UserName=user)
    document = json.dumps({"Version": "2012-10-17", "Statement": statements})
    iam.put_user_policy(UserName=user, PolicyName="castra", PolicyDocument=document)
    key = iam.create_access_key(UserName=user)["AccessKey"]
    patch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    patch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])


def lacking(health: Health) -> dict[str, Any]:
    return {one.what: one.statement for one in health.lacking}


@pytest.fixture
def web(name: str) -> Environment:
    return load(ROOT / "examples/web.yaml").model_copy(update={"name": name})


@pytest.mark.thorough
def test_with_its_own_policy_nothing_is_lacking(
    aws: Physics, web: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(web.name, [*statements_of([web]), ASKING, SIZES], monkeypatch)
    before = len(aws.writes())
    health = examine(web, scope_of(web))
    assert [(one.check, one.what, one.why) for one in health.findings if one.verdict != "good"] == []
    assert len(aws.writes()) == before
    assert {one.check for one in health.findings} == {
        *("credentials", "region", "service", "blueprint", "quota", "permission")
    }


def test_all_of_ten_removed_permissions_are_named_with_the_statements_to_add(
    aws: Physics, web: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(web.name, [*without(web, *REMOVED), ASKING, SIZES], monkeypatch)
    found = lacking(examine(web, scope_of(web)))
    assert set(found) == set(REMOVED)
    become(f"{web.name}-again", [*without(web, *REMOVED), ASKING, SIZES, *found.values()], monkeypatch)
    assert lacking(examine(web, scope_of(web))) == {}


@pytest.mark.thorough
@pytest.mark.parametrize("action", REMOVED)
def test_each_permission_that_is_removed_is_named_with_the_statement_to_add(
    aws: Physics, web: Environment, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    become(web.name, [*without(web, action), ASKING, SIZES], monkeypatch)
    found = lacking(examine(web, scope_of(web)))
    assert list(found) == [action]
    statement = found[action]
    assert (statement["Action"], statement["Effect"]) == (action, "Allow")
    become(f"{web.name}-again", [*without(web, action), ASKING, SIZES, statement], monkeypatch)
    assert lacking(examine(web, scope_of(web))) == {}


@pytest.mark.parametrize(
    ("sid", "action"), [("MasterPasswords", "secretsmanager:TagResource"), ("SecretKeys", "kms:GenerateDataKey")]
)
def test_what_aws_does_in_the_callers_name_is_looked_for_where_the_document_asks_for_it(
    aws: Physics, name: str, sid: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"key": {"kms_key": f"arn:aws:kms:{REGION}:123456789012:key/1"}}
    databases = {"main": {"engine": "postgres", "version": "17"}}
    environment = small(name, network={"zones": 2}, secrets=secrets, databases=databases)
    told = statements_of([environment])
    (needed,) = [one for one in told if one["Sid"] == sid]
    others = [one for one in told if one is not needed]
    become(name, [*others, ASKING], monkeypatch)
    found = lacking(examine(environment, scope_of(environment)))
    assert set(found) == set(needed["Action"])
    assert {key: found[action][key] for key in ("Action", "Resource")} == {
        "Action": action,
        "Resource": needed["Resource"],
    }
    become(f"{name}-again", [*told, ASKING], monkeypatch)
    assert lacking(examine(environment, scope_of(environment))) == {}


@pytest.mark.parametrize(
    "action",
    [
        "ec2:CreateVpc",
        *(pytest.param(one, marks=pytest.mark.thorough) for one in ("ec2:AllocateAddress", "ec2:DescribeVpcs")),
    ],
)
def test_where_iam_may_not_be_asked_reads_and_dry_runs_tell_and_the_rest_is_said_to_be_unknown(
    aws: Physics, name: str, action: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = small(name)
    become(name, without(network, action), monkeypatch)
    with nothing_written_but_dry_runs(aws):
        health = examine(network, scope_of(network))
    assert list(lacking(health)) == [action]
    unknown = {one.what: one.statement for one in health.findings if one.verdict == "unknown"}
    assert unknown["iam:SimulatePrincipalPolicy"]["Action"] == ["iam:SimulatePrincipalPolicy"]
    told = {each for statement in unknown.values() if statement for each in statement["Action"]}
    assert {"ec2:DeleteVpc", "ec2:CreateSubnet"} <= told


class nothing_written_but_dry_runs:
    """Within, whatever would be written is a dry run."""

    def __init__(self, aws: Physics) -> None:
        self.aws, self.before = aws, len(aws.writes())

    def __enter__(self) -> None: ...

    def __exit__(self, *_: Any) -> None:
        outcomes = {call.outcome for call in self.aws.writes()[self.before :]}
        assert outcomes <= {"DryRunOperation", "UnauthorizedOperation"}


@pytest.fixture
def four_vpcs(aws: Physics) -> Iterator[None]:
    """With the default one five, which is all that AWS gives an account at first."""
    ec2 = client("ec2")
    made = [ec2.create_vpc(CidrBlock="10.99.0.0/16")["Vpc"]["VpcId"] for _ in range(4)]
    yield
    for vpc in made:
        ec2.delete_vpc(VpcId=vpc)


@pytest.mark.usefixtures("four_vpcs")
def test_a_quota_that_the_plan_would_pass_is_named_with_what_stands_and_what_is_made(aws: Physics, name: str) -> None:
    network = small(name)
    health = examine(network, scope_of(network))
    (vpcs,) = [one for one in health.lacking if one.check == "quota"]
    assert (vpcs.what, vpcs.why) == ("VPCs", f"5 stand, the plan makes 1, 5 are allowed in {REGION}")
    assert "Service Quotas" in vpcs.way_out


def test_without_credentials_or_for_another_account_it_says_so_and_looks_no_further(
    aws: Physics, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = small(name, account="999999999999")
    (found,) = examine(other, scope_of(other)).findings
    assert (found.check, found.verdict) == ("credentials", "lacking")
    assert "999999999999" in found.why
    for variable in NOBODY:
        monkeypatch.delenv(variable)
    (found,) = examine(small(name), scope_of(small(name))).findings
    assert "no AWS credentials" in found.why


@pytest.mark.usefixtures("prefect")
def test_as_a_flow_it_takes_a_document(aws: Physics, name: str, tmp_path: Any) -> None:
    with nothing_written_but_dry_runs(aws):
        health = doctor(written(small_document(name), tmp_path).read_text())
    assert (health.environment, health.lacking) == (name, ())


def test_in_the_shell_it_ends_with_1_where_something_is_lacking(
    aws: Physics, name: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = small(name)
    become(name, [*without(network, "ec2:CreateVpc"), ASKING], monkeypatch)
    said = castra("doctor", written(small_document(name), tmp_path))
    assert said.returncode == 1, said.stderr
    assert "lacking" in said.stdout
    assert '"Action": "ec2:CreateVpc"' in said.stdout
