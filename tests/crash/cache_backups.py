"""What back-ups, restores and proofs of caches are killed on, and what else must be so at the end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tests.crash.backed_up import Main
from tests.crash.stage import Stage

PART = "replication-group/main"
MAIN = Main("caches", {"shards": 2, "replicas": 0})


def back_up(stage: Stage, folder: Path) -> tuple[str, ...]:
    """Of one cache that stands."""
    return "back-up", str(MAIN.raised(stage, folder)), "--yes"


def taken(stage: Stage) -> Iterator[str]:
    """What isn't so: there's one snapshot of the slot, complete."""
    found = [one["SnapshotStatus"] for one in snapshots(stage)]
    if found != ["available"]:
        yield f"there are snapshots of the states {found}, not one that is available"


def restore(stage: Stage, folder: Path) -> tuple[str, ...]:
    """Into an environment of its own."""
    MAIN.backed_up(stage, folder)
    return "restore", "crash", PART, "--into", "again", "--region", "eu-west-1", "--yes"


def restored(stage: Stage) -> Iterator[str]:
    """What isn't there exactly once: the restored cache, beside the one that it is of, with all shards."""
    found = [(environment(stage, one), one["Status"], len(one["NodeGroups"])) for one in caches(stage)]
    if sorted(found) != [("again", "available", 2), ("crash", "available", 2)]:
        yield f"there are caches {found}"


def prove(stage: Stage, folder: Path) -> tuple[str, ...]:
    """Of one backup."""
    return "prove", str(MAIN.backed_up(stage, folder, prove={"every_days": 7})), "--yes"


def proven(stage: Stage) -> Iterator[str]:
    """What isn't so: the snapshot is stamped, and nothing of the proof stands, nor a last snapshot of it."""
    stamps = [key for one in snapshots(stage) for key in tags(stage, one) if key == "castra:proven"]
    found = [environment(stage, one) for one in caches(stage)]
    groups = stage.client("elasticache").describe_cache_subnet_groups()["CacheSubnetGroups"]
    secrets = stage.client("secretsmanager").list_secrets()["SecretList"]
    if len(stamps) != 1 or len(snapshots(stage)) != 1 or found != ["crash"] or len(groups) != 1 or len(secrets) != 1:
        told = f"{len(stamps)} stamps, {len(snapshots(stage))} snapshots, caches of {found}"
        yield f"{told}, {len(groups)} groups, {len(secrets)} secrets"


def snapshots(stage: Stage) -> list[dict[str, Any]]:
    return list(stage.client("elasticache").describe_snapshots()["Snapshots"])


def caches(stage: Stage) -> list[dict[str, Any]]:
    return list(stage.client("elasticache").describe_replication_groups()["ReplicationGroups"])


def environment(stage: Stage, one: dict[str, Any]) -> str:
    return tags(stage, one)["castra:environment"]


def tags(stage: Stage, one: dict[str, Any]) -> dict[str, str]:
    told = stage.client("elasticache").list_tags_for_resource(ResourceName=one["ARN"])["TagList"]
    return {tag["Key"]: tag["Value"] for tag in told}
