"""Snapshots of databases: of what, under which names and tags, and when they can be restored, copied and deleted."""

import re
from collections.abc import Iterator
from typing import Any

from moto.backends import get_backend

from tests.physics.answers import Refused
from tests.physics.hooks import before
from tests.physics.protocol import Request
from tests.physics.world import World

TAKES = ("available", "storage-optimization")
"""https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBSnapshot.html"""
NAME = re.compile(r"[a-zA-Z](-?[a-zA-Z0-9])*")
TAG = re.compile(r"[\w\s.:/=+@-]*")
"""https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html"""


@before("rds:CreateDBSnapshot")
def taken(request: Request, world: World) -> None:
    name = request.text("DBSnapshotIdentifier")
    if not NAME.fullmatch(name) or len(name) > 255:
        raise Refused("InvalidParameterValue", f"The parameter DBSnapshotIdentifier is not a valid identifier: {name}")
    database = world.backend(request).databases.get(request.text("DBInstanceIdentifier"))
    if database is not None and database.status not in TAKES:
        why = f"Cannot create a snapshot because the database instance {database.db_instance_identifier}"
        raise Refused("InvalidDBInstanceState", f"{why} is not currently in the available state.")


@before("rds:CreateDBSnapshot", "rds:CopyDBSnapshot", "rds:RestoreDBInstanceFromDBSnapshot", "rds:AddTagsToResource")
def tagged(request: Request, world: World) -> None:
    for tag in request.rows("Tags"):
        if not TAG.fullmatch(tag.get("Value", "")):
            raise Refused("InvalidParameterValue", f"Invalid tag value: {tag['Value']}")


@before("rds:RestoreDBInstanceFromDBSnapshot", "rds:CopyDBSnapshot", "rds:ModifyDBSnapshotAttribute")
def whole(request: Request, world: World) -> None:
    name = request.text("DBSnapshotIdentifier") or request.text("SourceDBSnapshotIdentifier")
    for snapshot in called(name, request, world):
        if snapshot.status != "available":
            raise Refused("InvalidDBSnapshotState", f"The snapshot {name} is not available: {snapshot.status}")


@before("rds:DeleteDBSnapshot")
def at_rest(request: Request, world: World) -> None:
    """Not while it's being made. One that is being copied goes, and takes the copy along."""
    for snapshot in called(request.text("DBSnapshotIdentifier"), request, world):
        if snapshot.status not in ("available", "failed"):
            why = "Cannot delete the snapshot because it is not currently in the available or failed state"
            raise Refused("InvalidDBSnapshotState", f"{why}: {snapshot.status}")
        for region in get_backend("rds")[snapshot.account_id].values():
            for copy in region.database_snapshots.values():
                if copy.status == "copying" and getattr(copy, "copy_of", "") == snapshot.db_snapshot_arn:
                    copy.status = "failed"


def called(name: str, request: Request, world: World) -> Iterator[Any]:
    """The snapshot of a name, or of an ARN in whatever region; none, if there's none."""
    where = request.at(name.split(":")[3]) if name.startswith("arn:") else request
    if snapshot := world.backend(where).database_snapshots.get(name.rpartition(":")[2]):
        yield snapshot


AT_ONCE = 20  # https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_CopySnapshot.html


@before("rds:CopyDBSnapshot")
def copied(request: Request, world: World) -> None:
    """A key is of one region, and so many copies at a time go into one."""
    for snapshot in called(request.text("SourceDBSnapshotIdentifier"), request, world):
        key, elsewhere = request.text("KmsKeyId"), snapshot.region != request.region
        if (snapshot.storage_encrypted and elsewhere and not key) or (key and not known(key, request, world)):
            why = f"The target KMS key [{key or None}] does not exist, is not enabled or you do not have permissions"
            raise Refused("KMSKeyNotAccessibleFault", f"{why} to access it.")
        copies = [one for one in world.backend(request).database_snapshots.values() if one.status == "copying"]
        if elsewhere and len(copies) >= AT_ONCE:
            raise Refused("SnapshotQuotaExceeded", f"Cannot copy more than {AT_ONCE} snapshots across regions")


def known(key: str, request: Request, world: World) -> bool:
    kms = world.backend(request, "kms")
    return key == DEFAULT or bool(kms.any_id_to_key_id(key) in kms.keys)


DEFAULT = "alias/aws/rds"


@before("rds:ModifyDBSnapshotAttribute")
def shared(request: Request, world: World) -> None:
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/share-encrypted-snapshot.html"""
    for snapshot in called(request.text("DBSnapshotIdentifier"), request, world):
        if snapshot.storage_encrypted and not under_a_key_of_ones_own(snapshot, request, world):
            why = "You cannot share a snapshot that is encrypted with the default AWS KMS key of the account."
            raise Refused("InvalidParameterValue", why)


def under_a_key_of_ones_own(snapshot: Any, request: Request, world: World) -> bool:
    kms = world.backend(request, "kms")
    key = str(snapshot.kms_key_id or "")
    default = kms.get_key_id_from_alias(DEFAULT) if kms.alias_exists(DEFAULT) else ""
    return key not in ("", DEFAULT, "default_kms_key_id") and not (default and key.endswith(str(default)))
