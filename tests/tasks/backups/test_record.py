"""Backups as they are read back from images and snapshots."""

from datetime import UTC, datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from blueprints.tiers import Tiers
from tasks.backups.disk_listing import assembled
from tasks.backups.listing import backups_in
from tasks.backups.record import SET, read_tiers, set_of, slot_of, tags_of, tiers_text
from tasks.scope import Scope, as_list
from tests.physics import Physics

SLOT = slot_of(datetime(2026, 5, 1, 2, tzinfo=UTC))
KEEP = Tiers(daily=7, weekly=5)


def tags(how: Any = "snapshot", pieces: int = 1, **more: str) -> dict[str, str]:
    return tags_of("web", "nightly", "i-1", "instance/db", SLOT, how, pieces, KEEP, "Europe/Vienna") | more


def snapshot(id: str, state: str = "completed", **told: str) -> dict[str, Any]:
    taken = datetime(2026, 5, 1, 2, 0, 9, tzinfo=UTC)
    return {"SnapshotId": id, "VolumeId": f"vol-{id}", "VolumeSize": 8, "State": state, "StartTime": taken} | {
        "Tags": as_list(told)
    }


def image(state: str = "available", *snapshots: str) -> dict[str, Any]:
    devices = [{"DeviceName": f"/dev/{id}", "Ebs": {"SnapshotId": id, "VolumeSize": 8}} for id in snapshots]
    return {"ImageId": "ami-1", "State": state, "CreationDate": "2026-05-01T02:00:07.000Z"} | {
        "BlockDeviceMappings": devices,
        "Tags": as_list(tags("image")),
    }


def test_a_set_is_one_backup_with_all_that_its_tags_say() -> None:
    name = set_of("web/nightly", "i-1", SLOT)
    told = tags(pieces=2) | {SET: name}
    [one] = assembled([], [snapshot("snap-1", **told), snapshot("snap-2", **told)], "eu-west-1")
    assert (one.id, one.group, one.series, one.how, one.state, one.gib) == (
        name, "web/nightly", "instance/db", "snapshot", "complete", 16,
    )  # fmt: skip
    assert (one.tiers, one.zone, one.moment) == (KEEP, "Europe/Vienna", datetime(2026, 5, 1, 2, tzinfo=UTC))
    assert one.tags == tags(pieces=2)


def test_a_set_that_lost_a_snapshot_has_failed() -> None:
    [one] = assembled([], [snapshot("snap-1", **tags(pieces=3), **{SET: "set-1"})], "eu-west-1")
    assert (one.state, one.why) == ("failed", "2 of its 3 snapshots are gone")


def test_a_set_is_pending_while_one_of_it_is_and_has_failed_once_one_has() -> None:
    told = tags(pieces=2) | {SET: "set-1"}
    [one] = assembled([], [snapshot("snap-1", "pending", **told), snapshot("snap-2", **told)], "eu-west-1")
    assert one.state == "pending"
    [one] = assembled([], [snapshot("snap-1", "error", **told), snapshot("snap-2", **told)], "eu-west-1")
    assert (one.state, one.why) == ("failed", "snap-1: its state is error")


def test_an_image_and_its_snapshots_are_one_backup() -> None:
    [one] = assembled([image("available", "snap-1")], [snapshot("snap-1", **tags("image"))], "eu-west-1")
    assert (one.id, one.how, one.state, one.ids) == ("ami-1", "image", "complete", ("ami-1", "snap-1"))
    assert one.pieces[0].volume == "vol-snap-1"


def test_snapshots_of_an_image_that_is_being_made_are_no_backup_of_their_own() -> None:
    [one] = assembled([image("pending")], [snapshot("snap-1", "pending", **tags("image"))], "eu-west-1")
    assert (one.id, one.state) == ("ami-1", "pending")


def test_snapshots_of_an_image_that_is_gone_are_what_is_left_of_one_backup() -> None:
    rest = [snapshot(id, **tags("image")) for id in ("snap-1", "snap-2")]
    [one] = assembled([], rest, "eu-west-1")
    assert (one.how, one.state, one.why, len(one.pieces)) == ("image", "failed", "its image is gone", 2)


def test_what_carries_no_tag_of_a_backup_is_none() -> None:
    assert assembled([], [snapshot("snap-1", Name="mine")], "eu-west-1") == []


@settings(deadline=None)
@given(st.builds(Tiers, daily=st.integers(1, 99), yearly=st.integers(0, 9), hourly=st.integers(0, 99)))
def test_tiers_are_read_back_from_their_tag_as_they_were(tiers: Tiers) -> None:
    assert read_tiers(tiers_text(tiers, "Asia/Tokyo")) == (tiers, "Asia/Tokyo")


def test_a_tag_that_says_no_tiers_is_none() -> None:
    for text in ("for ever", "", "daily=many", "zone=", "daily=7=8 zone=Nowhere/There", "zone=../../etc/passwd"):
        assert read_tiers(text) == (None, "UTC")


def test_backups_are_listed_by_environment_and_policy_in_four_calls(scope: Scope, aws: Physics) -> None:
    volume = scope.ec2.create_volume(AvailabilityZone="eu-west-1a", Size=4)["VolumeId"]
    for environment, policy in (("web", "nightly"), ("web", "hourly"), ("shop", "nightly")):
        told = tags_of(environment, policy, volume, None, SLOT, "snapshot", 1, KEEP, "UTC")
        scope.ec2.create_snapshot(
            VolumeId=volume, TagSpecifications=[{"ResourceType": "snapshot", "Tags": as_list(told)}]
        )
    aws.log.calls.clear()
    assert {one.group for one in backups_in(scope)} == {"web/nightly", "web/hourly", "shop/nightly"}
    assert aws.counts() == {
        "ec2:DescribeImages": 1,
        "ec2:DescribeSnapshots": 1,
        "elasticache:DescribeSnapshots": 1,
        "rds:DescribeDBSnapshots": 1,
    }
    assert {one.group for one in backups_in(scope, "web")} == {"web/nightly", "web/hourly"}
    assert [one.source for one in backups_in(scope, "shop", "nightly")] == [volume]
