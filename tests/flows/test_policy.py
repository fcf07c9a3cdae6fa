"""`castra policy`: enough to raise, change and strike, and not enough without any one of its statements."""

import json
from pathlib import Path
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import build, load
from flows.drift import drift
from flows.spin_up import spin_up
from flows.tear_down import tear_down
from tasks.rights.policy import LARGEST, parts_of, policy_of, size_of
from tasks.scope import Scope
from tests.conductor import look_and_plan, raise_all
from tests.flows.shell import castra
from tests.flows.world import REGION, ROOT, client, small, small_document, web_document, written
from tests.physics import Physics
from tests.physics.permissions import Need, decision, needed

BLUEPRINTS = sorted([*ROOT.glob("examples/*.yaml"), *ROOT.glob("blueprints/catalog/*.yaml")])
UNUSED_HERE: dict[str, set[str]] = {
    "balancers": {"Iam"},  # nothing of it has a role; it would be passed on
    "buckets": set(),
    "caches": set(),
    "databases": {"Archives", "Borrow", "Write"},  # as with functions; and no database has a key of its own
    "full": {"Archives", "Borrow", "LastSnapshot", "TakeBack"},  # as with functions; its volume is wiped
    "functions": {"Archives", "Borrow"},  # no large archive is sent, and no function leaves interfaces behind
    "instances": {"Borrow", "TakeBack"},  # no volume comes from a snapshot, and none was kept before
    "network": {"Write"},  # which AWS itself asks for beside flow logs: the delivery of logs
    "people": set(),
    "scaling": {"Iam"},  # as with balancers
}
"""Examples that are raised and struck, and statements that are for what didn't happen then."""


def statement(told: dict[str, Any], sid: str) -> dict[str, Any]:
    return next((one for one in told["Statement"] if one["Sid"] == sid), {"Action": []})


def become_somebody_with(user: str, document: dict[str, Any], patch: pytest.MonkeyPatch) -> None:
    """Take on the credentials of a user who may do what a policy says, and nothing else."""
    iam = client("iam")
    iam.create_user(UserName=user)
    iam.put_user_policy(UserName=user, PolicyName="castra", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=user)["AccessKey"]
    patch.setenv("AWS_ACCESS_KEY_ID", key["AccessKeyId"])
    patch.setenv("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"])


def superfluous(told: dict[str, Any], needs: list[Need]) -> list[str]:
    """The statements without which all that was needed would still be allowed."""
    everything = told["Statement"]
    assert {decision(everything, need) for need in needs} == {"allowed"}
    without = {one["Sid"]: [other for other in everything if other is not one] for one in everything}
    return [sid for sid, rest in without.items() if all(decision(rest, need) == "allowed" for need in needs)]


@pytest.fixture
def no_depot(aws: Physics) -> None:
    """As before anybody raised anything: the bucket of the leases isn't there."""
    s3 = client("s3")
    for bucket in [one["Name"] for one in s3.list_buckets()["Buckets"] if one["Name"].startswith("castra-")]:
        for one in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            s3.delete_object(Bucket=bucket, Key=one["Key"])
        s3.delete_bucket(Bucket=bucket)


def changed(name: str, folder: Path) -> Environment:
    document = web_document(name)
    document["servers"]["app"] |= {"count": {"min": 1, "max": 5}, "health_check": "/other"}
    document["network"]["endpoints"] = []
    return load(written(document, folder))


@pytest.mark.usefixtures("prefect", "no_depot")
def test_with_it_an_environment_is_raised_changed_and_struck_and_without_one_statement_it_is_not(
    aws: Physics, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = load(written(web_document(name), tmp_path))
    told = policy_of([web])
    become_somebody_with(name, told, monkeypatch)
    assert spin_up(web).counts["create"] == len(web.parts())
    assert drift(web).counts["keep"] == len(web.parts())
    assert spin_up(changed(name, tmp_path)).counts["update"] >= 2
    assert tear_down(name, REGION).left == 0
    assert superfluous(told, needed(aws.world, name)) == []


@pytest.mark.thorough
@pytest.mark.parametrize("example", UNUSED_HERE)
def test_with_its_policy_an_example_is_raised_and_struck_and_without_one_statement_it_is_not(
    aws: Physics, scope: Scope, example: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = str(scope.environment)
    environment = load(ROOT / f"examples/{example}.yaml").model_copy(update={"name": name, "region": REGION})
    told = policy_of([environment])
    become_somebody_with(f"user-{name}", told, monkeypatch)
    raise_all(scope, environment.parts())
    assert look_and_plan(scope, environment.parts()).settled
    raise_all(scope, ())
    # leases are the engine's, and no part of these
    assert set(superfluous(told, needed(aws.world, f"user-{name}"))) == UNUSED_HERE[example] | {
        "Lease",
        "LeasesBucket",
    }


def test_with_its_policy_secrets_are_encrypted_by_other_keys_and_by_none_that_no_document_names(
    aws: Physics, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, other = (f"arn:aws:kms:{REGION}:123456789012:key/{number}" for number in range(3))
    document: dict[str, Any] = {"name": str(scope.environment), "region": REGION}
    before, after, wrong = (
        build(document | {"secrets": {"a": {"kms_key": key, "on_removal": "wipe"}}}) for key in (first, second, other)
    )
    told, user = policy_of([before, after]), f"user-{scope.environment}"
    become_somebody_with(user, told, monkeypatch)
    for environment in (before, after):
        raise_all(scope, environment.parts())
        assert look_and_plan(scope, environment.parts()).settled
    with pytest.raises(Exception, match=r"not authorized to perform: kms:\w+ on resource: .*key/2"):
        raise_all(scope, wrong.parts())
    raise_all(scope, ())
    assert superfluous(told, needed(aws.world, user)) == ["Lease", "LeasesBucket"]


def test_another_environments_things_are_out_of_its_reach(
    aws: Physics, scope: Scope, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, others = small(str(scope.environment)), small(f"{scope.environment}-other")
    theirs = Scope(others.name, REGION, poll_seconds=0.05)
    raise_all(theirs, others.parts())
    become_somebody_with(f"user-{mine.name}", policy_of([mine]), monkeypatch)
    before = look_and_plan(Scope(others.name, REGION), others.parts())
    assert before.settled  # reading isn't narrowed
    with pytest.raises(Exception, match="not authorized"):
        raise_all(Scope(others.name, REGION, poll_seconds=0.05), ())
    assert look_and_plan(theirs, others.parts()).settled


@pytest.mark.parametrize("file", BLUEPRINTS, ids=lambda file: file.stem)
def test_it_fits_into_managed_policies_and_passes_only_roles_that_castra_made(file: Path) -> None:
    environment = load(file)
    told = policy_of([environment])
    parts = parts_of(told)
    assert max(size_of(part) for part in parts) <= LARGEST
    assert len(parts) <= 2
    assert [one for part in parts for one in part["Statement"]] == told["Statement"]
    passing = [one["Resource"] for one in told["Statement"] if "iam:PassRole" in one["Action"]]
    mine = f":role/castra/{environment.name}/{environment.region}/*"
    assert all(any(str(each).endswith(mine) for each in resources) for resources in passing)


def test_it_writes_only_what_the_documents_are_made_of() -> None:
    told = policy_of([small("n")])
    writes = {
        action for one in told["Statement"] if not one["Sid"].startswith(("Read", "Lease")) for action in one["Action"]
    }
    assert {action.partition(":")[0] for action in writes} == {"ec2"}
    assert not [one for one in statement(told, "Read")["Action"] if one.endswith(":*")]


def test_what_takes_no_arn_is_allowed_on_everything() -> None:
    told = policy_of([load(ROOT / "examples/alarms.yaml")])
    assert "sns:Unsubscribe" in statement(told, "Write")["Action"]
    assert "sns:Subscribe" in statement(told, "Sns")["Action"]


def test_a_secret_of_rds_may_be_made_only_where_rds_keeps_the_password_and_is_never_read() -> None:
    main: dict[str, Any] = {"engine": "postgres", "version": "17"}
    document = small_document("n", network={"zones": 2}, databases={"main": main})
    told = policy_of([build(document)])
    assert statement(told, "MasterPasswords")["Action"] == ["secretsmanager:CreateSecret", "secretsmanager:TagResource"]
    assert statement(told, "MasterPasswords")["Resource"].endswith(":secret:rds!db-*")
    assert statement(told, "Secretsmanager")["Resource"].endswith(":secret:castra/n/*")
    main["password"] = "castra"
    assert statement(policy_of([build(document)]), "MasterPasswords") == {"Action": []}


def test_it_is_printed_for_files_and_a_wrong_one_is_told() -> None:
    said = castra("policy", "examples/web.yaml", "examples/network.yaml")
    files = [load(ROOT / "examples" / one) for one in ("web.yaml", "network.yaml")]
    assert said.document == policy_of(files)
    wrong = castra("policy", "nope.yaml")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert "nope.yaml" in wrong.stderr
