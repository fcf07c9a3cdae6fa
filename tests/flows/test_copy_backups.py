"""Copying backups from a shell: the plan, the copies, and nothing to do afterwards."""

from pathlib import Path

import boto3
from typer.testing import CliRunner

from flows.cli import app
from tasks.backups.record import tags_of
from tasks.scope import as_list
from tests.flows.shell import castra
from tests.flows.world import REGION, client, written
from tests.physics import Physics

THERE = "eu-central-1"


def document(name: str, folder: Path, **copy: str) -> Path:
    policy = {"select": {"tags": {"backup": "yes"}}, "when": {"cron": "0 2 * * *"}, "keep": {"daily": 7}}
    backups = {"nightly": policy | {"copies": [{"region": THERE, **copy}]}}
    return written({"name": name, "region": REGION, "backups": backups}, folder)


def backed_up(name: str, encrypted: bool = False) -> str:
    volume = client("ec2").create_volume(AvailabilityZone=f"{REGION}a", Size=4, Encrypted=encrypted)["VolumeId"]
    tags = tags_of(name, "nightly", volume, None, "2026-11-28T02:00:00Z", "snapshot", 1, None, "UTC")
    specification = [{"ResourceType": "snapshot", "Tags": as_list(tags)}]
    made = client("ec2").create_snapshot(VolumeId=volume, TagSpecifications=specification)
    return str(made["SnapshotId"])


def test_the_shell_copies_what_has_no_copy_and_tells_it_in_one_document(
    aws: Physics, prefect: str, name: str, tmp_path: Path
) -> None:
    original, file = backed_up(name), document(name, tmp_path)
    done = castra("copy", file, "--yes", "--json")
    assert done.returncode == 0, done.stderr
    (deed,) = done.document["deeds"]
    there = boto3.client("ec2", region_name=THERE)
    named = [{"Name": "tag:castra:copy-of", "Values": [f"{REGION}/{original}"]}]
    (copy,) = there.describe_snapshots(OwnerIds=["self"], Filters=named)["Snapshots"]
    assert (deed["action"], deed["id"], copy["State"]) == ("copy", copy["SnapshotId"], "completed")
    assert (done.document["verb"], done.document["figures"]) == ("copy", {"gib_to_copy": 4})
    assert done.document["calls"]["write"] >= 1
    again = castra("copy", file, "--yes")
    assert (again.returncode, "Nothing to do" in again.stdout) == (0, True), again.stderr


def test_what_cannot_be_shared_and_who_isnt_there_is_told_before_anything_is_done(
    aws: Physics, name: str, tmp_path: Path
) -> None:
    backed_up(name, encrypted=True)
    file = document(name, tmp_path, account="210987654321")
    before = len(aws.writes())
    said = CliRunner().invoke(app, ["copy", str(file), "--yes"])
    assert (said.exit_code, "backups.nightly.copies.0.key" in said.output) == (2, True), said.output
    said = CliRunner().invoke(app, ["copy", str(file), "weekly"])
    assert (said.exit_code, "there's no such policy. There are: nightly" in said.output) == (2, True), said.output
    assert len(aws.writes()) == before
