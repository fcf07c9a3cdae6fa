"""What there is to take, and as what: without AWS."""

from typing import Any

import pytest

from blueprints.backups import BackupPolicy
from tasks.backups.disk_making import image_name
from tasks.backups.policy import Due, Taking, choice, due
from tasks.backups.record import Backup, Piece
from tasks.backups.sources import Covered, Source, Volume, sources_of
from tasks.operation import Deed
from tests.tasks.backups.making import NOW, at, backup

NIGHTLY = BackupPolicy.model_validate(
    {"select": {"tags": {"a": "b"}}, "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}}
)
SLOT = "2026-05-13T02:00:00Z"
DISKS = tuple(Volume(id=f"vol-{n}", device=f"/dev/xvd{'abc'[n]}", gib=8 * (n + 1), type="gp3") for n in range(3))


def instance(volumes: int = 2, **told: Any) -> Source:
    return Source(id="i-1", name="instance/db i-1", part="instance/db", volumes=DISKS[:volumes], **told)


def plan(*found: Backup, source: Source | None = None, label: str | None = None, **more: Any) -> Due:
    covered = Covered(sources=(source or instance(),), **more)
    return due({"nightly": NIGHTLY}, {"nightly": covered}, found, NOW, label)


def taken(**told: Any) -> Backup:
    pieces = tuple(Piece(id=f"snap-{n}", volume=f"vol-{n}", device="/dev/xvda") for n in range(2))
    return backup(at("2026-05-13T02:00:00"), "set-1", **{"source": "i-1", "pieces": pieces, "expected": 2} | told)


# ---------------------------------------------------------------------- as what


@pytest.mark.parametrize(
    ("source", "asked", "how", "why"),
    [
        (instance(2), None, "snapshot", "snapshots of its 2 volumes at one instant, all or none"),
        (instance(1), None, "image", "an image, as it has one volume and shall boot in a failed one's place"),
        (instance(2), "image", "image", "image, as the policy says"),
        (instance(1), "snapshot", "snapshot", "snapshot, as the policy says"),
        (Source(id="vol-1", name="vol-1", volumes=DISKS[:1]), "image", "snapshot", "a volume's backup is a snapshot"),
    ],
)
def test_several_volumes_are_taken_as_a_set_and_one_as_an_image_unless_the_policy_says(
    source: Source, asked: Any, how: str, why: str
) -> None:
    assert choice(source, asked) == (how, why)


# ---------------------------------------------------------------------- what there is to do


def test_a_source_without_a_backup_of_its_slot_gets_one_with_the_reason() -> None:
    told = plan()
    assert told.deeds == [
        Deed(
            what="nightly instance/db i-1",
            action="take",
            because=f"snapshots of its 2 volumes at one instant, all or none; due since {SLOT}",
            id="i-1",
            gib=24,
        )
    ]
    assert [(one.slot, one.attempt) for one in told.takings] == [(SLOT, 1)]


def test_one_that_was_taken_is_kept_and_one_that_is_pending_is_awaited() -> None:
    assert [deed.action for deed in plan(taken()).deeds] == ["keep"]
    told = plan(taken(state="pending"))
    assert [deed.action for deed in told.deeds] == ["await"]
    assert told.takings == []


def test_one_that_failed_is_taken_again_as_a_second_attempt() -> None:
    [one] = plan(taken(state="failed")).takings
    assert one.attempt == 2
    assert one.deed.because.endswith("and 1 try failed")


def test_what_a_run_that_was_killed_left_undone_is_finished() -> None:
    bare = tuple(piece.model_copy(update={"device": ""}) for piece in taken().pieces)
    [deed] = plan(taken(pieces=bare, owed=True)).deeds
    assert (deed.action, deed.because) == (
        "finish",
        "the devices of its snapshots aren't noted yet; its commands for afterwards weren't run",
    )


def test_another_slots_backup_and_another_policys_count_for_nothing() -> None:
    others = [taken(slot="2026-05-12T02:00:00Z"), taken(policy="hourly"), taken(source="i-2")]
    assert [deed.action for deed in plan(*others).deeds] == ["take"]


def test_a_label_is_a_slot_of_its_own() -> None:
    [one] = plan(taken(), label="before the move").takings
    assert one.slot == "label:before the move"
    assert one.deed.because.endswith("; as 'before the move'")


def test_an_instance_without_a_volume_has_nothing_to_take() -> None:
    told = plan(source=instance(0))
    assert [(deed.action, deed.because) for deed in told.deeds] == [("keep", "it has no EBS volume")]


def test_what_does_not_stand_is_to_be_taken_and_can_not_be() -> None:
    told = plan(missing={"instance/old": "it doesn't stand"}, by_itself={"bucket/up": "its versions"})
    assert [(deed.what, deed.action) for deed in told.deeds[1:]] == [
        ("nightly instance/old", "take"),
        ("nightly bucket/up", "keep"),
    ]
    assert told.wrong == {"nightly instance/old": "it doesn't stand"}


# ---------------------------------------------------------------------- sources


def test_a_volume_of_a_covered_instance_goes_with_it_and_a_lone_one_by_itself() -> None:
    machine = {"InstanceId": "i-1", "State": {"Name": "stopped"}, "Tags": [{"Key": "Name", "Value": "old"}]}
    machine["BlockDeviceMappings"] = [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeId": "vol-1"}}]
    mine, other = ({"VolumeId": id, "Size": 4, "VolumeType": "gp3"} for id in ("vol-1", "vol-2"))
    found = list(sources_of([machine], [mine, other], {"vol-1": mine}, "web"))
    assert [(one.id, one.name, one.gib, one.instance) for one in found] == [
        ("i-1", "i-1 (old)", 4, None),
        ("vol-2", "vol-2", 4, None),
    ]


def test_a_part_is_one_of_this_environment_only() -> None:
    tags = [{"Key": "castra:part", "Value": "volume/x"}, {"Key": "castra:environment", "Value": "web"}]
    one = {"VolumeId": "vol-1", "Tags": tags, "Attachments": [{"Device": "/dev/xvdf", "InstanceId": "i-1"}]}
    [mine], [others] = (list(sources_of([], [one], {}, name)) for name in ("web", "shop"))
    assert (mine.series, others.series) == ("volume/x", "vol-1")
    assert (mine.volumes[0].device, mine.instance) == ("/dev/xvdf", "i-1")


# ---------------------------------------------------------------------- names of images


def named(slot: str = SLOT, name: str = "nightly", attempt: int = 1) -> str:
    deed = Deed(what="x", action="take")
    return image_name("web", Taking(name, NIGHTLY, instance(1), "image", slot, deed, attempt))


def test_an_images_name_says_what_it_is_of_and_is_the_same_for_the_same_slot() -> None:
    assert named() == "web/nightly/i-1/2026-05-13T02-00-00Z"
    assert named(attempt=2) == "web/nightly/i-1/2026-05-13T02-00-00Z-2"


def test_labels_and_long_names_never_share_one() -> None:
    long = ["p" * 100 + end for end in "ab"]
    names = [named(f"label:{label}") for label in ("a b", "a:b", "a_b", "ä", "ö")] + [named(name=one) for one in long]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 128 for name in names)
