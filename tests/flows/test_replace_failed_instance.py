"""A failed instance's successor: what it boots from, what goes over to it, and that exactly one stands."""

from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import build
from flows.replace_failed_instance import replace_failed_instance
from tasks.backups.listing import backups_in
from tasks.backups.replacing import plan_exchange
from tasks.errors import Invalid, Refused
from tasks.reading import plan_of, resources
from tests.conductor import raise_all
from tests.flows.world import REGION, client, scope
from tests.physics import Physics
from tests.tasks.backups.test_restoration import DATA, IMAGE, back_up

pytestmark = pytest.mark.usefixtures("prefect")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasks.scope.POLL_SECONDS", 0.05)


def shop(name: str, *, backed_up: bool = True, **db: Any) -> Environment:
    """An instance with an address, and a volume unless it's told otherwise."""
    server = {"image": IMAGE, "instance_type": "t3.micro", "placement": "public", "elastic_ip": True, "volumes": DATA}
    policy = {"when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}, "instances": ["db"]}
    environment = build(
        {
            "name": name,
            "region": REGION,
            "network": {"cidr": "10.20.0.0/16", "zones": 1},
            "instances": {"db": server | db},
            "backups": {"nightly": policy},
        }
    )
    raise_all(scope(name), environment.parts())
    if backed_up:
        back_up(environment)
    return environment


def ids(name: str) -> dict[str, str]:
    return {one.part: one.id for one in resources(scope(name))}


def described(id: str) -> dict[str, Any]:
    (page,) = client("ec2").describe_instances(InstanceIds=[id])["Reservations"]
    return dict(page["Instances"][0])


def fail(id: str) -> None:
    client("ec2").create_tags(Resources=[id], Tags=[{"Key": "physics:impaired", "Value": ""}])


def alive(name: str) -> list[str]:
    mine = [{"Name": "tag:castra:environment", "Values": [name]}]
    pages = client("ec2").describe_instances(Filters=mine)["Reservations"]
    return [one["InstanceId"] for page in pages for one in page["Instances"] if one["State"]["Name"] != "terminated"]


def settled(blueprint: Environment) -> bool:
    return plan_of(blueprint, scope(blueprint.name)).settled


def test_its_volumes_its_address_and_its_targets_go_over_to_one_that_boots_from_the_newest_set(
    aws: Physics, name: str
) -> None:
    blueprint = shop(name)
    before = ids(name)
    old, elb = before["instance/db"], client("elbv2")
    group = elb.create_target_group(Name=f"{name}-db", Protocol="TCP", Port=5432, VpcId=before["vpc/main"])
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": old, "Port": 5432}])
    fail(old)
    done = replace_failed_instance(blueprint, "db")
    after = ids(name)
    new = after["instance/db"]
    assert alive(name) == [new]
    assert new != old
    assert {part: id for part, id in after.items() if part != "instance/db"} == {
        part: id for part, id in before.items() if part != "instance/db"
    }
    (volume,) = client("ec2").describe_volumes(VolumeIds=[after["volume/db-data"]])["Volumes"]
    assert [(one["InstanceId"], one["Device"]) for one in volume["Attachments"]] == [(new, "/dev/sdf")]
    (address,) = client("ec2").describe_addresses(AllocationIds=[after["address/instance-db"]])["Addresses"]
    assert address["InstanceId"] == new
    targets = elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
    assert [(one["Target"]["Id"], one["Target"]["Port"]) for one in targets] == [(new, 5432)]
    assert client("ec2").describe_images(Owners=["self"])["Images"] == []
    assert "1 place in target groups" in {deed.because for deed in done.deeds}
    assert settled(blueprint)
    again = replace_failed_instance(blueprint, "db")
    assert (again.settled, alive(name)) == (True, [new])


def test_the_old_one_ends_last(aws: Physics, name: str) -> None:
    blueprint = shop(name)
    fail(ids(name)["instance/db"])
    started = len(aws.writes())
    replace_failed_instance(blueprint, "db")
    calls = [call.operation for call in aws.writes()[started:] if call.service in ("ec2", "elbv2")]
    order = [calls.index(one) for one in ("RunInstances", "StopInstances", "DetachVolume", "TerminateInstances")]
    assert order == sorted(order)


@pytest.mark.thorough
def test_one_that_is_gone_comes_back_from_its_image_and_stands_for_the_blueprints(aws: Physics, name: str) -> None:
    (pinned,) = client("ssm").get_parameters(Names=[IMAGE["ssm"]])["Parameters"]
    blueprint = shop(name, volumes={}, image={"id": pinned["Value"]})
    client("ec2").terminate_instances(InstanceIds=[ids(name)["instance/db"]])
    done = replace_failed_instance(blueprint, "db")
    (backup,) = backups_in(scope(name), name)
    new = described(ids(name)["instance/db"])
    assert (new["ImageId"], backup.how) == (backup.id, "image")
    (made,) = [deed for deed in done.deeds if deed.action == "create"]
    assert made.because == f"it is gone; boots from {backup.id}"
    assert settled(blueprint)


def test_a_volume_that_is_gone_too_comes_back_from_the_set(aws: Physics, name: str) -> None:
    blueprint = shop(name)
    before, ec2 = ids(name), client("ec2")
    ec2.terminate_instances(InstanceIds=[before["instance/db"]])
    scope(name).ec2.get_waiter("volume_available").wait(VolumeIds=[before["volume/db-data"]])
    ec2.delete_volume(VolumeId=before["volume/db-data"])
    replace_failed_instance(blueprint, "db")
    (backup,) = backups_in(scope(name), name)
    (volume,) = ec2.describe_volumes(VolumeIds=[ids(name)["volume/db-data"]])["Volumes"]
    assert volume["SnapshotId"] in {piece.id for piece in backup.pieces if piece.device == "/dev/sdf"}
    assert volume["Attachments"][0]["InstanceId"] == ids(name)["instance/db"]
    assert settled(blueprint)


def test_a_volume_that_is_gone_and_in_no_backup_is_never_replaced_by_an_empty_one(aws: Physics, name: str) -> None:
    blueprint = shop(name, backed_up=False)
    before = ids(name)
    client("ec2").terminate_instances(InstanceIds=[before["instance/db"]])
    client("ec2").delete_volume(VolumeId=before["volume/db-data"])
    with pytest.raises(Refused, match="volume/db-data: it is gone, and the backup has no snapshot of it"):
        plan_exchange(blueprint, "db", scope(name))


def test_without_a_backup_or_when_told_so_it_boots_the_blueprints_image(aws: Physics, name: str) -> None:
    blueprint = shop(name)
    old = described(ids(name)["instance/db"])
    fail(old["InstanceId"])
    replace_failed_instance(blueprint, "db", from_blueprint=True)
    assert described(ids(name)["instance/db"])["ImageId"] == old["ImageId"]
    assert settled(blueprint)


def test_what_has_not_failed_is_left_alone_and_what_is_stopped_has_not_failed(aws: Physics, name: str) -> None:
    blueprint = shop(name, backed_up=False)
    id = ids(name)["instance/db"]
    assert [deed.because for deed in plan_exchange(blueprint, "db", scope(name)).operation.deeds] == [
        "it runs, and no status check has failed"
    ]
    client("ec2").stop_instances(InstanceIds=[id])
    (deed,) = plan_exchange(blueprint, "db", scope(name)).operation.deeds
    assert (deed.action, deed.because.partition(",")[0]) == ("keep", "it's stopped")
    assert replace_failed_instance(blueprint, "db").settled
    assert alive(name) == [id]
    with pytest.raises(Invalid, match="there's no such instance"):
        plan_exchange(blueprint, "web", scope(name))


def test_asked_for_a_well_one_is_replaced_and_its_protection_is_no_hindrance(aws: Physics, name: str) -> None:
    blueprint = shop(name, backed_up=False, deletion_protection=True)
    old = ids(name)["instance/db"]
    replace_failed_instance(blueprint, "db", even_if_well=True)
    (new,) = alive(name)
    assert new != old
    assert settled(blueprint)


@pytest.mark.parametrize(
    "operation",
    ["StopInstances", "DetachVolume", "RegisterImage", "RunInstances", "AttachVolume", "TerminateInstances"],
)
@pytest.mark.thorough
def test_cut_off_anywhere_the_next_run_goes_on_and_exactly_one_stands(aws: Physics, name: str, operation: str) -> None:
    blueprint = shop(name)
    before = ids(name)
    fail(before["instance/db"])
    rule = aws.rule(operation, "error:UnauthorizedOperation:403", nth=1)
    with pytest.raises(Exception, match=r"UnauthorizedOperation|no permission"):
        replace_failed_instance(blueprint, "db")
    aws.rules.rules.remove(rule)
    replace_failed_instance(blueprint, "db")
    (new,) = alive(name)
    assert new != before["instance/db"]
    assert ids(name)["volume/db-data"] == before["volume/db-data"]
    assert settled(blueprint)
