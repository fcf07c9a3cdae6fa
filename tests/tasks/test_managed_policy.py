"""What is particular to managed policies, and to what bounds a role."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from blueprints.environment import Environment
from blueprints.identity import ManagedPolicy, Role
from blueprints.reading import build
from tasks.errors import CastraError, Invalid
from tasks.identity.home import name_of, path_of
from tasks.identity.managed_policy import ManagedPolicyKind
from tasks.registry import KINDS
from tasks.retry import classify
from tasks.scope import Scope
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.identity import ANYBODY, LIMITS, POLICY, READ, versions

KIND = ManagedPolicyKind()
ROLE = Role(name="app", trusts=("ec2.amazonaws.com",), managed=(POLICY.key,), permissions_boundary=LIMITS.key)


def numbered(number: int) -> ManagedPolicy:
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::things/{number}"}
    return ManagedPolicy(name="shared", document={"Version": "2012-10-17", "Statement": [statement]})


def arn_of(scope: Scope, name: str = "shared") -> str:
    (found,) = look(scope, KIND, name)
    return found.id


def stranger(scope: Scope, **more: Any) -> str:
    name = f"stranger-{scope.environment}"
    scope.iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(ANYBODY), **more)
    return name


def document(**servers: Any) -> dict[str, Any]:
    app = {"image": {"id": "ami-1"}, **servers}
    network = {"cidr": "10.0.0.0/16"}
    return {
        "name": "e",
        "region": "eu-west-1",
        "network": network,
        "policies": {"shared": READ, "limits": READ},
        "servers": {"app": app},
    }


def part(environment: Environment, key: str) -> Any:
    (one,) = [part for part in environment.parts() if part.key == key]
    return one


def test_its_path_tells_environment_region_and_part(strict: Scope) -> None:
    raise_all(strict, (POLICY,))
    policy = strict.iam.get_policy(PolicyArn=arn_of(strict))["Policy"]
    assert policy["Path"] == "/castra/strict/eu-west-1/shared/"


def test_each_change_is_a_new_default_version_and_never_more_than_five_are_kept(strict: Scope) -> None:
    for number in range(8):
        raise_all(strict, (numbered(number),))
        kept = versions(strict, arn_of(strict))
        assert [version["VersionId"] for version in kept if version["IsDefaultVersion"]] == [f"v{number + 1}"]
        numbers = sorted(int(version["VersionId"][1:]) for version in kept)
        assert numbers == list(range(max(1, number - 3), number + 2))
        assert look_and_plan(strict, (numbered(number),)).settled


def test_another_version_made_default_by_hand_is_drift_though_ours_is_still_kept(strict: Scope) -> None:
    raise_all(strict, (numbered(1),))
    raise_all(strict, (numbered(2),))
    strict.iam.set_default_policy_version(PolicyArn=arn_of(strict), VersionId="v1")
    plan = raise_all(strict, (numbered(2),))
    assert [(step.action, step.because) for step in plan.changes] == [("update", "changed by hand")]
    assert look_and_plan(strict, (numbered(2),)).settled


def test_a_lost_answer_to_a_change_makes_no_second_version(physics: Physics, strict: Scope) -> None:
    raise_all(strict, (numbered(1),))
    physics.rule("CreatePolicyVersion", "lose-answer", nth=1)
    with pytest.raises(Exception, match=r"[Cc]onnection"):
        raise_all(strict, (numbered(2),))
    plan = raise_all(strict, (numbered(2),))
    assert [step.action for step in plan.steps] == ["keep"]
    assert len(versions(strict, arn_of(strict))) == 2


def test_a_lost_answer_to_its_create_is_taken_for_what_it_is(physics: Physics, strict: Scope) -> None:
    physics.rule("CreatePolicy", "lose-answer", nth=1)
    raise_all(strict, (POLICY,))
    assert len(versions(strict, arn_of(strict))) == 1
    assert look_and_plan(strict, (POLICY,)).settled


def test_one_of_its_name_that_is_nobodys_is_left_alone_and_named(strict: Scope) -> None:
    name = strict.name("shared", 128, everywhere=True)
    text = json.dumps(READ)
    strict.iam.create_policy(PolicyName=name, Path=path_of(strict, "shared"), PolicyDocument=text)
    with pytest.raises(CastraError, match=r"there is a policy .* that doesn't carry its path and tags.*Delete it"):
        raise_all(strict, (POLICY,))


def test_roles_carry_it_and_are_bounded_by_another_from_their_first_moment(physics: Physics, strict: Scope) -> None:
    raise_all(strict, (POLICY, LIMITS, ROLE))
    (role,) = look(strict, KINDS["role"], "app")
    there = strict.iam.get_role(RoleName=name_of(role.id))["Role"]
    assert there["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn_of(strict, "limits")
    assert role.state.managed == (arn_of(strict),)
    assert "iam:PutRolePermissionsBoundary" not in physics.counts()
    assert look_and_plan(strict, (POLICY, LIMITS, ROLE)).settled


def test_a_boundary_taken_off_by_hand_is_drift_and_mended(strict: Scope) -> None:
    raise_all(strict, (POLICY, LIMITS, ROLE))
    (role,) = look(strict, KINDS["role"], "app")
    strict.iam.delete_role_permissions_boundary(RoleName=name_of(role.id))
    plan = raise_all(strict, (POLICY, LIMITS, ROLE))
    changed = {step.part: [change.field for change in step.changes] for step in plan.changes}
    assert changed == {"role/app": ["permissions_boundary"]}
    assert look_and_plan(strict, (POLICY, LIMITS, ROLE)).settled


def test_a_boundary_that_is_no_longer_asked_for_goes_and_then_its_policy_can(strict: Scope) -> None:
    raise_all(strict, (POLICY, LIMITS, ROLE))
    free = ROLE.model_copy(update={"permissions_boundary": None})
    raise_all(strict, (POLICY, free))
    assert look(strict, KIND, "limits") == []
    assert look_and_plan(strict, (POLICY, free)).settled


def test_a_strike_removes_roles_before_the_policies_that_they_carry(strict: Scope) -> None:
    raise_all(strict, (POLICY, LIMITS, ROLE))
    removals = [removal.part for removal in look_and_plan(strict, ()).removals]
    assert removals[0] == "role/app"
    raise_all(strict, ())
    assert look_and_plan(strict, ()).steps == ()


def test_deleting_takes_it_off_the_environments_own_roles(strict: Scope) -> None:
    carrier = ROLE.model_copy(update={"permissions_boundary": None})
    raise_all(strict, (POLICY, carrier))
    KIND.delete(strict, arn_of(strict))
    (role,) = look(strict, KINDS["role"], "app")
    assert role.state.managed == ()
    assert look(strict, KIND, "shared") == []


def test_attached_elsewhere_it_stays_whole_and_the_holder_is_named(strict: Scope) -> None:
    carrier = ROLE.model_copy(update={"permissions_boundary": None})
    raise_all(strict, (POLICY, carrier))
    arn, name = arn_of(strict), stranger(strict)
    strict.iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    strict.iam.create_user(UserName="somebody")
    strict.iam.attach_user_policy(UserName="somebody", PolicyArn=arn)
    with pytest.raises(CastraError, match=rf"attached to role {name}, user somebody.*Detach it there"):
        KIND.delete(strict, arn)
    (role,) = look(strict, KINDS["role"], "app")
    assert role.state.managed == (arn,)


def test_what_it_bounds_is_never_unbound_by_deleting_it(strict: Scope) -> None:
    raise_all(strict, (POLICY, LIMITS, ROLE))
    with pytest.raises(CastraError, match=r"role strict--app--eu-west-1.*bounds what they may do"):
        KIND.delete(strict, arn_of(strict, "limits"))
    (role,) = look(strict, KINDS["role"], "app")
    assert role.state.permissions_boundary == arn_of(strict, "limits")


def test_one_of_ours_that_iam_does_not_see_yet_is_awaited_and_a_wrong_arn_is_not() -> None:
    def refusal(arn: str) -> ClientError:
        message = f"Policy {arn} does not exist or is not attachable."
        return ClientError({"Error": {"Code": "NoSuchEntity", "Message": message}}, "AttachRolePolicy")

    assert classify(refusal("arn:aws:iam::123456789012:policy/castra/e/eu-west-1/shared/x")) == "propagation"
    assert classify(refusal("arn:aws:iam::aws:policy/AmazonSSMManaged")) == "final"


def test_a_document_that_aws_would_refuse_is_told_with_its_place(strict: Scope) -> None:
    wrong = {
        "Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"},
    }
    long = {"Version": "2012-10-17", "Statement": [READ["Statement"] | {"Resource": f"arn:aws:s3:::{'x' * 6200}"}]}  # type: ignore[operator]
    for given, place in ((wrong, r"policies\.shared\.Statement\[0\]\.Principal"), (long, r"policies\.shared.*6144")):
        parts = build({"name": "e", "region": "eu-west-1", "policies": {"shared": given}}).parts()
        with pytest.raises(Invalid, match=place):
            look_and_plan(strict, parts)
    assert strict.calls.summary()["write"] == 0


def test_servers_name_policies_of_the_document_and_arns_side_by_side() -> None:
    core = "arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore"
    environment = build(document(managed_policies=["policy/shared", core], permissions_boundary="policy/limits"))
    role = part(environment, "role/app")
    assert role.managed == ("managed-policy/shared", core)
    assert role.permissions_boundary == "managed-policy/limits"
    assert set(role.needs) == {"managed-policy/shared", "managed-policy/limits"}
    assert part(environment, "managed-policy/shared").document == READ


def test_a_boundary_alone_makes_a_role_that_may_do_nothing() -> None:
    role = part(build(document(permissions_boundary="policy/limits")), "role/app")
    assert (role.policies, role.managed) == ({}, ())


@pytest.mark.parametrize(
    ("servers", "path"),
    [
        ({"managed_policies": ["policy/shared", "policy/other"]}, "servers.app.managed_policies.1"),
        ({"permissions_boundary": "policy/other"}, "servers.app.permissions_boundary"),
        ({"permissions_boundary": "shared"}, "servers.app.permissions_boundary"),
    ],
)
def test_a_policy_that_nobody_describes_is_told_with_its_place(servers: dict[str, Any], path: str) -> None:
    with pytest.raises(Invalid) as raised:
        build(document(**servers))
    (problem,) = raised.value.problems
    assert problem.path == path
    assert problem.way_out


def test_policies_need_no_network(strict: Scope) -> None:
    parts = build({"name": "e", "region": "eu-west-1", "policies": {"shared": READ}}).parts()
    assert [part.key for part in parts] == ["managed-policy/shared"]
    raise_all(strict, parts)
    assert look_and_plan(strict, parts).settled
