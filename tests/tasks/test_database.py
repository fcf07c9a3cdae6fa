"""Databases: what waits for the window, what stays of them, and what holds them up."""

from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from moto.backends import get_backend

from blueprints.databases import Database
from blueprints.granting import policy_of, reading_secret
from blueprints.identity import Role
from blueprints.part import Output, Part
from blueprints.reading import load
from tasks.data.database_listing import name_of
from tasks.decide import Plan
from tasks.errors import CastraError, NeedsReplacing, Protected, Refused
from tasks.pausing import pause, plan_pause, plan_resume, resume
from tasks.reading import plan_of
from tasks.registry import KINDS
from tasks.scope import KEPT, PART, PAUSED, Scope, as_dict
from tasks.telling import told_of_others
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.conftest import Weather
from tests.tasks.rows.databases import DATABASE, SETTINGS, SUBNETS
from tests.tasks.rows.network import GROUP, OTHER_SUBNET, SUBNET, VPC

EXAMPLE = Path(__file__).parents[2] / "examples" / "databases.yaml"
KIND = KINDS["database"]


@pytest.fixture
def scope(strict: Scope) -> Scope:
    """An environment with nothing else in the account."""
    return strict


def parts(**changes: Any) -> list[Part]:
    return [VPC, SUBNET, OTHER_SUBNET, GROUP, SUBNETS, SETTINGS, but(**changes)]


def but(**changes: Any) -> Database:
    return Database.model_validate(DATABASE.model_dump() | changes)


def raised(scope: Scope, **changes: Any) -> Plan:
    return raise_all(scope, parts(**changes), among={one.kind for one in parts()})


def planned(scope: Scope, **changes: Any) -> Plan:
    return look_and_plan(scope, parts(**changes), among={one.kind for one in parts()})


def because(plan: Plan) -> str:
    (step,) = [step for step in plan.steps if step.part == "database/main"]
    return step.because


def found(scope: Scope) -> Any:
    scope.look_afresh()
    (one,) = KIND.owned(scope)
    return one


def described(scope: Scope) -> dict[str, Any]:
    (one,) = scope.client("rds").describe_db_instances()["DBInstances"]
    return dict(one)


def snapshots(scope: Scope) -> list[dict[str, Any]]:
    return list(scope.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"])


@contextmanager
def time_flies(aws: Physics) -> Iterator[None]:
    """Within, AWS's clock runs ahead, ten seconds every twentieth of one."""
    over = Event()

    def fly() -> None:
        while not over.wait(0.05):
            aws.advance(10)

    thread = Thread(target=fly)
    thread.start()
    yield
    over.set()
    thread.join()


def in_moto(scope: Scope) -> Any:
    (database,) = get_backend("rds")[scope.account][scope.region].databases.values()
    return database


def test_the_example_stands_encrypted_by_tls_only_with_its_copy_and_is_struck(physics: Physics) -> None:
    environment = load(EXAMPLE)
    scope = Scope(environment.name, environment.region, poll_seconds=0.05)
    before = look_and_plan(scope, environment.parts())
    (clerk,) = [step for step in before.steps if step.part == "function/clerk"]
    (known,) = [change.to for change in clerk.changes if change.field == "environment"]
    assert known == {"DATABASE": "<database/main.address>", "DATABASE_SECRET": "<database/main.secret>"}
    raise_all(scope, environment.parts())
    assert plan_of(environment, scope).settled
    one, copy = sorted(
        scope.client("rds").describe_db_instances()["DBInstances"],
        key=lambda one: "ReadReplicaSourceDBInstanceIdentifier" in one,
    )
    assert (one["StorageEncrypted"], one["PubliclyAccessible"], one["DeletionProtection"]) == (True, False, True)
    assert (copy["StorageEncrypted"], copy["PubliclyAccessible"], copy["AvailabilityZone"]) == (
        True,
        False,
        "eu-west-1b",
    )
    assert copy["VpcSecurityGroups"] == one["VpcSecurityGroups"]
    settings = scope.client("rds").describe_db_parameters(
        DBParameterGroupName=one["DBParameterGroups"][0]["DBParameterGroupName"], Source="user"
    )["Parameters"]
    assert {one["ParameterName"]: one["ParameterValue"] for one in settings}["rds.force_ssl"] == "1"
    (group,) = scope.ec2.describe_security_groups(GroupIds=[one["VpcSecurityGroups"][0]["VpcSecurityGroupId"]])[
        "SecurityGroups"
    ]
    (rule,) = group["IpPermissions"]
    assert (rule["FromPort"], len(rule["UserIdGroupPairs"]), rule["IpRanges"]) == (5432, 2, [])
    told = found(scope).outputs
    assert told["address"].startswith(f"{one['DBInstanceIdentifier']}.")
    assert told["port"] == "5432"
    (secret,) = scope.client("secretsmanager").list_secrets()["SecretList"]
    assert told["secret"] == secret["ARN"]
    live = scope.client("lambda").get_function_configuration(FunctionName=f"{scope.environment}--clerk")
    known = live["Environment"]["Variables"]
    assert known == {"DATABASE": told["address"], "DATABASE_SECRET": told["secret"]}
    (template,) = scope.ec2.describe_launch_template_versions(Versions=["$Default"])["LaunchTemplateVersions"]
    booted = b64decode(template["LaunchTemplateData"]["UserData"]).decode()
    assert told["address"] in booted
    assert copy["Endpoint"]["Address"] in booted
    for role in [one["RoleName"] for one in scope.iam.list_roles(PathPrefix="/castra/")["Roles"]]:
        policies = [
            scope.iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]["Statement"]
            for name in scope.iam.list_role_policies(RoleName=role)["PolicyNames"]
        ]
        reads = [one for policy in policies for one in policy if "secretsmanager:GetSecretValue" in one["Action"]]
        assert [(one["Action"], one["Resource"]) for one in reads] == [
            (["secretsmanager:GetSecretValue"], [told["secret"]])
        ]
    raise_all(scope, ())
    assert look_and_plan(scope, ()).steps == ()
    assert snapshots(scope) == []


def test_without_replicas_no_password_passes_by_here(scope: Scope, physics: Physics) -> None:
    raised(scope)
    assert found(scope).outputs["secret"] == described(scope)["MasterUserSecret"]["SecretArn"]
    calls = [call for call in physics.log.snapshot() if call.service in ("rds", "secretsmanager")]
    assert not any("Password" in name for call in calls for name in call.params if not name.startswith("Manage"))
    assert {call.operation for call in calls if call.service == "secretsmanager"} <= {"ListSecrets"}


def test_a_change_that_interrupts_waits_for_the_window_and_no_second_raising_asks_again(scope: Scope) -> None:
    raised(scope)
    plan = planned(scope, instance_class="db.t4g.small", backup_retention=14)
    assert because(plan) == "the blueprint changed; instance_class waits for the window sun:04:00-sun:05:00"
    raised(scope, instance_class="db.t4g.small", backup_retention=14)
    one = described(scope)
    assert (one["DBInstanceClass"], one["BackupRetentionPeriod"]) == ("db.t4g.micro", 14)
    assert planned(scope, instance_class="db.t4g.small", backup_retention=14).settled
    assert found(scope).note == "database/main waits for its window sun:04:00-sun:05:00: instance_class."


def test_told_to_be_now_what_waited_is_made_at_once(scope: Scope) -> None:
    raised(scope)
    raised(scope, instance_class="db.t4g.small")
    raised(scope, instance_class="db.t4g.small", apply="now")
    assert described(scope)["DBInstanceClass"] == "db.t4g.small"
    assert planned(scope, instance_class="db.t4g.small", apply="now").settled
    now = planned(scope, instance_class="db.t4g.medium", port=5433, apply="now")
    assert because(now) == "the blueprint changed; instance_class and port: it is interrupted at once"


def test_a_new_major_version_is_for_now_only_and_none_goes_back(scope: Scope) -> None:
    raised(scope)
    assert "version needs apply: now" in because(planned(scope, version="18"))
    with pytest.raises(Refused, match="apply: now"):
        raised(scope, version="18")
    assert described(scope)["EngineVersion"].startswith("17.")
    raised(scope, version="18", apply="now")
    assert described(scope)["EngineVersion"].startswith("18.")
    with pytest.raises(NeedsReplacing, match="version"):
        planned(scope, version="17", apply="now")


def test_struck_a_last_snapshot_stays_of_each_life_and_tells_whose_it_is(scope: Scope) -> None:
    arns = []
    for life in (1, 2):
        raised(scope, on_removal="snapshot")
        arn = found(scope).id
        arns.append(arn)
        plan = look_and_plan(scope, (), among={one.kind for one in parts()})
        assert any(f"a last snapshot of {name_of(arn)} stays" in step.because for step in plan.steps)
        raise_all(scope, (), among={one.kind for one in parts()})
        assert len(snapshots(scope)) == life
        for one in snapshots(scope):
            tags = as_dict(one["TagList"])
            assert (tags[KEPT], tags[PART]) == (scope.environment, "database/main")
            assert tags["castra:source"] in arns
    assert len({one["DBSnapshotIdentifier"] for one in snapshots(scope)}) == 2


def test_protected_its_removal_is_refused_before_it_begins(scope: Scope) -> None:
    raised(scope, deletion_protection=True)
    with pytest.raises(Protected, match="database/main"):
        look_and_plan(scope, (), among={one.kind for one in parts()})
    with pytest.raises(Refused, match="deletion_protection: false"):
        KIND.delete(scope, found(scope).id)
    raised(scope)
    raise_all(scope, (), among={one.kind for one in parts()})
    assert scope.client("rds").describe_db_instances()["DBInstances"] == []


def test_what_it_has_grown_by_itself_is_no_drift_and_is_never_asked_back(scope: Scope) -> None:
    raised(scope)
    in_moto(scope).allocated_storage = 60
    assert planned(scope).settled
    raised(scope, storage=40, apply="now")
    assert (described(scope)["AllocatedStorage"], found(scope).state.storage) == (60, 40)
    raised(scope, storage=70, apply="now")
    assert described(scope)["AllocatedStorage"] == 70
    with pytest.raises(NeedsReplacing, match="storage"):
        planned(scope, storage=30)


def test_one_that_failed_is_told_and_neither_replaced_nor_removed_without_its_snapshot(scope: Scope) -> None:
    raised(scope, on_removal="snapshot")
    in_moto(scope).status = "incompatible-restore"
    assert [step.action for step in planned(scope, on_removal="snapshot").steps] == ["keep"] * len(parts())
    with pytest.raises(CastraError, match="incompatible-restore"):
        KIND.ready(scope, found(scope).id)
    with pytest.raises(Refused, match="on_removal: wipe"):
        KIND.delete(scope, found(scope).id)
    before = found(scope).tags["castra:on-removal"]
    KIND.update(
        scope, found(scope).id, KIND.wanted(DATABASE, dict.fromkeys(DATABASE.needs, "")), frozenset({"on_removal"})
    )
    assert (before, found(scope).tags["castra:on-removal"]) == ("snapshot", "wipe")
    with pytest.raises(Refused, match="doesn't end its protection"):
        KIND.delete(scope, found(scope).id)
    in_moto(scope).deletion_protection = False
    KIND.delete(scope, found(scope).id)
    assert scope.client("rds").describe_db_instances()["DBInstances"] == []


@pytest.mark.thorough
def test_a_stopped_one_is_started_to_be_removed(scope: Scope) -> None:
    raised(scope)
    scope.client("rds").stop_db_instance(DBInstanceIdentifier=name_of(found(scope).id))
    with pytest.raises(Refused, match="it is stopped"):
        raised(scope, backup_retention=3)
    KIND.delete(scope, found(scope).id)
    assert scope.client("rds").describe_db_instances()["DBInstances"] == []


@pytest.mark.thorough
@pytest.mark.parametrize("operation", ["CreateDBInstance", "DeleteDBInstance"])
def test_a_lost_answer_makes_no_second_one_and_leaves_none(strict: Scope, physics: Physics, operation: str) -> None:
    physics.rule(operation, "lose-answer", nth=1)
    raised(strict, on_removal="snapshot")
    assert len(strict.client("rds").describe_db_instances()["DBInstances"]) == 1
    raise_all(strict, (), among={one.kind for one in parts()})
    assert strict.client("rds").describe_db_instances()["DBInstances"] == []
    assert len(snapshots(strict)) == 1


@pytest.mark.thorough
def test_what_comes_while_it_is_still_being_made_is_awaited(weather: Weather) -> None:
    aws = weather(times={"database_available": 300, "database_deleted": 100, "database_modified": 60})
    scope = Scope("strict", "eu-west-1", poll_seconds=0.05)
    plan = planned(scope)
    ids = dict(plan.ids)
    for step in plan.steps:
        kind = KINDS[step.kind]
        ids[step.part] = kind.create(scope, step.part.partition("/")[2], kind.wanted(step.asked, ids))
        if not kind.whole_at_birth:
            kind.tag(scope, ids[step.part], {"castra:fingerprint": kind.wanted(step.asked, ids).fingerprint})
    assert found(scope).phase == "pending"
    again = planned(scope)
    assert [step.part for step in again.steps if step.part.startswith("database") and step.action != "keep"] == []
    assert not again.settled
    with time_flies(aws):
        raised(scope, instance_class="db.t4g.small", apply="now")
        assert described(scope)["DBInstanceClass"] == "db.t4g.small"
        KIND.delete(scope, found(scope).id)
    assert scope.client("rds").describe_db_instances()["DBInstances"] == []


def test_what_names_its_secret_is_told_the_new_one_when_it_is_replaced(scope: Scope) -> None:
    reads = policy_of([reading_secret("database/main", "eu-west-1")])
    reader = Role(name="reader", trusts=("ec2.amazonaws.com",), policies={"read": reads})
    kinds = {one.kind for one in (*parts(), reader)}
    raise_all(scope, [*parts(), reader], among=kinds)
    before = found(scope).outputs["secret"]
    raise_all(scope, [*parts(user="somebody"), reader], replace=["database/main"], among=kinds)
    after = found(scope).outputs["secret"]
    (role,) = scope.iam.list_roles(PathPrefix="/castra/")["Roles"]
    document = scope.iam.get_role_policy(RoleName=role["RoleName"], PolicyName="read")["PolicyDocument"]
    assert before != after
    assert document["Statement"][0]["Resource"] in (after, [after])
    assert look_and_plan(scope, [*parts(user="somebody"), reader], among=kinds).settled
    raise_all(scope, (), among=kinds)


def test_what_aws_never_tells_ends_in_words(scope: Scope, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.telling.TOLD_WITHIN", 0.2)
    raised(scope)
    asking = Role(name="reader", trusts=("ec2.amazonaws.com",), policies={"read": {"x": Output("database/main.moon")}})
    with pytest.raises(CastraError, match=r"AWS doesn't tell database/main\.moon"):
        told_of_others(scope, asking, {})


@pytest.mark.thorough
def test_what_waits_for_the_window_can_be_taken_back(scope: Scope) -> None:
    raised(scope)
    raised(scope, instance_class="db.t4g.small")
    raised(scope)
    assert planned(scope).settled
    assert found(scope).note == ""


def test_paused_it_is_stopped_and_no_plan_undoes_that_and_resumed_it_runs(strict: Scope, physics: Physics) -> None:
    raised(strict)
    for operation in ("StopDBInstance", "StartDBInstance"):
        physics.rule(operation, "lose-answer", nth=1)
    (deed,) = plan_pause(strict).deeds
    pause(strict, deed)
    assert (described(strict)["DBInstanceStatus"], PAUSED in found(strict).tags) == ("stopped", True)
    assert plan_pause(strict).settled
    assert planned(strict).settled
    with pytest.raises(Refused, match="castra resume strict"):
        raised(strict, backup_retention=3)
    (deed,) = plan_resume(strict).deeds
    resume(strict, deed)
    assert (described(strict)["DBInstanceStatus"], PAUSED in found(strict).tags) == ("available", False)
    assert plan_resume(strict).settled


@pytest.mark.thorough
def test_one_that_aws_has_started_after_seven_days_is_stopped_again_or_only_loses_its_tag(scope: Scope) -> None:
    raised(scope)
    for end in (pause, resume):
        pause(scope, plan_pause(scope).deeds[0])
        scope.client("rds").start_db_instance(DBInstanceIdentifier=name_of(found(scope).id))
        plan = plan_pause(scope) if end is pause else plan_resume(scope)
        assert not plan.settled
        end(scope, plan.deeds[0])
    assert (described(scope)["DBInstanceStatus"], PAUSED in found(scope).tags) == ("available", False)
