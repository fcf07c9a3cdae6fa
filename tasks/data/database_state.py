"""A database's state, as RDS tells it and as it's wanted, and what each field is in RDS's calls."""

from collections.abc import Mapping
from typing import Any

from blueprints.databases import Database
from tasks.data.database_instance import InstanceState, asked_tag, told_of, wanted_of, with_pending
from tasks.kind import AtBirth, Fixed
from tasks.scope import KMS_KEY, ON_REMOVAL

PROTECTED = "castra:protected"
SECRET = "castra:secret"  # the ARN of the secret that its password is from, where RDS doesn't keep that itself
RESTORED_FROM = "castra:restored-from"  # the ARN of the snapshot that it was made of


class DatabaseState(InstanceState):
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Overview.DBInstance.Modifying.html

    `guarded`: AWS's own deletion protection. `protected`: Castra's. `kms_key` is empty for the account's own.
    `managed_password`: RDS makes it, and keeps it. `secret`: the ARN of the secret that has it otherwise, never it.
    """

    engine: Fixed[str]
    encrypted: Fixed[bool]
    kms_key: Fixed[str]
    database: Fixed[str]
    user: Fixed[str]
    managed_password: bool
    secret: str
    backup_retention: int
    backup_window: str
    tags_on_snapshots: bool
    guarded: bool
    protected: bool
    snapshot: AtBirth[str]
    on_removal: str

    def uncompared(self) -> frozenset[str]:
        """What is AWS's choice, too: the time of its backups, and whether there's a first database."""
        return super().uncompared() | {name for name in ("backup_window", "database") if not getattr(self, name)}

    def retold(self, found: "DatabaseState") -> frozenset[str]:
        """Its password moves to another secret."""
        moves = (self.managed_password, self.secret) != (found.managed_password, found.secret)
        return frozenset({"secret"} if moves else ())


def told_state(database: Mapping[str, Any], tags: Mapping[str, str]) -> DatabaseState:
    """What stands; what is pending counts as made, so that no second run asks for it again."""
    managed = "MasterUserSecret" in database
    return DatabaseState(
        **told_of(database, tags),
        engine=database["Engine"],
        encrypted=database.get("StorageEncrypted", False),
        kms_key=database.get("KmsKeyId", "") if KMS_KEY in tags else "",
        database=database.get("DBName") or "",
        user=database["MasterUsername"],
        managed_password=managed,
        secret="" if managed else tags.get(SECRET, ""),
        backup_retention=with_pending(database).get("BackupRetentionPeriod", 0),
        backup_window=database.get("PreferredBackupWindow", ""),
        tags_on_snapshots=database.get("CopyTagsToSnapshot", False),
        guarded=database.get("DeletionProtection", False),
        protected=PROTECTED in tags,
        snapshot=tags.get(RESTORED_FROM, ""),
        on_removal=tags.get(ON_REMOVAL, "snapshot"),
    )


def wanted_state(part: Database, ids: Mapping[str, str]) -> DatabaseState:
    """The part in the same words."""
    return DatabaseState(
        **wanted_of(part, ids),
        engine=part.engine,
        encrypted=part.encrypted,
        kms_key=part.kms_key or "",
        database=part.database or "",
        user=part.user,
        managed_password=part.secret is None,
        secret=ids[part.secret] if part.secret else "",
        backup_retention=part.backup_retention,
        backup_window=part.backup_window or "",
        maintenance_window=part.maintenance_window or "",
        tags_on_snapshots=True,
        guarded=True,
        protected=part.deletion_protection,
        snapshot=part.snapshot or "",
        on_removal=part.on_removal,
    )


def noted(wanted: DatabaseState) -> dict[str, str]:
    """What RDS doesn't tell of it, or tells later only, as tags."""
    maybe = {PROTECTED: "true" if wanted.protected else "", SECRET: wanted.secret, RESTORED_FROM: wanted.snapshot}
    maybe |= {KMS_KEY: "chosen" if wanted.kms_key else ""}
    return asked_tag(wanted) | {ON_REMOVAL: wanted.on_removal} | {key: value for key, value in maybe.items() if value}
