"""What stays of a volume that nobody wants any more: itself, or a snapshot; and how a kept one is found again."""

from collections.abc import Mapping
from typing import Any

from tasks.errors import CastraError
from tasks.scope import ENVIRONMENT, FINGERPRINT, KEPT, PART, RETIRED, Scope, as_dict, as_list
from tasks.waiting import wait_for

SOURCE = "castra:source"  # on a snapshot: the id of the volume that it is of
COMPLETE_WITHIN = 6 * 3600.0  # seconds; a first snapshot holds all of the volume
SNAPSHOTS = ("ec2:CreateSnapshot", "ec2:DescribeSnapshots")


def kept_volume(scope: Scope, key: str, zone: str) -> dict[str, Any] | None:
    """The volume of this part that was kept when the environment was struck, if it's in the zone.

    Raises CastraError where there are two.
    """
    filters = [
        {"Name": f"tag:{KEPT}", "Values": [scope.environment]},
        {"Name": f"tag:{PART}", "Values": [key]},
        {"Name": "availability-zone", "Values": [zone]},
        {"Name": "status", "Values": ["available"]},
    ]
    found = scope.pages("ec2", "describe_volumes", "Volumes", Filters=filters)
    kept = [one for one in found if ENVIRONMENT not in as_dict(one.get("Tags"))]
    if len(kept) > 1:
        ids = " and ".join(sorted(one["VolumeId"] for one in kept))
        way_out = f"Take the tag {KEPT} off all but the one that is to be taken on"
        raise CastraError(key, f"{ids} were both kept for it", way_out)
    return kept[0] if kept else None


def let_go(scope: Scope, id: str, tags: Mapping[str, str]) -> None:
    """Leave it as it is, without the tags that make it the environment's, and with one that says whose it was."""
    if ENVIRONMENT in tags:
        scope.ec2.create_tags(Resources=[id], Tags=as_list({KEPT: tags[ENVIRONMENT]}))
        dropped = [{"Key": key} for key in (ENVIRONMENT, FINGERPRINT, RETIRED)]
        scope.ec2.delete_tags(Resources=[id], Tags=dropped)


def take_last_snapshot(scope: Scope, id: str, tags: Mapping[str, str]) -> None:
    """A snapshot that is nobody's, complete. CreateSnapshot has no ClientToken: it's looked for by tag first."""
    ours = [{"Name": f"tag:{SOURCE}", "Values": [id]}, {"Name": f"tag:{KEPT}", "Values": [scope.environment]}]
    taken = list(scope.pages("ec2", "describe_snapshots", "Snapshots", OwnerIds=["self"], Filters=ours))
    good = [one["SnapshotId"] for one in taken if one["State"] != "error"]
    snapshot = good[0] if good else _take(scope, id, tags)
    within = COMPLETE_WITHIN
    wait_for(scope, "ec2", "snapshot_completed", f"the last snapshot of {id}", within, SnapshotIds=[snapshot])


def _take(scope: Scope, id: str, tags: Mapping[str, str]) -> str:
    given = scope.birth_tags(tags.get(PART, ""), None) | {KEPT: str(scope.environment), SOURCE: id}
    del given[ENVIRONMENT]
    made = scope.ec2_once.create_snapshot(
        VolumeId=id,
        Description=f"{scope.environment}: the last of {tags.get(PART, id)}",
        TagSpecifications=[{"ResourceType": "snapshot", "Tags": as_list(given)}],
    )
    return str(made["SnapshotId"])
