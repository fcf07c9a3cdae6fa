"""A database's state, as RDS tells it and as it's wanted, and what each field is in RDS's calls."""

from collections.abc import Mapping
from typing import Any

from blueprints.databases import Database
from tasks.data.database_listing import STANDING, beside
from tasks.kind import AtBirth, Fixed, State, Unordered
from tasks.scope import KMS_KEY, ON_REMOVAL

ASKED = "castra:asked"  # `storage=20 port=5432`: what was asked for, where AWS tells another thing later, or first
PROTECTED = "castra:protected"
NOW, WINDOW = "now", "window"
PENDING = {
    "DBInstanceClass": "instance_class",
    "AllocatedStorage": "storage",
    "MultiAZ": "multi_zone",
    "EngineVersion": "version",
    "BackupRetentionPeriod": "backup_retention",
    "Port": "port",
}
"""What RDS may tell as pending, as its fields have it."""
INTERRUPTS = ("instance_class", "multi_zone", "storage", "version")
"""What waits for the maintenance window, unless it's told to be made now."""
AT_ONCE_ONLY = frozenset({"version"})  # it takes another parameter group along, which can't wait beside it


class DatabaseState(State):
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html

    `waiting`: fields whose change waits for the window; where changes are to be made now, there are to be none.
    `guarded`: AWS's own deletion protection. `protected`: Castra's. `kms_key` is empty for the account's own.
    """

    engine: Fixed[str]
    version: str
    instance_class: str
    storage: int
    max_storage: int | None
    encrypted: Fixed[bool]
    kms_key: Fixed[str]
    multi_zone: bool
    subnet_group: Fixed[str]
    groups: Unordered[str]
    public: bool
    parameter_group: str
    port: int
    database: Fixed[str]
    user: Fixed[str]
    managed_password: bool
    backup_retention: int
    backup_window: str
    maintenance_window: str
    minor_upgrades: bool
    tags_on_snapshots: bool
    guarded: bool
    protected: bool
    waiting: Unordered[str]
    apply: AtBirth[str]
    on_removal: str

    def uncompared(self) -> frozenset[str]:
        """What is AWS's choice, as nothing is said of it; and what waits, where it may."""
        let_be = {name for name in ("backup_window", "maintenance_window", "database") if not getattr(self, name)}
        return self.at_birth() | let_be | ({"waiting"} if self.apply == WINDOW else set())

    def immovable(self, found: "DatabaseState") -> frozenset[str]:
        """A database can't be made smaller, nor go back to an earlier version."""
        less = {"storage"} if self.storage < found.storage else set()
        return self.fixed() | less | ({"version"} if _order(self.version) < _order(found.version) else set())

    def how(self, found: "DatabaseState", changed: frozenset[str]) -> str:
        """What waits for the window, and what interrupts it now."""
        some = [name for name in INTERRUPTS if name in changed]
        if self.apply == WINDOW:
            window = self.maintenance_window or found.maintenance_window
            refused = [f"{name} needs apply: now" for name in some if name in AT_ONCE_ONLY]
            queue = [name for name in some if name not in AT_ONCE_ONLY]
            waits = f"{' and '.join(queue)} wait{'s' * (len(queue) == 1)} for the window {window}" if queue else ""
            some = [*refused, *([waits] if waits else [])]
            return "; ".join([*some, *(["port restarts it at once"] if "port" in changed else [])])
        some = [name for name in (*some, "port") if name in changed and name not in ("storage", "multi_zone")]
        return f"{' and '.join(some)}: it is interrupted at once" if some else ""


def _order(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in version.split(".") if number.isdigit())


def major(engine: str, version: str) -> str:
    """`17` of 17.4, `8.4` of 8.4.3."""
    return ".".join(version.split(".")[: 1 if engine == "postgres" else 2])


def told_state(database: Mapping[str, Any], tags: Mapping[str, str]) -> DatabaseState:
    """What stands; what is pending counts as made, so that no second run asks for it again."""
    pending = {key: value for key, value in database.get("PendingModifiedValues", {}).items() if key in PENDING}
    now = {**database, **pending}
    asked = dict(word.partition("=")[::2] for word in tags.get(ASKED, "").split())
    arn, most = database["DBInstanceArn"], database.get("MaxAllocatedStorage")
    storage, port = now["AllocatedStorage"], pending.get("Port") or database.get("Endpoint", {}).get("Port")
    grown = most is not None and "storage" in asked and int(asked["storage"]) <= storage
    return DatabaseState(
        engine=database["Engine"],
        version=major(database["Engine"], now["EngineVersion"]),
        instance_class=now["DBInstanceClass"],
        storage=int(asked["storage"]) if grown else storage,
        max_storage=most,
        encrypted=database.get("StorageEncrypted", False),
        kms_key=database.get("KmsKeyId", "") if KMS_KEY in tags else "",
        multi_zone=now.get("MultiAZ", False),
        subnet_group=beside(arn, "subgrp", database["DBSubnetGroup"]["DBSubnetGroupName"]),
        groups=tuple(group["VpcSecurityGroupId"] for group in database.get("VpcSecurityGroups", [])),
        public=database.get("PubliclyAccessible", False),
        parameter_group=beside(arn, "pg", database["DBParameterGroups"][0]["DBParameterGroupName"]),
        port=port or int(asked.get("port", 0)),
        database=database.get("DBName") or "",
        user=database["MasterUsername"],
        managed_password="MasterUserSecret" in database,
        backup_retention=now.get("BackupRetentionPeriod", 0),
        backup_window=database.get("PreferredBackupWindow", ""),
        maintenance_window=database.get("PreferredMaintenanceWindow", ""),
        minor_upgrades=database.get("AutoMinorVersionUpgrade", False),
        tags_on_snapshots=database.get("CopyTagsToSnapshot", False),
        guarded=database.get("DeletionProtection", False),
        protected=PROTECTED in tags,
        waiting=waiting(database),
        apply=WINDOW,
        on_removal=tags.get(ON_REMOVAL, "snapshot"),
    )


def waiting(database: Mapping[str, Any]) -> tuple[str, ...]:
    """The fields whose change waits for the window; while it's being changed, nothing waits."""
    if database["DBInstanceStatus"] not in STANDING:
        return ()
    return tuple(sorted(PENDING[key] for key in database.get("PendingModifiedValues", {}) if key in PENDING))


def wanted_state(part: Database, ids: Mapping[str, str]) -> DatabaseState:
    """The part in the same words."""
    return DatabaseState(
        engine=part.engine,
        version=part.version,
        instance_class=part.instance_class,
        storage=part.storage,
        max_storage=part.max_storage,
        encrypted=True,
        kms_key=part.kms_key or "",
        multi_zone=part.multi_zone,
        subnet_group=ids[part.subnet_group],
        groups=tuple(ids[group] for group in part.groups),
        public=False,
        parameter_group=ids[part.parameter_group],
        port=part.port,
        database=part.database or "",
        user=part.user,
        managed_password=True,
        backup_retention=part.backup_retention,
        backup_window=part.backup_window or "",
        maintenance_window=part.maintenance_window or "",
        minor_upgrades=part.minor_upgrades,
        tags_on_snapshots=True,
        guarded=True,
        protected=part.deletion_protection,
        waiting=(),
        apply=part.apply,
        on_removal=part.on_removal,
    )
