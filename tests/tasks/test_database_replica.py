"""Replicas of databases: whose password it is, what goes before what, and what is never lost with them."""

import json
from typing import Any

import pytest
from moto.backends import get_backend

from blueprints.databases import Database
from blueprints.granting import policy_of, reading_secret
from blueprints.identity import Role
from blueprints.part import Part, Piece
from tasks.data.database_listing import name_of
from tasks.decide import Plan
from tasks.errors import CastraError, NeedsReplacing, Refused
from tasks.pausing import plan_pause, plan_resume
from tasks.registry import KINDS
from tasks.scope import Scope, as_dict
from tests.conductor import look_and_plan, raise_all
from tests.physics import Physics
from tests.tasks.rows.databases import DATABASE, FOLLOWED, LOGIN, REPLICA, SETTINGS, SUBNETS
from tests.tasks.rows.network import GROUP, OTHER_SUBNET, SUBNET, VPC

READS = policy_of([reading_secret("database/main", "eu-west-1")])
READER = Role(name="reader", trusts=("ec2.amazonaws.com",), policies={"read": READS})
GROUND: tuple[Part, ...] = (VPC, SUBNET, OTHER_SUBNET, GROUP, SUBNETS, SETTINGS, READER)
AMONG = {part.kind for part in (*GROUND, DATABASE, LOGIN, REPLICA)}


@pytest.fixture
def scope(strict: Scope) -> Scope:
    """An environment with nothing else in the account."""
    return strict


def but(part: Piece, **changes: Any) -> Any:
    return type(part).model_validate(part.model_dump() | changes)


def raised(scope: Scope, *parts: Part, replace: tuple[str, ...] = ()) -> Plan:
    return raise_all(scope, [*GROUND, *parts], among=AMONG, replace=list(replace))


def planned(scope: Scope, *parts: Part, replace: tuple[str, ...] = ()) -> Plan:
    return look_and_plan(scope, [*GROUND, *parts], among=AMONG, replace=list(replace))


def struck(scope: Scope) -> None:
    raise_all(scope, (), among=AMONG)


def described(scope: Scope, kind: str) -> dict[str, Any]:
    told = scope.client("rds").describe_db_instances()["DBInstances"]
    (one,) = [one for one in told if as_dict(one["TagList"])["castra:part"].startswith(f"{kind}/")]
    return dict(one)


def found(scope: Scope, kind: str) -> Any:
    scope.look_afresh()
    (one,) = KINDS[kind].owned(scope)
    return one


def secret_of(scope: Scope) -> tuple[str, str]:
    """The ARN of the database's secret, as others are told it, and its password."""
    arn = found(scope, "database").outputs["secret"]
    return arn, json.loads(scope.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"])["password"]


def in_moto(scope: Scope, kind: str) -> Any:
    return get_backend("rds")[scope.account][scope.region].databases[described(scope, kind)["DBInstanceIdentifier"]]


def may_read(scope: Scope) -> Any:
    (role,) = scope.iam.list_roles(PathPrefix="/castra/")["Roles"]
    document = scope.iam.get_role_policy(RoleName=role["RoleName"], PolicyName="read")["PolicyDocument"]
    return document["Statement"][0]["Resource"]


def test_its_password_goes_from_its_secret_to_rds_and_into_nothing_that_is_kept(scope: Scope, physics: Physics) -> None:
    plan = raised(scope, LOGIN, FOLLOWED, REPLICA)
    arn, password = secret_of(scope)
    assert in_moto(scope, "database")._master_user_password == password
    assert found(scope, "database").state.secret == arn == may_read(scope)[0]
    assert described(scope, "database-replica")["MasterUsername"] == "castra"
    told = [plan.model_dump_json(), repr(found(scope, "database")), repr(found(scope, "database-replica"))]
    told.append(planned(scope, LOGIN, FOLLOWED, REPLICA).model_dump_json())
    calls = [call for call in physics.log.snapshot() if password in json.dumps(call.params)]
    assert {call.operation for call in calls} == {"CreateSecret", "CreateDBInstance"}
    assert [one for one in told if password in one] == []
    struck(scope)
    assert scope.client("rds").describe_db_instances()["DBInstances"] == []


def test_a_database_whose_password_rds_keeps_gets_another_one_and_then_replicas(scope: Scope, physics: Physics) -> None:
    raised(scope, DATABASE)
    rdss, _ = secret_of(scope)
    assert rdss == described(scope, "database")["MasterUserSecret"]["SecretArn"]
    plan = planned(scope, LOGIN, FOLLOWED, REPLICA)
    (role,) = [step for step in plan.steps if step.part == "role/reader"]
    assert role.because == "follows database/main.secret"
    raised(scope, LOGIN, FOLLOWED, REPLICA)
    arn, password = secret_of(scope)
    assert "MasterUserSecret" not in described(scope, "database")
    assert in_moto(scope, "database")._master_user_password == password
    assert may_read(scope) in (arn, [arn]) != rdss
    assert described(scope, "database")["ReadReplicaDBInstanceIdentifiers"] != []
    physics.log.clear()
    assert planned(scope, LOGIN, FOLLOWED, REPLICA).settled
    raised(scope, LOGIN, FOLLOWED, REPLICA)
    assert physics.writes() == []


def test_without_its_last_replica_it_keeps_its_secret_and_gives_it_up_when_told_so(scope: Scope) -> None:
    raised(scope, LOGIN, FOLLOWED, REPLICA)
    with pytest.raises(Refused, match="Raise it without its replicas first"):
        raised(scope, DATABASE)
    assert described(scope, "database-replica")["DBInstanceStatus"] == "available"
    raised(scope, LOGIN, FOLLOWED)
    assert planned(scope, LOGIN, FOLLOWED).settled
    assert "MasterUserSecret" not in described(scope, "database")
    raised(scope, DATABASE)
    arn = described(scope, "database")["MasterUserSecret"]["SecretArn"]
    assert (secret_of(scope)[0], may_read(scope) in (arn, [arn])) == (arn, True)
    assert planned(scope, DATABASE).settled
    assert [step.part for step in planned(scope, DATABASE).steps if step.part.startswith("secret/")] == []


def test_a_secret_that_was_made_anew_is_taken_on(scope: Scope) -> None:
    raised(scope, LOGIN, FOLLOWED)
    before, _ = secret_of(scope)
    scope.client("secretsmanager").delete_secret(SecretId=before, ForceDeleteWithoutRecovery=True)
    raised(scope, LOGIN, FOLLOWED)
    after, password = secret_of(scope)
    assert after != before
    assert in_moto(scope, "database")._master_user_password == password
    assert planned(scope, LOGIN, FOLLOWED).settled


def test_a_secret_in_another_form_is_told_without_what_is_in_it(scope: Scope) -> None:
    raised(scope, LOGIN, FOLLOWED)
    arn, _ = secret_of(scope)
    scope.client("secretsmanager").put_secret_value(SecretId=arn, SecretString="not-json-at-all")
    wanted = found(scope, "database").state
    with pytest.raises(CastraError, match="no JSON with a `password`") as caught:
        KINDS["database"].create(scope, "other", wanted)
    chain = (caught.value, caught.value.__cause__, caught.value.__context__)
    assert not any("not-json-at-all" in repr(one) for one in chain)


def test_replacing_the_database_replaces_its_replicas_and_leaves_none_of_them(scope: Scope) -> None:
    raised(scope, LOGIN, FOLLOWED, REPLICA)
    before = found(scope, "database-replica").id
    moved = (LOGIN, but(FOLLOWED, database="others"), REPLICA)
    with pytest.raises(NeedsReplacing, match="database/main"):
        planned(scope, *moved)
    plan = raised(scope, *moved, replace=("database/main",))
    assert {step.part: step.action for step in plan.steps}["database-replica/main-reports"] == "replace"
    after = found(scope, "database-replica")
    assert (after.id != before, after.state.source) == (True, found(scope, "database").id)
    assert len(scope.client("rds").describe_db_instances()["DBInstances"]) == 2
    assert scope.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"] == []
    assert planned(scope, *moved).settled


def test_one_that_was_promoted_is_never_taken_for_a_copy(scope: Scope) -> None:
    raised(scope, LOGIN, FOLLOWED, REPLICA)
    name = name_of(found(scope, "database-replica").id)
    scope.client("rds").promote_read_replica(DBInstanceIdentifier=name)
    with pytest.raises(NeedsReplacing, match="database-replica/main-reports"):
        planned(scope, LOGIN, FOLLOWED, REPLICA)
    plan = planned(scope, LOGIN, FOLLOWED)
    (going,) = [step for step in plan.steps if step.part.startswith("database-replica/")]
    assert going.because == f"no longer in the blueprint; a last snapshot of {name}, which was promoted, stays"
    raised(scope, LOGIN, FOLLOWED)
    (last,) = scope.client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    assert last["DBInstanceIdentifier"] == name


def test_its_backups_stay_as_long_as_it_has_replicas(scope: Scope) -> None:
    raised(scope, LOGIN, FOLLOWED, REPLICA)
    with pytest.raises(Refused, match="and then with backup_retention: 0"):
        raised(scope, LOGIN, but(FOLLOWED, backup_retention=0))
    raised(scope, LOGIN, FOLLOWED)
    raised(scope, LOGIN, but(FOLLOWED, backup_retention=0, apply="now"))
    assert described(scope, "database")["BackupRetentionPeriod"] == 0


@pytest.mark.parametrize(
    ("engine", "versions", "first"),
    [("postgres", ("17", "18"), "database/"), ("mysql", ("8.0", "8.4"), "database-replica/")],
)
def test_a_new_major_version_comes_to_both_in_the_order_that_aws_wants(
    scope: Scope, physics: Physics, engine: str, versions: tuple[str, str], first: str
) -> None:
    """Of PostgreSQL, AWS takes the replicas along; of MySQL, they go first."""

    def of(version: str) -> list[Part]:
        like = {"version": version, "apply": "now"}
        settings = but(SETTINGS, family=f"{engine}{version}", parameters={})
        source = Database.model_validate(FOLLOWED.model_dump() | like | {"engine": engine})
        return [*(part for part in GROUND if part != SETTINGS), settings, LOGIN, source, but(REPLICA, **like)]

    raise_all(scope, of(versions[0]), among=AMONG)
    physics.log.clear()
    raise_all(scope, of(versions[1]), among=AMONG)
    for kind in ("database", "database-replica"):
        assert found(scope, kind).state.version == versions[1]
    upgrades = [call for call in physics.log.snapshot() if "EngineVersion" in call.params and call.outcome == "ok"]
    names = {name_of(found(scope, kind).id): f"{kind}/" for kind in ("database", "database-replica")}
    assert names[upgrades[0].params["DBInstanceIdentifier"]] == first
    assert look_and_plan(scope, of(versions[1]), among=AMONG).settled


def test_a_pause_says_that_neither_can_be_stopped(scope: Scope) -> None:
    raised(scope, LOGIN, FOLLOWED, REPLICA)
    plan = plan_pause(scope)
    told = {deed.what.partition("/")[0]: deed.because for deed in plan.deeds}
    assert plan.settled
    assert told == {
        "database": "it runs on: it has replicas, and AWS stops none that has",
        "database-replica": "it runs on: AWS stops no replica",
    }
    assert plan_resume(scope).settled


def test_a_stopped_database_gets_no_replica_until_it_runs_again(scope: Scope) -> None:
    raised(scope, LOGIN, FOLLOWED)
    scope.client("rds").stop_db_instance(DBInstanceIdentifier=name_of(found(scope, "database").id))
    with pytest.raises(Refused, match="castra resume strict"):
        raised(scope, LOGIN, FOLLOWED, REPLICA)


def test_a_database_that_has_grown_is_copied_with_all_it_has(scope: Scope) -> None:
    raised(scope, LOGIN, FOLLOWED)
    in_moto(scope, "database").allocated_storage = 60
    raised(scope, LOGIN, FOLLOWED, REPLICA)
    assert described(scope, "database-replica")["AllocatedStorage"] == 60
    assert planned(scope, LOGIN, FOLLOWED, REPLICA).settled


def test_one_that_no_longer_follows_is_told(scope: Scope) -> None:
    raised(scope, LOGIN, FOLLOWED, REPLICA)
    in_moto(scope, "database-replica").status_infos = [
        {"StatusType": "read replication", "Normal": False, "Status": "error", "Message": "Fatal error"}
    ]
    note = found(scope, "database-replica").note
    assert note == "database-replica/main-reports doesn't follow its database: error: Fatal error."


@pytest.mark.thorough
@pytest.mark.parametrize("operation", ["CreateDBInstanceReadReplica", "ModifyDBInstance", "DeleteDBInstance"])
def test_a_lost_answer_makes_no_second_one_and_leaves_none(strict: Scope, physics: Physics, operation: str) -> None:
    raised(strict, DATABASE)
    physics.rule(operation, "lose-answer", nth=1)
    raised(strict, LOGIN, FOLLOWED, REPLICA)
    assert len(strict.client("rds").describe_db_instances()["DBInstances"]) == 2
    struck(strict)
    assert strict.client("rds").describe_db_instances()["DBInstances"] == []
