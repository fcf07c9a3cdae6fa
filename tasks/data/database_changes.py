"""How a database is changed: in one call, at once or in its maintenance window."""

from typing import Any

from tasks.data.database_listing import FAILED, LEAVING, STANDING, described, name_of, settled
from tasks.data.database_state import AT_ONCE_ONLY, NOW, PENDING, DatabaseState, told_state, waiting
from tasks.errors import CastraError, Refused
from tasks.retry import when_released
from tasks.scope import Scope, as_dict
from tasks.waiting import wait_until

APPLIED_WITHIN = 7200.0  # seconds; a larger machine with a second zone, and a copy of all data, take their time
STOPPED = "stopped"
IN_TAGS = frozenset({"on_removal", "protected"})  # what AWS has no setting for


def change(scope: Scope, name: str, wanted: DatabaseState, changed: frozenset[str]) -> None:
    """Ask for what differs still, once no other change is under way. What is to be now is awaited.

    Raises Refused for one that AWS doesn't change as it is, and for a new version that is to wait for the window.
    """
    if changed <= IN_TAGS:
        return
    standing = settled(scope, name)
    if standing is None or (status := standing["DBInstanceStatus"]) == LEAVING:
        raise CastraError(f"database {name}", "it is gone, or going", "Run again: it will be made")
    found = told_state(standing, as_dict(standing.get("TagList")))
    differing = frozenset(field for field in changed if getattr(found, field) != getattr(wanted, field))
    asked = _asked(wanted, differing, standing)
    if not asked:
        return
    if status == STOPPED or status in FAILED:
        way_out = f"Start it (castra resume {scope.environment})" if status == STOPPED else "Look at its events in AWS"
        raise Refused(f"database {name}", f"it is {status}, and AWS changes none that is", f"{way_out}, and run again")
    if wanted.apply != NOW and differing & AT_ONCE_ONLY:
        why = f"version {wanted.version} needs other settings, which can't wait for the window beside it"
        raise Refused(f"database {name}", why, "Set apply: now for this raising")
    at_once = {"ApplyImmediately": wanted.apply == NOW}
    modify = scope.client("rds").modify_db_instance
    when_released(f"database {name}", modify, DBInstanceIdentifier=name, **asked, **at_once)
    if wanted.apply == NOW:
        wait_until(scope, lambda: _applied(scope, name), f"database {name}", APPLIED_WITHIN, lambda: "it still changes")


def _applied(scope: Scope, name: str) -> bool:
    """Whether nothing is pending, nor under way."""
    database = described(scope, name) or {}
    return database.get("DBInstanceStatus") in STANDING and not PENDING.keys() & database.get(
        "PendingModifiedValues", {}
    )


def _asked(wanted: DatabaseState, fields: frozenset[str], standing: dict[str, Any]) -> dict[str, Any]:
    """These fields, as ModifyDBInstance takes them. What waits already is asked for again, to be made now."""
    fields |= frozenset(waiting(standing)) if "waiting" in fields else frozenset()
    size = max(wanted.storage, standing["AllocatedStorage"])
    larger = {"AllocatedStorage": wanted.storage} if wanted.storage > standing["AllocatedStorage"] else {}
    by_field: dict[str, dict[str, Any]] = {
        "version": {"EngineVersion": wanted.version, "AllowMajorVersionUpgrade": True},
        "instance_class": {"DBInstanceClass": wanted.instance_class},
        "storage": larger,
        "max_storage": {"MaxAllocatedStorage": wanted.max_storage or size},
        "multi_zone": {"MultiAZ": wanted.multi_zone},
        "groups": {"VpcSecurityGroupIds": list(wanted.groups)},
        "public": {"PubliclyAccessible": wanted.public},
        "parameter_group": {"DBParameterGroupName": name_of(wanted.parameter_group)},
        "port": {"DBPortNumber": wanted.port},
        "managed_password": {"ManageMasterUserPassword": True},
        "backup_retention": {"BackupRetentionPeriod": wanted.backup_retention},
        "backup_window": {"PreferredBackupWindow": wanted.backup_window},
        "maintenance_window": {"PreferredMaintenanceWindow": wanted.maintenance_window},
        "minor_upgrades": {"AutoMinorVersionUpgrade": wanted.minor_upgrades},
        "tags_on_snapshots": {"CopyTagsToSnapshot": True},
        "guarded": {"DeletionProtection": wanted.guarded},
    }
    asked = [by_field[field] for field in sorted(fields & by_field.keys())]
    return {key: value for settings in asked for key, value in settings.items() if value != ""}
