"""Restored instances and volumes: from an image and from a set, beside the old one and apart, and once only."""

from datetime import UTC, datetime
from typing import Any

import pytest

from blueprints.environment import Environment
from blueprints.reading import build
from tasks.backups.planning import plan_back_up
from tasks.backups.restoration import Restoration, plan_restore
from tasks.backups.restoring import Wish
from tasks.backups.taking import Taker
from tasks.errors import Invalid
from tasks.reading import resources
from tasks.scope import Scope, as_dict
from tests.conductor import carry_out, raise_all
from tests.physics import Physics

REGION = "eu-west-1"
IMAGE = {"ssm": "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"}
DATA = {"data": {"device": "/dev/sdf", "size": 9, "on_removal": "wipe"}}


@pytest.fixture
def shop(scope: Scope) -> Environment:
    """A database with a volume of its own, and a web server without; backed up each night as it suits them."""
    servers: dict[str, Any] = {"image": IMAGE, "instance_type": "t3.micro", "placement": "public"}
    policy = {"when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}}
    document = {
        "name": scope.environment,
        "region": REGION,
        "network": {"cidr": "10.20.0.0/16", "zones": 1},
        "instances": {"db": servers | {"volumes": DATA}, "web": servers},
        "backups": {"nightly": policy | {"instances": ["db", "web"]}},
    }
    environment = build(document)
    raise_all(at(scope), environment.parts())
    back_up(environment)
    return environment


def at(scope: Scope, name: str | None = None) -> Scope:
    return Scope(name or scope.environment, REGION, poll_seconds=0.05)


def back_up(environment: Environment, label: str | None = None) -> None:
    here = Scope(environment.name, REGION, poll_seconds=0.05)
    due = plan_back_up(environment, here, datetime.now(UTC), (), label)
    taker = Taker(here, due)
    for deed in due.operation(environment.name, REGION, {}).changes:
        taker.carry_out(deed)
    taker.note_devices()
    taker.await_all()
    assert taker.failures == {}


def restored(scope: Scope, what: str, **wish: Any) -> Restoration:
    planned = plan_restore(at(scope), Wish(what, **wish))
    carry_out(planned.plan, planned.scope)
    return planned


def instance(scope: Scope, part: str) -> dict[str, Any]:
    (id,) = [one.id for one in resources(scope) if one.part == part]
    (reservation,) = scope.ec2.describe_instances(InstanceIds=[id])["Reservations"]
    return dict(reservation["Instances"][0])


def volumes(scope: Scope, of: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """What is attached, by device."""
    ids = [one["Ebs"]["VolumeId"] for one in of["BlockDeviceMappings"]]
    told = scope.ec2.describe_volumes(VolumeIds=ids)["Volumes"]
    return {one["Attachments"][0]["Device"]: one for one in told}


def kept(scope: Scope) -> set[str]:
    """Ids of what stands."""
    return {one.id for one in resources(at(scope))}


def test_from_an_image_an_instance_boots_beside_the_old_one_where_that_stands(
    aws: Physics, scope: Scope, shop: Environment
) -> None:
    before, old = kept(scope), instance(at(scope), "instance/web")
    planned = restored(scope, "instance/web")
    (part,) = planned.parts
    new = instance(at(scope), part.key)
    assert part.name.startswith("web-20")
    assert new["ImageId"] == planned.backup.id
    for same in ("SubnetId", "SecurityGroups", "InstanceType"):
        assert new[same] == old[same], same
    assert kept(scope) - before == {new["InstanceId"]}
    assert plan_restore(at(scope), Wish("instance/web")).operation.settled


def test_from_a_set_it_boots_from_its_roots_snapshot_with_the_other_volumes_at_their_devices(
    aws: Physics, scope: Scope, shop: Environment
) -> None:
    planned = restored(scope, "instance/db")
    assert [part.kind for part in planned.parts] == ["image", "volume", "instance"]
    name = planned.parts[-1].name
    new = instance(at(scope), f"instance/{name}")
    snapshots = {piece.device: piece.id for piece in planned.backup.pieces}
    attached = volumes(at(scope), new)
    assert attached["/dev/sdf"]["SnapshotId"] == snapshots["/dev/sdf"]
    (image,) = at(scope).ec2.describe_images(ImageIds=[new["ImageId"]])["Images"]
    assert image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"] == snapshots[image["RootDeviceName"]]
    assert plan_restore(at(scope), Wish("instance/db")).operation.settled


def test_into_another_environment_it_has_a_network_of_its_own_and_a_strike_leaves_nothing(
    aws: Physics, scope: Scope, shop: Environment
) -> None:
    before, there = kept(scope), at(scope, f"{scope.environment}-again")
    planned = restored(scope, "instance/db", into=there.environment)
    stands = {one.part for one in resources(there)}
    assert stands == {part.key for part in planned.parts}
    assert {"vpc/restored", "instance/db", "volume/db-sdf"} <= stands
    assert instance(there, "instance/db")["VpcId"] != instance(at(scope), "instance/db")["VpcId"]
    assert kept(scope) == before
    assert plan_restore(at(scope), Wish("instance/db", into=there.environment)).operation.settled
    raise_all(there, ())
    assert resources(there) == []
    snapshots = {piece.id for piece in planned.backup.pieces}
    assert len(there.ec2.describe_snapshots(SnapshotIds=sorted(snapshots))["Snapshots"]) == 2


def test_once_the_instance_is_gone_its_backup_still_says_what_it_was_like(
    aws: Physics, scope: Scope, shop: Environment
) -> None:
    old = instance(at(scope), "instance/db")
    at(scope).ec2.terminate_instances(InstanceIds=[old["InstanceId"]])
    planned = restored(scope, "instance/db")
    new = instance(at(scope), planned.parts[-1].key)
    assert (new["InstanceType"], new["SubnetId"]) == (old["InstanceType"], old["SubnetId"])


def test_of_one_device_only_its_volume_is_restored(aws: Physics, scope: Scope, shop: Environment) -> None:
    planned = restored(scope, "instance/db", device="/dev/sdf")
    (part,) = planned.parts
    (told,) = [one for one in resources(at(scope)) if one.part == part.key]
    (volume,) = at(scope).ec2.describe_volumes(VolumeIds=[told.id])["Volumes"]
    assert (volume["Size"], volume["State"]) == (9, "available")
    assert as_dict(volume["Tags"])["castra:on-removal"] == "keep"
    with pytest.raises(Invalid, match=r"has no /dev/sdz\. It has: "):
        plan_restore(at(scope), Wish("instance/db", device="/dev/sdz"))


def test_it_is_restored_as_it_was_at_a_time_or_by_its_label(aws: Physics, scope: Scope, shop: Environment) -> None:
    back_up(shop, "before the upgrade")
    labelled = plan_restore(at(scope), Wish("instance/web", backup="label:before the upgrade"))
    assert labelled.parts[-1].name == "web-before-the-upgrade"
    first = plan_restore(at(scope), Wish("instance/web", at=labelled.backup.taken.replace(second=0, minute=0)))
    assert first.backup.id != labelled.backup.id
    with pytest.raises(Invalid, match="it has no complete backup of a time up to 2001-01-01 00:00 UTC"):
        plan_restore(at(scope), Wish("instance/web", at=datetime(2001, 1, 1, tzinfo=UTC)))
    with pytest.raises(Invalid, match=r"instance/nobody: it has no backup\. There are backups of: instance/db"):
        plan_restore(at(scope), Wish("instance/nobody"))
    with pytest.raises(Invalid, match="has no backup ami-1"):
        plan_restore(at(scope), Wish("instance/web", backup="ami-1"))


def test_a_plan_of_a_restore_writes_nothing(aws: Physics, scope: Scope, shop: Environment) -> None:
    before = len(aws.writes())
    assert plan_restore(at(scope), Wish("instance/db", into="elsewhere")).operation.changes
    assert len(aws.writes()) == before
