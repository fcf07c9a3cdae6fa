"""A database in the words of RDS's calls: as it's made, and what each field is when it's changed."""

from collections.abc import Mapping
from typing import Any

from tasks.data.database_changes import Settings
from tasks.data.database_instance import settings_of
from tasks.data.database_listing import name_of
from tasks.data.database_password import PASSWORD, asking_for
from tasks.data.database_state import DatabaseState
from tasks.scope import Scope


def as_created(wanted: DatabaseState) -> dict[str, Any]:
    """As CreateDBInstance takes it, but for the password. What isn't said is left to AWS."""
    maybe = {
        "MaxAllocatedStorage": wanted.max_storage,
        "KmsKeyId": wanted.kms_key,
        "DBName": wanted.database,
        "PreferredMaintenanceWindow": wanted.maintenance_window,
    }
    new = {
        "Engine": wanted.engine,
        "EngineVersion": wanted.version,
        "AllocatedStorage": wanted.storage,
        "StorageEncrypted": wanted.encrypted,
        "MasterUsername": wanted.user,
    }
    return {key: value for key, value in maybe.items() if value} | new | _either_way(wanted)


def as_restored(wanted: DatabaseState) -> dict[str, Any]:
    """As RestoreDBInstanceFromDBSnapshot takes it: engine, version, size, key and users are the snapshot's."""
    return {"DBSnapshotIdentifier": wanted.snapshot} | _either_way(wanted)


def _either_way(wanted: DatabaseState) -> dict[str, Any]:
    window = {"PreferredBackupWindow": wanted.backup_window} if wanted.backup_window else {}
    return window | {
        "DBInstanceClass": wanted.instance_class,
        "StorageType": "gp3",
        "MultiAZ": wanted.multi_zone,
        "DBSubnetGroupName": name_of(wanted.subnet_group),
        "VpcSecurityGroupIds": list(wanted.groups),
        "PubliclyAccessible": wanted.public,
        "DBParameterGroupName": name_of(wanted.parameter_group),
        "Port": wanted.port,
        "BackupRetentionPeriod": wanted.backup_retention,
        "AutoMinorVersionUpgrade": wanted.minor_upgrades,
        "CopyTagsToSnapshot": True,
        "DeletionProtection": wanted.guarded,
    }


def settings(scope: Scope, wanted: DatabaseState, fields: frozenset[str], standing: Mapping[str, Any]) -> Settings:
    """By field, what ModifyDBInstance takes. The password is read only where it's to be another one."""
    password = asking_for(scope, wanted, standing) if fields & PASSWORD else {}
    window = {"PreferredBackupWindow": wanted.backup_window} if wanted.backup_window else {}
    return settings_of(wanted, standing) | {
        "managed_password": password,
        "secret": password,
        "backup_retention": {"BackupRetentionPeriod": wanted.backup_retention},
        "backup_window": window,
        "tags_on_snapshots": {"CopyTagsToSnapshot": True},
        "guarded": {"DeletionProtection": wanted.guarded},
    }
