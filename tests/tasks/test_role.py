"""What is particular to roles: IAM is global, its listings lag, and what stands in the way is named."""

import json

import pytest

from blueprints.identity import Role
from blueprints.part import Id, Lookup, text
from blueprints.queues import Queue
from tasks.errors import CastraError, Invalid
from tasks.identity.home import Home, home_at, path_of
from tasks.identity.role import RoleKind
from tasks.registry import KINDS
from tasks.scope import ENVIRONMENT, PART, Scope, as_list
from tasks.survey import look
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.identity import ANYBODY, CORE, OTHER_ROLE, PROFILE, READ, ROLE

KIND = RoleKind()
TRUST = json.dumps(ANYBODY)


def name_in_aws(scope: Scope, part: str = "web") -> str:
    return scope.name(part, 64, everywhere=True)


def test_one_environment_in_two_regions_has_two_roles_and_neither_sees_the_others(scope: Scope) -> None:
    elsewhere = Scope(scope.environment, "eu-central-1", poll_seconds=0.05)
    raise_all(scope, [ROLE])
    raise_all(elsewhere, [ROLE])
    (here,), (there,) = look(scope, KIND, "web"), look(elsewhere, KIND, "web")
    assert here.id != there.id
    raise_all(elsewhere, ())
    assert look(scope, KIND, "web") == [here]


def test_a_scope_of_all_environments_sees_those_of_its_region_only(scope: Scope) -> None:
    raise_all(scope, [ROLE])
    key = (scope.environment, "role/web")
    assert key in {(one.environment, one.key) for one in KIND.owned(Scope(None, "eu-west-1"))}
    assert key not in {(one.environment, one.key) for one in KIND.owned(Scope(None, "eu-central-1"))}


def test_reading_costs_two_calls_however_many_roles_there_are(scope: Scope) -> None:
    raise_all(scope, [ROLE, OTHER_ROLE, ROLE.model_copy(update={"name": "third"})])
    own = Scope(scope.environment, scope.region)
    assert len(list(KIND.owned(own))) == 3
    assert own.calls.by_operation() == {"iam:GetAccountAuthorizationDetails": 1, "iam:ListRoles": 1}


def test_an_account_without_roles_of_ours_is_not_listed_whole(scope: Scope) -> None:
    assert list(KIND.owned(scope)) == []
    assert scope.calls.by_operation() == {"iam:ListRoles": 1}


def test_tags_without_the_path_and_the_path_without_tags_make_no_role_ours(scope: Scope) -> None:
    tags = as_list(scope.birth_tags("role/web", None))
    scope.iam.create_role(RoleName=f"a-{scope.environment}", AssumeRolePolicyDocument=TRUST, Tags=tags)
    path = path_of(scope, "web")
    scope.iam.create_role(RoleName=f"b-{scope.environment}", Path=path, AssumeRolePolicyDocument=TRUST)
    assert list(KIND.owned(scope)) == []


def test_a_foreign_role_of_its_name_is_named_with_a_way_out_and_left_alone(scope: Scope) -> None:
    scope.iam.create_role(RoleName=name_in_aws(scope), AssumeRolePolicyDocument=TRUST)
    with pytest.raises(CastraError, match=rf"there is a role {name_in_aws(scope)} .*Delete it; or, .* tag it with"):
        raise_all(scope, [ROLE])
    assert scope.iam.list_role_policies(RoleName=name_in_aws(scope))["PolicyNames"] == []


def test_a_role_that_an_earlier_try_made_but_no_listing_shows_yet_is_taken_on_and_completed(scope: Scope) -> None:
    made = scope.iam.create_role(
        RoleName=name_in_aws(scope),
        Path=path_of(scope, "web"),
        AssumeRolePolicyDocument=TRUST,
        Tags=as_list({ENVIRONMENT: str(scope.environment), PART: "role/web"}),
    )
    wanted = KIND.wanted(ROLE, {})
    assert KIND.create(scope, "web", wanted) == made["Role"]["Arn"]
    (found,) = look(scope, KIND, "web")
    assert found.state == wanted


@pytest.mark.parametrize("call", ["PutRolePolicy", "AttachRolePolicy", "TagRole"])
def test_cut_off_while_it_is_made_it_is_finished_by_the_next_run(scope: Scope, aws: Physics, call: str) -> None:
    rule = aws.rule(f"iam:{call}", "error:AccessDenied", nth=1)
    with pytest.raises(Exception, match="AccessDenied"):
        raise_all(scope, [ROLE])
    assert rule.hits == 1
    (step,) = raise_all(scope, [ROLE]).steps
    assert (step.action, step.because) in {("update", "adopted, or never finished"), ("keep", "as wanted")}
    assert look_and_plan(scope, [ROLE]).settled
    (found,) = look(scope, KIND, "web")
    assert found.state == KIND.wanted(ROLE, {})


def test_permissions_are_added_before_others_are_taken_away(scope: Scope, aws: Physics) -> None:
    raise_all(scope, [ROLE])
    before = len(aws.writes())
    arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
    raise_all(scope, [ROLE.model_copy(update={"policies": {"new": READ}, "managed": (arn,)})])
    operations = [call.operation for call in aws.writes()[before:]]
    assert operations.index("PutRolePolicy") < operations.index("DeleteRolePolicy")
    assert operations.index("AttachRolePolicy") < operations.index("DetachRolePolicy")


def test_a_managed_policy_that_does_not_exist_is_told_at_once(scope: Scope, aws: Physics) -> None:
    wrong = ROLE.model_copy(update={"managed": ("arn:aws:iam::aws:policy/NoSuchThing",)})
    with pytest.raises(Exception, match="does not exist or is not attachable"):
        raise_all(scope, [wrong])
    assert aws.counts()["iam:AttachRolePolicy"] >= 1
    assert scope.calls.by_operation()["iam:AttachRolePolicy"] == 1


def test_in_a_profile_that_is_not_castras_it_is_not_deleted_nor_stripped(scope: Scope) -> None:
    raise_all(scope, [ROLE])
    (role,) = look(scope, KIND, "web")
    scope.iam.create_instance_profile(InstanceProfileName=f"theirs-{scope.environment}")
    scope.iam.add_role_to_instance_profile(
        InstanceProfileName=f"theirs-{scope.environment}", RoleName=name_in_aws(scope)
    )
    with pytest.raises(CastraError, match=f"profiles that aren't Castra's: theirs-{scope.environment}"):
        KIND.delete(scope, role.id)
    assert look(scope, KIND, "web") == [role]


def test_in_a_profile_of_castras_it_is_taken_out_and_deleted(scope: Scope) -> None:
    raise_all(scope, [ROLE, PROFILE])
    (role,) = look(scope, KIND, "web")
    KIND.delete(scope, role.id)
    assert look(scope, KIND, "web") == []
    (profile,) = look(scope, KINDS["instance-profile"], "web")
    assert profile.state.role is None


def test_the_users_tags_are_followed(scope: Scope) -> None:
    raise_all(scope, [ROLE])
    scope.tags = {"team": "red"}
    (step,) = raise_all(scope, [ROLE]).steps
    assert (step.action, step.because) == ("update", "its tags differ")
    (found,) = look(scope, KIND, "web")
    assert found.tags["team"] == "red"
    scope.tags = {}
    raise_all(scope, [ROLE])
    (found,) = look(scope, KIND, "web")
    assert "team" not in found.tags


def test_wrong_policies_are_told_all_at_once_with_their_places() -> None:
    wrong = {"Statement": {"Effect": "Allow", "Action": "GetObject", "Resource": "things"}}
    part = Role(name="web", where="servers.web", trusts=("ec2.amazonaws.com",), policies={"a": wrong, "b": {}})
    with pytest.raises(Invalid) as caught:
        KIND.wanted(part, {})
    assert [problem.path for problem in caught.value.problems] == [
        "servers.web.policies.a.Statement[0].Action",
        "servers.web.policies.a.Statement[0].Resource",
        "servers.web.policies.b.Statement",
    ]


def test_inline_policies_longer_than_aws_takes_are_told_before_anything_is_sent() -> None:
    many = [f"arn:aws:s3:::bucket-{number}/*" for number in range(400)]
    long = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": many}}
    with pytest.raises(Invalid, match=r"together they have \d+ characters, and AWS takes 10240"):
        KIND.wanted(ROLE.model_copy(update={"policies": {"long": long}}), {})


def test_managed_policies_in_another_order_are_no_change(scope: Scope) -> None:
    arns = (CORE, "arn:aws:iam::aws:policy/ReadOnlyAccess")
    raise_all(scope, [ROLE.model_copy(update={"managed": arns})])
    assert look_and_plan(scope, [ROLE.model_copy(update={"managed": arns[::-1]})]).settled


@pytest.mark.parametrize(
    ("environment", "path", "home"),
    [
        ("demo", "/castra/demo/eu-west-1/web/", Home("demo", "eu-west-1", "web")),
        (None, "/castra/demo/eu-west-1/web/", Home("demo", "eu-west-1", "web")),
        ("demo", "/castra/demo-2/eu-west-1/web/", None),
        (None, "/castra/demo/eu-west-2/web/", None),
        ("demo", "/castra/demo/eu-west-1/", None),
        ("demo", "/other/demo/eu-west-1/web/", None),
        ("demo", "/", None),
    ],
)
def test_a_path_tells_whose_home_it_is(environment: str | None, path: str, home: Home | None) -> None:
    assert home_at(Scope(environment, "eu-west-1"), path) == home


def test_names_fit_aws_and_differ_by_region_however_long_they_are() -> None:
    long = "x" * 100
    names = {name_in_aws(Scope(f"e-{long}", region), long) for region in ("eu-west-1", "eu-west-2")}
    assert len(names) == 2
    assert all(len(name) <= 64 for name in names)


def test_texts_with_ids_stand_in_its_policies(scope: Scope) -> None:
    document = {
        "Version": "2012-10-17",
        "Statement": {
            "Effect": "Allow",
            "Action": "sqs:SendMessage",
            "Resource": [
                Id("queue/jobs"),
                text("arn:aws:logs:x:", Lookup("account:"), ":log-group:", Id("queue/jobs")),
            ],
        },
    }
    part = Role(name="web", trusts=("lambda.amazonaws.com",), policies={"send": document})
    assert (part.needs, part.lookups) == (("queue/jobs",), ("account:",))
    raise_all(scope, [Queue(name="jobs"), part])
    (found,), (queue,) = look(scope, KIND, "web"), look(scope, KINDS["queue"], "jobs")
    (statement,) = json.loads(found.state.policies["send"])["Statement"]
    assert statement["Resource"] == sorted([queue.id, f"arn:aws:logs:x:{scope.account}:log-group:{queue.id}"])
    assert look_and_plan(scope, [Queue(name="jobs"), part]).settled
