"""What back-ups, restores and proofs of databases are killed on, and what else must be so at the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.crash.backed_up import Main
from tests.crash.stage import Stage

ELSEWHERE = "eu-central-1"
SHARED = [{"AttributeName": "restore", "AttributeValues": ["210987654321"]}]
MAIN = Main("databases", {"engine": "postgres", "version": "17"})


def back_up(stage: Stage, folder: Path) -> tuple[str, ...]:
    """Of one database that stands."""
    return "back-up", str(MAIN.raised(stage, folder)), "--yes"


def taken(stage: Stage) -> Iterator[str]:
    """What isn't so: there's one snapshot of the slot, complete."""
    found = [one["Status"] for one in snapshots(stage)]
    if found != ["available"]:
        yield f"there are snapshots of the states {found}, not one that is available"


def restore(stage: Stage, folder: Path) -> tuple[str, ...]:
    """Into an environment of its own."""
    MAIN.backed_up(stage, folder)
    return "restore", "crash", "database/main", "--into", "again", "--region", "eu-west-1", "--yes"


def restored(stage: Stage) -> Iterator[str]:
    """What isn't there exactly once: the restored database, beside the one that it is of."""
    found = [(one["DBInstanceStatus"], environment(one)) for one in databases(stage)]
    if sorted(found) != [("available", "again"), ("available", "crash")]:
        yield f"there are databases {found}"


def copy(stage: Stage, folder: Path) -> tuple[str, ...]:
    """To another region, under a key of that, and shared."""
    key = stage.client("kms", ELSEWHERE).create_key()["KeyMetadata"]["Arn"]
    there = {"region": ELSEWHERE, "account": "210987654321", "key": key}
    return "copy", str(MAIN.backed_up(stage, folder, copies=[there])), "--yes"


def copied(stage: Stage) -> Iterator[str]:
    """What isn't so: there's one copy, complete and shared."""
    found, rds = snapshots(stage, ELSEWHERE), stage.client("rds", ELSEWHERE)
    told = [rds.describe_db_snapshot_attributes(DBSnapshotIdentifier=one["DBSnapshotIdentifier"]) for one in found]
    shared = [one["DBSnapshotAttributesResult"]["DBSnapshotAttributes"] for one in told]
    if [one["Status"] for one in found] != ["available"] or shared != [SHARED]:
        yield f"there are copies {[one['Status'] for one in found]}, shared with {shared}"


def prove(stage: Stage, folder: Path) -> tuple[str, ...]:
    """Of one backup."""
    return "prove", str(MAIN.backed_up(stage, folder, prove={"every_days": 7})), "--yes"


def proven(stage: Stage) -> Iterator[str]:
    """What isn't so: the snapshot is stamped, and nothing of the proof stands, nor a last snapshot of it."""
    stamps = [tag["Key"] for one in snapshots(stage) for tag in one["TagList"] if tag["Key"] == "castra:proven"]
    found = [environment(one) for one in databases(stage)]
    groups = stage.client("rds").describe_db_subnet_groups()["DBSubnetGroups"]
    if len(stamps) != 1 or len(snapshots(stage)) != 1 or found != ["crash"] or len(groups) != 1:
        yield f"{len(stamps)} stamps, {len(snapshots(stage))} snapshots, databases of {found}, {len(groups)} groups"


def snapshots(stage: Stage, region: str = "eu-west-1") -> list[dict[str, Any]]:
    return list(stage.client("rds", region).describe_db_snapshots(SnapshotType="manual")["DBSnapshots"])


def databases(stage: Stage) -> list[dict[str, Any]]:
    return list(stage.client("rds").describe_db_instances()["DBInstances"])


def environment(one: dict[str, Any]) -> str:
    return next(str(tag["Value"]) for tag in one["TagList"] if tag["Key"] == "castra:environment")
