"""Restored databases: beside the old one and apart, once only, and what a restored one must show."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.part import Part
from blueprints.reading import build
from tasks.backups.database_restoring import check_database, database_proof_parts
from tasks.backups.listing import backups_in
from tasks.backups.planning import plan_back_up
from tasks.backups.proving import Proof, proofs_due
from tasks.backups.restoration import Restoration, plan_restore
from tasks.backups.restoring import Wish
from tasks.backups.stores import STORES
from tasks.backups.taking import Taker
from tasks.errors import CastraError, Invalid
from tasks.reading import plan_beside, resources
from tasks.scope import Scope, as_dict
from tests.conductor import carry_out, raise_all
from tests.physics import Physics
from tests.tasks.conftest import Weather

REGION = "eu-west-1"


def document(**policy: Any) -> Environment:
    usual = {"databases": ["main"], "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}, "prove": {}}
    main = {"engine": "postgres", "version": "17", "storage": 30, "max_storage": 90, "user": "clerk", "port": 6000}
    told = {"name": "shop", "region": REGION, "network": {"cidr": "10.20.0.0/16"}, "databases": {"main": main}}
    return build(told | {"backups": {"nightly": usual | policy}})


@pytest.fixture
def shop(physics: Physics) -> Environment:
    """A database, backed up."""
    environment, scope = document(), at()
    raise_all(scope, environment.parts())
    back_up(environment)
    return environment


def at(name: str = "shop") -> Scope:
    return Scope(name, REGION, poll_seconds=0.05)


def back_up(environment: Environment) -> None:
    due = plan_back_up(environment, at(), datetime.now(UTC))
    taker = Taker(at(), due)
    for deed in due.operation("shop", REGION, {}).changes:
        taker.carry_out(deed)
    taker.await_all()
    assert taker.failures == {}


def restored(**wish: Any) -> Restoration:
    planned = plan_restore(at(), Wish("database/main", **wish))
    carry_out(planned.plan, planned.scope)
    return planned


def described(environment: str) -> dict[str, dict[str, Any]]:
    """The databases of an environment, by their parts."""
    found = at().client("rds").describe_db_instances()["DBInstances"]
    tagged = [(as_dict(one["TagList"]), one) for one in found]
    return {tags["castra:part"]: one for tags, one in tagged if tags["castra:environment"] == environment}


def subnet_group(one: dict[str, Any]) -> str:
    return str(one["DBSubnetGroup"]["DBSubnetGroupName"])


def test_beside_the_old_one_it_stands_where_that_does_with_a_password_of_its_own(shop: Environment) -> None:
    planned = restored()
    (beside,) = [part for part in described("shop") if part != "database/main"]
    assert beside.startswith("database/main-20")
    old, new = described("shop")["database/main"], described("shop")[beside]
    for field in ("Engine", "EngineVersion", "DBInstanceClass", "AllocatedStorage", "MasterUsername", "Endpoint"):
        told = (old[field], new[field]) if field != "Endpoint" else (old[field]["Port"], new[field]["Port"])
        assert told[0] == told[1], field
    assert subnet_group(new) == subnet_group(old)
    assert new["VpcSecurityGroups"] == old["VpcSecurityGroups"]
    assert new["DBParameterGroups"] == old["DBParameterGroups"]
    assert new["MasterUserSecret"]["SecretArn"] != old["MasterUserSecret"]["SecretArn"]
    assert (new["DeletionProtection"], new["PubliclyAccessible"], new["StorageEncrypted"]) == (True, False, True)
    assert as_dict(new["TagList"])["castra:restored-from"] == planned.backup.id
    assert plan_restore(at(), Wish("database/main")).operation.settled


def test_apart_it_stands_in_a_network_that_nobody_comes_into_and_is_struck_without_a_trace(
    shop: Environment,
) -> None:
    restored(into="again")
    (one,) = described("again").values()
    assert subnet_group(one) != subnet_group(described("shop")["database/main"])
    (group,) = at().ec2.describe_security_groups(GroupIds=[one["VpcSecurityGroups"][0]["VpcSecurityGroupId"]])[
        "SecurityGroups"
    ]
    assert group["IpPermissions"] == []
    assert plan_restore(at(), Wish("database/main", into="again")).operation.settled
    raise_all(at("again"), [])
    assert resources(at("again")) == []
    rds = at().client("rds")
    assert len(rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]) == 1
    assert list(described("shop")) == ["database/main"]


def test_of_a_database_that_is_gone_the_newest_is_restored_as_another_class(shop: Environment) -> None:
    rds = at().client("rds")
    name = described("shop")["database/main"]["DBInstanceIdentifier"]
    rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
    rds.delete_db_instance(DBInstanceIdentifier=name, SkipFinalSnapshot=True)
    restored(into="again", instance_type="db.t4g.small")
    (one,) = described("again").values()
    assert (one["DBInstanceClass"], one["AllocatedStorage"]) == ("db.t4g.small", 30)


def test_a_restore_whose_answer_was_lost_makes_one(physics: Physics, shop: Environment) -> None:
    physics.rule("RestoreDBInstanceFromDBSnapshot", "lose-answer", nth=1)
    restored()
    assert len(described("shop")) == 2


def test_what_a_database_has_not_is_refused(shop: Environment) -> None:
    with pytest.raises(Invalid) as caught:
        plan_restore(at(), Wish("database/main", device="/dev/sdf", zone="eu-west-1a", instance_type="t3.small"))
    assert [str(problem).partition(":")[0] for problem in caught.value.problems] == ["--device", "--zone", "--type"]


def test_what_is_being_restored_is_in_use(weather: Weather) -> None:
    aws = weather()
    environment = document()
    raise_all(at(), environment.parts())
    back_up(environment)
    restored()
    (backup,) = backups_in(at(), "shop")
    assert used() == {}
    (database,) = [one for one in in_moto() if as_tags(one)["castra:part"] != "database/main"]
    database.status = "creating"
    assert used() == {backup.id: f"database {database.db_instance_identifier} is being made of it"}
    assert aws.crashes() == []


def used() -> dict[str, str]:
    return {id: why for store in STORES for id, why in store.in_use(at(), ()).items() if id.startswith("arn:")}


def in_moto() -> list[Any]:
    from moto.backends import get_backend
    from moto.core import DEFAULT_ACCOUNT_ID

    return list(get_backend("rds")[DEFAULT_ACCOUNT_ID][REGION].databases.values())


def as_tags(one: Any) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in one.tags}


# ---------------------------------------------------------------------- proofs


def proof(environment: Environment) -> Proof:
    (one,) = proofs_due("shop", environment.backups, backups_in(at(), "shop"), datetime.now(UTC)).due
    return one


def proven(one: Proof) -> tuple[tuple[Part, ...], Scope, dict[str, str]]:
    """A proof that has been raised: its parts, its scope, and the ids."""
    there = Scope(one.environment, REGION, poll_seconds=0.05)
    parts = database_proof_parts(one, REGION)
    carry_out(plan_beside(parts, there), there)
    return parts, there, {found.part: found.id for found in resources(there)}


def test_a_proof_is_a_database_that_nobody_reaches_without_backups_and_says_what_it_has_shown(
    shop: Environment,
) -> None:
    one = proof(shop)
    parts, there, ids = proven(one)
    assert {part.kind for part in parts} == {
        "vpc", "subnet", "database-subnet-group", "security-group", "firewall", "database-parameter-group", "database",
    }  # fmt: skip
    (database,) = described(one.environment).values()
    assert (database["BackupRetentionPeriod"], database["PubliclyAccessible"]) == (0, False)
    assert check_database(there, one, ids) == "its engine recovers: postgres 17.1, 30 GiB, encrypted"


def test_one_that_comes_back_as_another_thing_or_not_at_all_is_told(shop: Environment) -> None:
    one = proof(shop)
    _, there, ids = proven(one)
    assert one.backup is not None
    assert one.backup.database is not None
    other = one.backup.database.model_copy(update={"version": "17.9"})
    another = replace(one, backup=one.backup.model_copy(update={"database": other}))
    with pytest.raises(CastraError, match=r"its engine is postgres 17\.1, and its snapshot's is postgres 17\.9"):
        check_database(there, another, ids)
    (database,) = [found for found in in_moto() if as_tags(found)["castra:environment"] == one.environment]
    database.status = "incompatible-restore"
    with pytest.raises(CastraError, match="it is incompatible-restore: its engine doesn't come up"):
        check_database(there, one, ids)
