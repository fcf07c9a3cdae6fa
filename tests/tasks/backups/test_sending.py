"""Copies from one region to another, at AWS's own pace, with lost answers and other people's copies."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from blueprints.environment import Environment
from blueprints.reading import build
from tasks.backups.copies import plan_copies
from tasks.backups.record import SET, set_of, tags_of
from tasks.backups.sending import AT_ONCE, Courier
from tasks.operation import Deed, Operation
from tasks.scope import Scope, as_dict, as_list
from tests.physics import Physics
from tests.tasks.conftest import Weather

NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)
HERE, THERE, ACCOUNT = "eu-west-1", "eu-central-1", "210987654321"
SLOT = "2026-11-28T02:00:00Z"


def client(region: str = HERE, service: str = "ec2") -> Any:
    return boto3.client(service, region_name=region)


def shop(*copies: dict[str, Any]) -> Environment:
    policy = {"select": {"tags": {"backup": "yes"}}, "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}}
    written = {**policy, "copies": [{"region": THERE} | copy for copy in copies or [{}]]}
    return build({"name": "shop", "region": HERE, "backups": {"nightly": written}})


def volumes_backed_up(number: int, encrypted: bool = False) -> list[str]:
    """As many complete backups of lone volumes."""
    ids = []
    for _ in range(number):
        made = client().create_volume(AvailabilityZone=f"{HERE}a", Size=4, Encrypted=encrypted)["VolumeId"]
        tags = as_list(tags_of("shop", "nightly", made, None, SLOT, "snapshot", 1, None, "UTC"))
        specification = [{"ResourceType": "snapshot", "Tags": tags}]
        ids.append(client().create_snapshot(VolumeId=made, TagSpecifications=specification)["SnapshotId"])
    return ids


def instance_imaged() -> str:
    """One complete image."""
    image = client().describe_images(Owners=["amazon"])["Images"][0]["ImageId"]
    (instance,) = client().run_instances(ImageId=image, MinCount=1, MaxCount=1)["Instances"]
    tags = as_list(tags_of("shop", "nightly", instance["InstanceId"], None, SLOT, "image", 1, None, "UTC"))
    specifications = [{"ResourceType": type, "Tags": tags} for type in ("image", "snapshot")]
    made = client().create_image(InstanceId=instance["InstanceId"], Name="db-image", TagSpecifications=specifications)
    return str(made["ImageId"])


def scope() -> Scope:
    return Scope("shop", HERE, poll_seconds=0.05)


def copied(blueprint: Environment, width: int = 64) -> Operation:
    """Plan, and carry out from many threads."""
    at = scope()
    planned, copies = plan_copies(blueprint, at, NOW)
    courier = Courier(at, copies.wanted)
    with ThreadPoolExecutor(width) as pool:
        done: list[Deed] = list(pool.map(courier.carry_out, planned.changes))
    return planned.done(tuple(done), 0, at.calls.summary())


def standing(region: str = THERE) -> list[dict[str, Any]]:
    return [one for one in client(region).describe_snapshots(OwnerIds=["self"])["Snapshots"] if one.get("Tags")]


@pytest.fixture
def slow(weather: Weather) -> Physics:
    """Copies take two minutes of AWS's, which are an eighth of a second here."""
    return weather(scale=1000, times={"snapshot_copied": 120, "image_copied": 300})


def test_thirty_copies_are_made_at_most_twenty_at_once_and_never_again(slow: Physics) -> None:
    originals = volumes_backed_up(30)
    done = copied(shop())
    assert (len(done.changes), done.figures["gib_to_copy"]) == (30, 120)
    assert "ResourceLimitExceeded" not in slow.outcomes()
    assert sorted(as_dict(one["Tags"])["castra:copy-of"] for one in standing()) == sorted(
        f"{HERE}/{id}" for id in originals
    )
    assert {one["State"] for one in standing()} == {"completed"}
    assert sorted(deed.id or "" for deed in done.changes) == sorted(one["SnapshotId"] for one in standing())
    again, _ = plan_copies(shop(), scope(), NOW)
    assert again.settled


def test_a_copy_carries_the_backups_tags_with_its_own_tiers_and_origin(slow: Physics) -> None:
    (original,) = volumes_backed_up(1)
    copied(shop({"keep": {"daily": 3}}))
    (one,) = standing()
    tags = as_dict(one["Tags"])
    assert tags["castra:copy-of"] == f"{HERE}/{original}"
    assert tags["castra:tiers"].startswith("hourly=0 daily=3 ")
    assert (tags["castra:backup"], tags["castra:slot"]) == ("shop/nightly", SLOT)
    assert {"castra:created", "castra:source"} <= tags.keys()


def test_the_pieces_of_a_set_are_a_set_in_the_other_region(slow: Physics) -> None:
    source, name = "i-1", set_of("shop/nightly", "i-1", SLOT)
    tags = as_list(tags_of("shop", "nightly", source, None, SLOT, "snapshot", 2, None, "UTC") | {SET: name})
    for _ in range(2):
        volume = client().create_volume(AvailabilityZone=f"{HERE}a", Size=4)["VolumeId"]
        client().create_snapshot(VolumeId=volume, TagSpecifications=[{"ResourceType": "snapshot", "Tags": tags}])
    copied(shop())
    assert {as_dict(one["Tags"])[SET] for one in standing()} == {name}
    assert len(standing()) == 2


@pytest.mark.parametrize("effect", ["lose-answer", "drop", "error:InternalError:500"])
def test_a_copy_whose_answer_is_lost_is_found_and_not_made_again(slow: Physics, effect: str) -> None:
    volumes_backed_up(1)
    slow.rule("CopySnapshot", effect, nth=1)
    copied(shop())
    assert len(standing()) == 1


@pytest.mark.parametrize("effect", ["lose-answer", "drop"])
def test_so_is_an_images_copy(slow: Physics, effect: str) -> None:
    instance_imaged()
    slow.rule("CopyImage", effect, nth=1)
    done = copied(shop())
    (image,) = client(THERE).describe_images(Owners=["self"])["Images"]
    assert ([deed.id for deed in done.changes], image["State"]) == ([image["ImageId"]], "available")


def test_other_peoples_copies_are_waited_for(weather: Weather) -> None:
    aws = weather(times={"snapshot_copied": 600})
    (original,) = volumes_backed_up(1)
    for _ in range(AT_ONCE):
        client(THERE).copy_snapshot(SourceRegion=HERE, SourceSnapshotId=original)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(copied, shop(), 1)
        until(lambda: "ResourceLimitExceeded" in aws.outcomes())
        aws.advance(601)
        until(lambda: bool(standing()))
        aws.advance(601)
        assert running.result(30).deeds[0].id == standing()[0]["SnapshotId"]
    assert len(standing()) == 1


def test_a_copy_that_is_under_way_is_waited_for_and_then_shared(weather: Weather) -> None:
    aws = weather(times={"snapshot_copied": 120})
    key = client(THERE, "kms").create_key()["KeyMetadata"]["Arn"]
    blueprint = shop({"account": ACCOUNT, "key": key})
    volumes_backed_up(1, encrypted=True)
    stop_at_the_share(aws, blueprint)
    (one,) = standing()
    aws.advance(121)
    done = copied(blueprint)
    assert [(deed.action, deed.id) for deed in done.changes] == [("share", one["SnapshotId"])]
    told = client(THERE).describe_snapshot_attribute(SnapshotId=one["SnapshotId"], Attribute="createVolumePermission")
    assert (told["CreateVolumePermissions"], one["Encrypted"], one["KmsKeyId"]) == ([{"UserId": ACCOUNT}], True, key)
    assert plan_copies(blueprint, scope(), NOW)[0].settled


def stop_at_the_share(aws: Physics, blueprint: Environment) -> None:
    """A run that ends when it wants to share."""
    rule = aws.rule("ModifySnapshotAttribute", "error:UnauthorizedOperation:403")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(copied, blueprint, 1)
        until(lambda: bool(standing()))
        aws.advance(121)
        with pytest.raises(Exception, match="UnauthorizedOperation"):
            running.result(30)
    aws.rules.rules.remove(rule)


def until(true: Callable[[], bool]) -> None:
    from tasks.waiting import wait_until

    wait_until(scope(), true, "what the test waits for", 20)


def test_an_image_is_shared_with_its_snapshots(slow: Physics) -> None:
    instance_imaged()
    copied(shop({"account": ACCOUNT}))
    (image,) = client(THERE).describe_images(Owners=["self"])["Images"]
    told = client(THERE).describe_image_attribute(ImageId=image["ImageId"], Attribute="launchPermission")
    assert told["LaunchPermissions"] == [{"UserId": ACCOUNT}]
    snapshot = image["BlockDeviceMappings"][0]["Ebs"]["SnapshotId"]
    told = client(THERE).describe_snapshot_attribute(SnapshotId=snapshot, Attribute="createVolumePermission")
    assert told["CreateVolumePermissions"] == [{"UserId": ACCOUNT}]
    assert plan_copies(shop({"account": ACCOUNT}), scope(), NOW)[0].settled
