"""What is particular to instance profiles: found by their path alone, one role each."""

import pytest

from tasks.errors import CastraError
from tasks.identity.home import name_of, path_of
from tasks.identity.instance_profile import InstanceProfileKind
from tasks.registry import KINDS
from tasks.scope import ENVIRONMENT, PART, Scope, as_dict
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.identity import OTHER_ROLE, PROFILE, ROLE

KIND = InstanceProfileKind()


def name_in_aws(scope: Scope) -> str:
    return scope.name("web", 64, everywhere=True)


def test_the_path_alone_makes_it_ours_for_no_listing_tells_its_tags(scope: Scope) -> None:
    scope.iam.create_instance_profile(InstanceProfileName=f"x-{scope.environment}", Path=path_of(scope, "web"))
    (found,) = KIND.owned(scope)
    assert (found.key, found.environment) == ("instance-profile/web", scope.environment)


def test_it_is_tagged_for_people_all_the_same(scope: Scope) -> None:
    raise_all(scope, [ROLE, PROFILE])
    profile = scope.iam.get_instance_profile(InstanceProfileName=name_in_aws(scope))["InstanceProfile"]
    tags = as_dict(profile["Tags"])
    assert (tags[ENVIRONMENT], tags[PART]) == (scope.environment, "instance-profile/web")


def test_reading_costs_one_call_however_many_profiles_there_are(scope: Scope) -> None:
    raise_all(scope, [ROLE, *(PROFILE.model_copy(update={"name": name}) for name in ("a", "b", "c"))])
    own = Scope(scope.environment, scope.region)
    assert len(list(KIND.owned(own))) == 3
    assert own.calls.by_operation() == {"iam:ListInstanceProfiles": 1}


def test_cut_off_before_it_had_its_role_it_is_given_it_by_the_next_run(scope: Scope, aws: Physics) -> None:
    aws.rule("iam:AddRoleToInstanceProfile", "error:AccessDenied", nth=1)
    with pytest.raises(Exception, match="AccessDenied"):
        raise_all(scope, [ROLE, PROFILE])
    steps = raise_all(scope, [ROLE, PROFILE]).steps
    assert [(step.part, step.action) for step in steps] == [("role/web", "keep"), ("instance-profile/web", "update")]
    assert look_and_plan(scope, [ROLE, PROFILE]).settled


def test_a_role_not_visible_yet_is_waited_for(scope: Scope, aws: Physics) -> None:
    rule = aws.rule("iam:AddRoleToInstanceProfile", "error:NoSuchEntity:404", nth=1)
    raise_all(scope, [ROLE, PROFILE])
    assert rule.hits == 1
    assert look_and_plan(scope, [ROLE, PROFILE]).settled


def test_a_role_put_in_by_hand_gives_way_to_the_wanted_one(scope: Scope) -> None:
    raise_all(scope, [ROLE, OTHER_ROLE, PROFILE])
    profile = name_in_aws(scope)
    scope.iam.remove_role_from_instance_profile(InstanceProfileName=profile, RoleName=name_in_aws(scope))
    (other,) = look(scope, KINDS["role"], "other")
    scope.iam.add_role_to_instance_profile(InstanceProfileName=profile, RoleName=name_of(other.id))
    raise_all(scope, [ROLE, OTHER_ROLE, PROFILE])
    (role,), (found,) = look(scope, KINDS["role"], "web"), look(scope, KIND, "web")
    assert found.state.role == role.id


def test_one_that_an_earlier_try_made_but_no_listing_shows_yet_is_taken_on(scope: Scope) -> None:
    raise_all(scope, [ROLE])
    (role,) = look(scope, KINDS["role"], "web")
    made = scope.iam.create_instance_profile(InstanceProfileName=name_in_aws(scope), Path=path_of(scope, "web"))
    wanted = KIND.wanted(PROFILE, {"role/web": role.id})
    assert KIND.create(scope, "web", wanted) == made["InstanceProfile"]["Arn"]
    (found,) = look(scope, KIND, "web")
    assert found.state == wanted


def test_a_foreign_one_of_its_name_is_named_with_a_way_out(scope: Scope) -> None:
    scope.iam.create_instance_profile(InstanceProfileName=name_in_aws(scope))
    with pytest.raises(CastraError, match=r"there is an instance profile .* at the path /"):
        raise_all(scope, [ROLE, PROFILE])


def test_struck_it_goes_before_its_role(scope: Scope, aws: Physics) -> None:
    raise_all(scope, [ROLE, PROFILE])
    before = len(aws.writes())
    raise_all(scope, ())
    operations = [call.operation for call in aws.writes()[before:]]
    assert operations.index("DeleteInstanceProfile") < operations.index("DeleteRole")
