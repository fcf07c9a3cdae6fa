"""Backing up and pruning, by flows and by a shell: what nobody made twice, what failed, what was left undone."""

import json
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest
import yaml

from blueprints.environment import Environment
from blueprints.reading import build, load
from flows.back_up import back_up
from flows.prune_backups import prune_backups
from tasks.backups.listing import backups_in
from tasks.backups.record import AFTER, DEVICE, Backup, set_of, slot_of, tags_of
from tasks.errors import Failed, Invalid
from tasks.reading import plan_of, scope_of
from tasks.scope import as_dict, as_list
from tests.conductor import carry_out
from tests.flows.shell import castra
from tests.flows.world import REGION, ROOT, client, scope
from tests.physics import Physics

pytestmark = pytest.mark.usefixtures("prefect")
ZONE = f"{REGION}a"


@pytest.fixture(autouse=True)
def orders_end(aws: Physics) -> Iterator[None]:
    yield
    aws.rules.clear()


def blueprint(name: str, **policy: Any) -> Environment:
    return build(document(name, **policy))


def document(name: str, **policy: Any) -> dict[str, Any]:
    nightly = {"select": {"tags": {"backup": name}}, "when": {"cron": "0 0 * * *"}, "keep": {"daily": 7}}
    return {"name": name, "region": REGION, "backups": {"nightly": nightly | policy}}


def instance(tag: str, volumes: int = 2) -> str:
    """One that Castra didn't make."""
    ec2 = client("ec2")
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "backup", "Value": tag}]}]
    images = ec2.describe_images(Owners=["amazon"])["Images"]
    image = next(one["ImageId"] for one in images if one.get("Platform") != "windows")
    made = ec2.run_instances(
        ImageId=image, MinCount=1, MaxCount=1, TagSpecifications=tags, Placement={"AvailabilityZone": ZONE}
    )["Instances"][0]
    for number in range(1, volumes):
        more = ec2.create_volume(AvailabilityZone=made["Placement"]["AvailabilityZone"], Size=4)["VolumeId"]
        ec2.attach_volume(VolumeId=more, InstanceId=made["InstanceId"], Device=f"/dev/sd{'fgh'[number]}")
    return str(made["InstanceId"])


def volume(tag: str) -> str:
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "backup", "Value": tag}]}]
    return str(client("ec2").create_volume(AvailabilityZone=ZONE, Size=4, TagSpecifications=tags)["VolumeId"])


def standing(name: str) -> list[Backup]:
    return backups_in(scope(name), name)


def old(name: str, source: str, days: int, gib_tags: dict[str, str] | None = None) -> str:
    """A snapshot as Castra would have taken it some days ago."""
    due = datetime.now(UTC).replace(hour=0, minute=0, second=0) - timedelta(days=days)
    policy = blueprint(name).backups["nightly"]
    told = tags_of(name, "nightly", source, None, slot_of(due), "snapshot", 1, policy.keep, "UTC") | (gib_tags or {})
    asked = [{"ResourceType": "snapshot", "Tags": as_list(told)}]
    return str(client("ec2").create_snapshot(VolumeId=source, TagSpecifications=asked)["SnapshotId"])


# ---------------------------------------------------------------------- taking


def test_each_source_is_taken_as_what_it_should_be_and_run_again_nothing_is(aws: Physics, name: str) -> None:
    several, single, lone = instance(name), instance(name, 1), volume(name)
    done = back_up(blueprint(name))
    assert done.counts == {"take": 3}
    taken = {backup.source: backup for backup in standing(name)}
    assert {source: (one.how, one.state, len(one.pieces)) for source, one in taken.items()} == {
        several: ("snapshot", "complete", 2),
        single: ("image", "complete", 1),
        lone: ("snapshot", "complete", 1),
    }
    assert {deed.id for deed in done.deeds} == {one.id for one in taken.values()}
    assert {piece.device for piece in taken[several].pieces} == {"/dev/sda1", "/dev/sdg"}
    before = len(aws.writes())
    again = back_up(blueprint(name))
    assert again.counts == {"keep": 3}
    assert [call.name for call in aws.writes()[before:] if call.service == "ec2"] == []


def test_a_backup_carries_its_tags_from_birth_and_none_that_makes_it_a_part(aws: Physics, name: str) -> None:
    source = volume(name)
    back_up(blueprint(name))
    [snapshot] = client("ec2").describe_snapshots(
        OwnerIds=["self"], Filters=[{"Name": "tag:castra:source", "Values": [source]}]
    )["Snapshots"]
    tags = as_dict(snapshot["Tags"])
    assert (tags["castra:backup"], tags["castra:how"]) == (f"{name}/nightly", "snapshot")
    assert tags["castra:tiers"] == "hourly=0 daily=7 weekly=0 monthly=0 yearly=0 zone=Etc/UTC"
    assert {"castra:part", "castra:environment"} & tags.keys() == set()
    writes = [call for call in aws.writes() if call.params.get("VolumeId") == source]
    assert [call.operation for call in writes] == ["CreateSnapshot"]


def test_one_by_hand_stands_beside_the_schedules_and_each_label_once(aws: Physics, name: str) -> None:
    volume(name)
    for label in ("", "before the move", "before the move"):
        back_up(blueprint(name), label=label)
    assert sorted(one.label for one in standing(name)) == ["", "before the move"]


def test_a_create_whose_answer_was_lost_is_found_and_not_repeated(aws: Physics, name: str) -> None:
    for operation, make in (("CreateSnapshots", instance), ("CreateSnapshot", volume), ("CreateImage", instance)):
        tag = f"{name}-{operation.lower()}"
        make(tag, 1) if operation == "CreateImage" else make(tag)
        aws.rule(operation, "lose-answer", nth=1)
        back_up(blueprint(tag))
        aws.rules.clear()
        assert len(standing(tag)) == 1, operation


def test_one_source_that_fails_holds_up_no_other_and_is_taken_by_the_next_run(aws: Physics, name: str) -> None:
    for _ in range(3):
        volume(name)
    aws.rule("CreateSnapshot", "error:SnapshotLimitExceeded:400", nth=2)
    with pytest.raises(Failed, match="SnapshotLimitExceeded") as caught:
        back_up(blueprint(name))
    assert len(caught.value.failures) == 1
    assert len(standing(name)) == 2
    aws.rules.clear()
    assert back_up(blueprint(name)).counts == {"keep": 2, "take": 1}


def test_what_does_not_stand_fails_with_its_reason(aws: Physics, name: str) -> None:
    bucket = build(
        document(name, select=None, buckets=["up"]) | {"buckets": {"up": {"versioning": True, "on_removal": "wipe"}}}
    )
    with pytest.raises(Failed, match="bucket/up: it doesn't stand; `castra up` mends that"):
        back_up(bucket)
    s3, called = client("s3"), scope(name).bucket_name("up")
    s3.create_bucket(Bucket=called, CreateBucketConfiguration={"LocationConstraint": REGION})
    with pytest.raises(Failed, match="its versioning is off"):
        back_up(bucket)
    s3.put_bucket_versioning(Bucket=called, VersioningConfiguration={"Status": "Enabled"})
    assert [deed.because for deed in back_up(bucket).deeds] == ["its backup is its versions, which it keeps"]


def test_a_label_with_a_star_stands_for_itself_and_one_in_any_script_is_taken(aws: Physics, name: str) -> None:
    for source in (volume(name), instance(name, 1)):
        assert source
    for label in ("before", "b*", "vor dem Umzug: ä–ж"):
        assert back_up(blueprint(name), label=label).counts == {"take": 2}
    assert {one.label for one in standing(name)} == {"before", "b*", "vor dem Umzug: ä–ж"}
    for one in client("ec2").describe_snapshots(OwnerIds=["self"])["Snapshots"]:
        assert one.get("Description", "").isascii()


def test_a_policy_that_the_document_does_not_have_is_told(aws: Physics, name: str) -> None:
    with pytest.raises(Invalid, match=r"backups.weekly: there's no such policy. There are: nightly"):
        back_up(blueprint(name), policies=("weekly",))


# ---------------------------------------------------------------------- commands


def sent(aws: Physics) -> list[str]:
    """The first line of each script, after the one that ends it at the first failure."""
    scripts = [call.params["Parameters"]["commands"] for call in aws.log.snapshot() if call.operation == "SendCommand"]
    assert all(lines[0] == "set -e" for lines in scripts)
    return [lines[1] for lines in scripts]


def test_commands_run_before_and_after_and_nothing_is_owed(aws: Physics, name: str) -> None:
    instance(name)
    aws.log.clear()
    back_up(blueprint(name, before="fsfreeze -f /data", after=["fsfreeze -u /data"]))
    order = [call.operation for call in aws.log.snapshot() if call.operation in ("SendCommand", "CreateSnapshots")]
    assert order == ["SendCommand", "CreateSnapshots", "SendCommand"]
    assert sent(aws) == ["fsfreeze -f /data", "fsfreeze -u /data"]
    assert not standing(name)[0].owed


def test_a_failed_command_before_fails_that_backup_and_the_one_after_runs_all_the_same(aws: Physics, name: str) -> None:
    instance(name)
    aws.log.clear()
    with pytest.raises(Failed, match="it ended as Failed, with 3: failed to run commands: exit status 3"):
        back_up(blueprint(name, before="exit 3", after="thaw"))
    assert sent(aws) == ["exit 3", "thaw"]
    assert standing(name) == []


def test_the_first_command_that_fails_ends_them(aws: Physics, name: str) -> None:
    instance(name)
    with pytest.raises(Failed, match="it ended as Failed, with 1"):
        back_up(blueprint(name, before=["false", "sync"]))
    assert standing(name) == []


def test_a_lost_answer_sends_no_command_twice(aws: Physics, name: str) -> None:
    instance(name)
    aws.log.clear()
    aws.rule("SendCommand", "lose-answer", nth=1)
    back_up(blueprint(name, before="freeze", after="thaw"))
    assert sent(aws) == ["freeze", "thaw"]


def test_if_taking_fails_the_command_after_runs_all_the_same(aws: Physics, name: str) -> None:
    instance(name)
    aws.log.clear()
    aws.rule("CreateSnapshots", "error:SnapshotLimitExceeded:400")
    with pytest.raises(Failed, match="SnapshotLimitExceeded"):
        back_up(blueprint(name, after="thaw"))
    assert sent(aws) == ["thaw"]


def test_a_failed_command_after_is_told_and_run_again_by_the_next_run(aws: Physics, name: str) -> None:
    instance(name)
    with pytest.raises(Failed, match="exit status 1"):
        back_up(blueprint(name, after="exit 1"))
    assert [(one.state, one.owed) for one in standing(name)] == [("complete", True)]
    aws.log.clear()
    assert back_up(blueprint(name, after="thaw")).counts == {"finish": 1}
    assert sent(aws) == ["thaw"]
    assert [(one.state, one.owed) for one in standing(name)] == [("complete", False)]


def test_devices_that_a_killed_run_did_not_note_are_noted_by_the_next_run(aws: Physics, name: str) -> None:
    instance(name)
    back_up(blueprint(name))
    [one] = standing(name)
    ids = [piece.id for piece in one.pieces]
    client("ec2").delete_tags(Resources=ids, Tags=[{"Key": DEVICE}])
    client("ec2").create_tags(Resources=ids, Tags=[{"Key": AFTER, "Value": "owed"}])
    assert back_up(blueprint(name)).counts == {"finish": 1}
    assert standing(name) == [one]


# ---------------------------------------------------------------------- pruning


def test_what_no_tier_wants_goes_and_the_figures_say_what_that_frees(aws: Physics, prefect: str, name: str) -> None:
    source = volume(name)
    made = [old(name, source, days) for days in range(10)]
    done = prune_backups(blueprint(name))
    assert done.counts == {"keep": 7, "remove": 3}
    assert {one.id for one in standing(name)} == set(made[:7])
    told = {key: value for key, value in done.figures.items() if key != "throttled"}
    assert told == {
        "gib_held": 40,
        "gib_freed": 12,
        "usd_a_month_held_at_most": 2.0,
        "usd_a_month_freed_at_most": 0.6,
        "usd_for_a_gib_month": 0.05,
    }
    assert prune_backups(blueprint(name)).counts == {"keep": 7}
    with urlopen(f"{prefect}/api/artifacts/coverage-{name}/latest") as answer:
        kept = json.load(answer)
    (row,) = json.loads(kept["data"])
    assert (row["what"], row["policy"], row["backups"], row["gib"]) == (source, "nightly", 7, 28)
    assert (row["late"], kept["description"]) == ("", f"Backups of {name}: 1 sources, 0 not as they should be")


def test_a_policy_that_is_gone_is_named_and_its_backups_age(aws: Physics, name: str) -> None:
    source = volume(name)
    made = [old(name, source, days) for days in range(5, 10)]
    renamed = document(name)
    renamed["backups"] = {"daily": renamed["backups"]["nightly"]}
    done = prune_backups(build(renamed))
    assert {one.id for one in standing(name)} == set(made[:2])
    reasons = {deed.because for deed in done.deeds if deed.action == "remove"}
    assert reasons == {"its policy is gone, and its 7 days are over"}


def test_a_terminated_source_keeps_its_last_good_one(aws: Physics, name: str) -> None:
    source = volume(name)
    made = [old(name, source, days) for days in range(20, 24)]
    client("ec2").delete_volume(VolumeId=source)
    prune_backups(blueprint(name))
    assert [one.id for one in standing(name)] == [made[0]]


def test_an_image_goes_with_its_snapshots_and_what_an_instance_runs_from_stays(aws: Physics, name: str) -> None:
    ec2, machine = client("ec2"), instance(name, 1)
    images = []
    for days in (20, 10, 1):
        due = slot_of(datetime.now(UTC) - timedelta(days=days))
        keep = blueprint(name).backups["nightly"].keep
        tags = as_list(tags_of(name, "gone", machine, None, due, "image", 1, keep, "UTC"))
        both = [{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")]
        images.append(ec2.create_image(InstanceId=machine, Name=f"{name}-{days}", TagSpecifications=both)["ImageId"])
    ec2.run_instances(ImageId=images[0], MinCount=1, MaxCount=1)
    done = prune_backups(blueprint(name))
    assert [(one.id, len(one.pieces)) for one in standing(name)] == [(images[0], 1), (images[2], 1)]
    [kept] = [deed for deed in done.deeds if deed.id == images[0]]
    assert kept.because.startswith("in use: instance i-")


def test_a_snapshot_that_an_image_stands_on_stays_with_the_reason(aws: Physics, name: str) -> None:
    ec2, source = client("ec2"), volume(name)
    first, *_ = [old(name, source, days) for days in (30, 20, 1)]
    disks = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": first}}]
    image = ec2.register_image(Name=f"{name}-own", RootDeviceName="/dev/xvda", BlockDeviceMappings=disks)["ImageId"]
    small = blueprint(name, keep={"daily": 1})
    done = prune_backups(small)
    assert next(deed.because for deed in done.deeds if deed.id == first) == f"in use: image {image} stands on it"
    assert done.counts == {"keep": 2, "remove": 1}


def test_a_removal_that_was_killed_within_a_set_is_ended_by_the_next_run(aws: Physics, name: str) -> None:
    machine = instance(name)
    back_up(blueprint(name))
    [whole] = standing(name)
    client("ec2").delete_snapshot(SnapshotId=whole.pieces[0].id)
    assert [one.why for one in standing(name)] == ["1 of its 2 snapshots are gone"]
    done = prune_backups(blueprint(name))
    assert done.counts == {"remove": 1}
    assert standing(name) == []
    assert set_of(f"{name}/nightly", machine, whole.slot) == whole.id


# ---------------------------------------------------------------------- the example


def test_the_example_is_backed_up_as_it_says(aws: Physics, name: str) -> None:
    environment = load(ROOT / "examples" / "backups.yaml").model_copy(update={"name": name})
    raised = scope_of(environment)
    raised.poll_seconds = 0.05
    carry_out(plan_of(environment, raised), raised)
    done = back_up(environment)
    told = {deed.what.rpartition(" ")[0]: (deed.action, deed.because.partition(";")[0]) for deed in done.deeds}
    assert told == {
        "nightly instance/db": ("take", "snapshots of its 2 volumes at one instant, all or none"),
        "nightly instance/office": ("take", "an image, as it has one volume and shall boot in a failed one's place"),
        "hourly volume/db-data": ("take", "a volume's backup is a snapshot"),
        "files": ("keep", "its backup is its versions, which it keeps"),
    }
    taken = {(one.policy, one.series): one for one in standing(name)}
    assert set(taken) == {("nightly", "instance/db"), ("nightly", "instance/office"), ("hourly", "volume/db-data")}
    assert [piece.device for piece in taken["nightly", "instance/db"].pieces] == ["/dev/sdf", "/dev/xvda"]
    assert prune_backups(environment).counts == {"keep": 3}
    assert not any(one.owed for one in taken.values())


def test_every_call_is_among_the_actions_that_the_documentation_lists(aws: Physics, name: str) -> None:
    instance(name)
    machine, source = instance(name, 1), volume(name)
    made = [old(name, source, days) for days in (20, 10)]
    keep = blueprint(name).backups["nightly"].keep
    for year in (2020, 2021):
        due = slot_of(datetime(year, 1, 1, tzinfo=UTC))
        tags = as_list(tags_of(name, "gone", machine, None, due, "image", 1, keep, "UTC"))
        both = [{"ResourceType": kind, "Tags": tags} for kind in ("image", "snapshot")]
        client("ec2").create_image(InstanceId=machine, Name=f"{name}-{year}", TagSpecifications=both)
    aws.log.clear()
    back_up(blueprint(name, after="thaw"))
    assert prune_backups(blueprint(name, keep={"daily": 1})).counts["remove"] == len(made) + 1
    text = (ROOT / "docs" / "operations.md").read_text()
    calls = {call for call in aws.counts() if not call.startswith(("sts:", "s3:"))}
    assert {
        "ec2:CreateImage",
        "ec2:CreateSnapshots",
        "ec2:DeregisterImage",
        "ec2:DeleteSnapshot",
        "ssm:SendCommand",
    } <= calls
    undocumented = {call for call in calls if f"`{call}`" not in text and not call.startswith("ec2:Describe")}
    assert undocumented == set()


# ---------------------------------------------------------------------- the shell


@pytest.mark.thorough
def test_the_shell_backs_up_and_prunes(aws: Physics, name: str, tmp_path: Path) -> None:
    source, file = volume(name), tmp_path / "backups.yaml"
    for days in (20, 1):
        old(name, source, days, {"gib": "4"})
    file.write_text(yaml.safe_dump(document(name, keep={"daily": 1})))
    first = castra("back-up", file, "nightly", "--yes", "--json")
    assert first.returncode == 0, first.stderr
    assert first.document["counts"] == {"take": 1}
    assert first.document["deeds"][0]["because"].startswith("a volume's backup is a snapshot; due since ")
    again = castra("back-up", file)
    assert again.returncode == 0, again.stderr
    assert "Nothing to do, 1 kept" in again.stdout
    pruned = castra("prune", file, "--yes", "--price", "0.1")
    assert pruned.returncode == 0, pruned.stderr
    assert "2 remove, 1 kept" in pruned.stdout
    assert "usd a month freed at most: 0.8" in pruned.stdout
    unknown = castra("back-up", file, "weekly", "--yes")
    assert (unknown.returncode, "there's no such policy" in unknown.stderr) == (2, True)


# ---------------------------------------------------------------------- alarms


def test_what_failed_and_what_is_late_are_told_as_events(
    aws: Physics, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[tuple[str, ...]] = []
    for module in ("back_up", "prune_backups"):
        monkeypatch.setattr(sys.modules[f"flows.{module}"], "alarm", lambda *words: told.append(words))
    source = volume(name)
    aws.rule("CreateSnapshot", "error:SnapshotLimitExceeded:400", nth=1)
    with pytest.raises(Failed):
        back_up(blueprint(name))
    [failed] = told
    assert failed[:3] == ("castra.backup.failed", name, "nightly")
    assert failed[3].startswith(f"{source}: CreateSnapshot answered SnapshotLimitExceeded")
    old(name, source, 9)
    prune_backups(blueprint(name))
    assert told[1][:3] == ("castra.backup.late", name, "nightly")
    assert told[1][3].startswith(f"{source}: its newest good one is of ")
    back_up(blueprint(name))
    prune_backups(blueprint(name))
    assert len(told) == 2
