"""Proofs of backups from end to end: restored apart, checked, stamped, struck; and what isn't good is told."""

from datetime import datetime
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import build
from flows.prove_backups import prove_backups
from tasks.backups.listing import backups_in
from tasks.backups.proof_plan import plan_proofs
from tasks.backups.record import BACKUP, PROVEN, Backup, group_of
from tasks.errors import Failed
from tasks.reading import resources
from tests.conductor import raise_all
from tests.flows.conftest import Heard
from tests.flows.world import REGION, client, scope
from tests.physics import Physics
from tests.tasks.backups.test_restoration import DATA, IMAGE, back_up


def shop(name: str, *instances: str, **prove: Any) -> Environment:
    """A database with a volume of its own, and a web server without, both backed up."""
    server: dict[str, Any] = {"image": IMAGE, "instance_type": "t3.micro", "placement": "public"}
    known = {"db": server | {"volumes": DATA}, "web": server}
    policy = {"when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}, "instances": list(instances), "prove": prove}
    document = {
        "name": name,
        "region": REGION,
        "network": {"cidr": "10.20.0.0/16", "zones": 1},
        "instances": {one: known[one] for one in instances},
        "backups": {"nightly": policy},
    }
    environment = build(document)
    raise_all(scope(name), environment.parts())
    back_up(environment)
    return environment


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.scope.POLL_SECONDS", 0.05)


def backups(name: str) -> list[Backup]:
    return backups_in(scope(name), name)


def alarms(heard: list[Heard]) -> list[tuple[str, str]]:
    return [(one.event, one.resource["prefect.resource.id"]) for one in heard]


def left_of(name: str) -> list[str]:
    """Parts and loose volumes that a proof has left."""
    stands = [one.part for part in ("db", "web") for one in resources(scope(f"proof-{name}-nightly-instance-{part}"))]
    loose = [one["VolumeId"] for one in client("ec2").describe_volumes()["Volumes"] if one["State"] != "in-use"]
    return stands + loose


def test_good_backups_are_stamped_and_all_that_proved_them_is_gone(aws: Physics, prefect: str, name: str) -> None:
    blueprint = shop(name, "db", "web", query="echo 42 orders", expect=r"\d+ orders")
    before = {one.id for one in resources(scope(name))}
    done = prove_backups(blueprint)
    assert (done.figures["proven"], done.figures["unproven"]) == (2, 0)
    told = {deed.what: deed.because for deed in done.deeds}
    boots = "boots and passes its status checks"
    assert told == {
        "nightly instance/db": f"{boots}; 1 volume attached; its query answers as it should",
        "nightly instance/web": f"{boots}; its query answers as it should",
    }
    assert all(one.proven for one in backups(name))
    # Other tests of this process leave proven backups of other environments on the same emulator.
    mine = [{"Name": "tag-key", "Values": [PROVEN]}, {"Name": f"tag:{BACKUP}", "Values": [group_of(name, "nightly")]}]
    stamped = client("ec2").describe_snapshots(OwnerIds=["self"], Filters=mine)["Snapshots"]
    assert {one["SnapshotId"] for one in stamped} == {piece.id for one in backups(name) for piece in one.pieces}
    assert left_of(name) == []
    assert {one.id for one in resources(scope(name))} == before
    assert plan_proofs(blueprint, scope(name))[0].settled
    assert not plan_proofs(blueprint, scope(name), anyway=True)[0].settled


def test_one_that_does_not_come_up_is_told_and_alarmed_and_the_others_are_proven(
    aws: Physics, prefect: str, name: str, heard: list[Heard]
) -> None:
    blueprint = shop(name, "db", "web")
    (image,) = [one for one in backups(name) if one.how == "image"]
    client("ec2").create_tags(Resources=[image.id], Tags=[{"Key": "physics:impaired", "Value": ""}])
    with pytest.raises(Failed, match="the instance check of EC2 has failed: it doesn't come up"):
        prove_backups(blueprint)
    assert alarms(heard) == [("castra.backup.unproven", f"castra.policy.{name}.nightly")]
    assert {one.how for one in backups(name) if one.proven} == {"snapshot"}
    assert left_of(name) == []


@pytest.mark.thorough
def test_what_a_query_should_print_and_does_not_is_told(aws: Physics, prefect: str, name: str) -> None:
    blueprint = shop(name, "web", query="echo 0 orders", expect=r"[1-9]\d* orders")
    with pytest.raises(Failed, match="its query printed '0 orders', in which"):
        prove_backups(blueprint)
    with pytest.raises(Failed, match="it ended as Failed, with 3"):
        prove_backups(blueprint.model_copy(update={"backups": shop_policies(blueprint, query="exit 3", expect=None)}))
    assert left_of(name) == []


def shop_policies(blueprint: Environment, **prove: Any) -> dict[str, Any]:
    nightly = blueprint.backups["nightly"]
    assert nightly.prove is not None
    return {"nightly": nightly.model_copy(update={"prove": nightly.prove.model_copy(update=prove)})}


def test_a_port_is_asked_at_the_restored_instances_public_address(
    aws: Physics, prefect: str, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, int, str | None]] = []

    def answering(address: str, port: int, path: str | None) -> str:
        asked.append((address, port, path))
        return ""

    monkeypatch.setattr("tasks.backups.proving.unanswered", answering)
    blueprint = shop(name, "web", port=8080, path="/health", reached_from="198.51.100.0/24")
    done = prove_backups(blueprint)
    assert done.deeds[0].because.endswith("answers on 8080/health")
    ((address, port, path),) = asked
    assert (address.count("."), port, path) == (3, 8080, "/health")


@pytest.mark.thorough
def test_what_a_killed_run_has_left_is_struck_first(aws: Physics, prefect: str, name: str) -> None:
    blueprint = shop(name, "web")
    blueprint = blueprint.model_copy(update={"backups": shop_policies(blueprint, minutes=2)})
    (subnet, *_) = client("ec2").describe_subnets()["Subnets"]
    tags = {"castra:environment": f"proof-{name}-nightly-instance-web", "castra:part": "instance/web"}
    leftover = client("ec2").run_instances(
        ImageId=client("ec2").describe_images(Owners=["amazon"])["Images"][0]["ImageId"],
        SubnetId=subnet["SubnetId"],
        MinCount=1,
        MaxCount=1,
        TagSpecifications=[
            {"ResourceType": "instance", "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
        ],
    )["Instances"][0]["InstanceId"]
    prove_backups(blueprint)
    (page,) = client("ec2").describe_instances(InstanceIds=[leftover])["Reservations"]
    assert page["Instances"][0]["State"]["Name"] == "terminated"
    (proven,) = [one.proven for one in backups(name)]
    assert isinstance(proven, datetime)
    assert left_of(name) == []


def test_a_databases_backup_is_proven_by_an_engine_that_recovers_and_nothing_is_left(
    aws: Physics, prefect: str, name: str, heard: list[Heard]
) -> None:
    policy = {"databases": ["main"], "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}, "prove": {}}
    database = {"engine": "postgres", "version": "17", "on_removal": "wipe"}
    document = {"name": name, "region": REGION, "network": {"cidr": "10.20.0.0/16"}, "databases": {"main": database}}
    blueprint = build(document | {"backups": {"nightly": policy}})
    raise_all(scope(name), blueprint.parts())
    back_up(blueprint)
    done = prove_backups(blueprint)
    assert [deed.because for deed in done.deeds] == ["its engine recovers: postgres 17.1, 20 GiB, encrypted"]
    assert [bool(one.proven) for one in backups(name)] == [True]
    assert resources(scope(f"proof-{name}-nightly-database-main")) == []
    assert plan_proofs(blueprint, scope(name))[0].settled
    (snapshot,) = client("rds").describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]
    client("rds").delete_db_snapshot(DBSnapshotIdentifier=snapshot["DBSnapshotIdentifier"])
    with pytest.raises(Failed, match="there's no complete backup of it"):
        prove_backups(blueprint, anyway=True)
    assert alarms(heard) == [("castra.backup.unproven", f"castra.policy.{name}.nightly")]
