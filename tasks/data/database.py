"""Databases of RDS: PostgreSQL, MySQL and MariaDB."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.databases import Database
from tasks.data.database_changes import change
from tasks.data.database_listing import (
    FAILED,
    LEAVING,
    STANDING,
    TaggedByRds,
    called,
    described,
    name_of,
    refuse_foreign,
    settled,
    standing_databases,
)
from tasks.data.database_removal import remove
from tasks.data.database_state import ASKED, PROTECTED, DatabaseState, told_state, waiting, wanted_state
from tasks.errors import CastraError, code_of
from tasks.kind import Found, Phase
from tasks.retry import when_visible
from tasks.scope import KMS_KEY, ON_REMOVAL, Scope, as_dict, as_list


class DatabaseKind(TaggedByRds[Database, DatabaseState]):
    """Databases of RDS: PostgreSQL, MySQL and MariaDB."""

    name = "database"
    holds = "all data in it"
    goes_first = True  # AWS keeps one of a name
    actions = (
        "iam:CreateServiceLinkedRole",
        "kms:CreateGrant",
        "kms:DescribeKey",
        "rds:AddTagsToResource",
        "rds:CreateDBInstance",
        "rds:CreateDBSnapshot",
        "rds:DeleteDBInstance",
        "rds:DescribeDBInstances",
        "rds:ModifyDBInstance",
        "rds:RemoveTagsFromResource",
        "rds:StartDBInstance",
        "secretsmanager:CreateSecret",
        "secretsmanager:TagResource",
    )

    def owned(self, scope: Scope) -> Iterator[Found[DatabaseState]]:
        """One listing, tags and all."""
        for database, tags in standing_databases(scope):
            if name := self.named_in(tags):
                snapshot = tags.get(ON_REMOVAL, "snapshot") == "snapshot"
                yield Found(
                    self.name,
                    name,
                    database["DBInstanceArn"],
                    told_state(database, tags),
                    tags,
                    _phase(database),
                    outputs=_outputs(database),
                    protected=PROTECTED in tags,
                    keeps=f"a last snapshot of {database['DBInstanceIdentifier']}" if snapshot else "",
                    loses="" if snapshot else "all data in it, and its backups,",
                    note=_note(self.key(name), database),
                )

    def wanted(self, part: Database, ids: Mapping[str, str]) -> DatabaseState:
        """See the base."""
        return wanted_state(part, ids)

    def create(self, scope: Scope, name: str, wanted: DatabaseState) -> str:
        """Its name is unique, so it can't be made twice; one made by a call that got lost is taken."""
        database = called(scope, name, variant=wanted.foundation)
        tags = self.birth_tags(scope, name, wanted) | noted(wanted)
        try:
            made = when_visible(
                f"what database {name} stands in",
                scope.client("rds").create_db_instance,
                DBInstanceIdentifier=database,
                Tags=as_list(tags),
                **_asked(wanted),
            )
            return str(made["DBInstance"]["DBInstanceArn"])
        except ClientError as error:
            if code_of(error) != "DBInstanceAlreadyExists":
                raise
        there = described(scope, database) or {}
        refuse_foreign(scope, self.key(name), f"a database {database}", as_dict(there.get("TagList")))
        return str(there["DBInstanceArn"])

    def ready(self, scope: Scope, id: str) -> None:
        """Five to ten minutes; longer with a second zone."""
        database = settled(scope, name_of(id))
        if database is None:
            raise CastraError(f"database {name_of(id)}", "it is gone", "Run again: it will be made")
        if (status := database["DBInstanceStatus"]) in FAILED:
            why = f"it is {status}, which doesn't end by itself"
            way_out = "Look at its events in RDS's console; Castra never replaces it by itself, for its data's sake"
            raise CastraError(f"database {name_of(id)}", why, way_out)

    def update(self, scope: Scope, id: str, wanted: DatabaseState, changed: frozenset[str]) -> None:
        """In one call, once no other change is under way; at once or in the maintenance window, as `apply` says."""
        change(scope, name_of(id), wanted, changed)
        unprotected = frozenset() if wanted.protected else frozenset({PROTECTED})
        self.tag(scope, id, noted(wanted), unprotected)

    def delete(self, scope: Scope, id: str) -> None:
        """With a last snapshot, unless it's to be wiped. AWS's protection of it, which is against hands, is ended."""
        remove(scope, name_of(id))


def noted(wanted: DatabaseState) -> dict[str, str]:
    """What RDS doesn't tell of it, or tells later only, as tags."""
    tags = {ON_REMOVAL: wanted.on_removal, ASKED: f"storage={wanted.storage} port={wanted.port}"}
    tags |= {PROTECTED: "true"} if wanted.protected else {}
    return tags | ({KMS_KEY: "chosen"} if wanted.kms_key else {})


def _asked(wanted: DatabaseState) -> dict[str, Any]:
    """As CreateDBInstance takes it. What isn't said is left to AWS."""
    maybe = {
        "MaxAllocatedStorage": wanted.max_storage,
        "KmsKeyId": wanted.kms_key,
        "DBName": wanted.database,
        "PreferredBackupWindow": wanted.backup_window,
        "PreferredMaintenanceWindow": wanted.maintenance_window,
    }
    return {key: value for key, value in maybe.items() if value} | {
        "Engine": wanted.engine,
        "EngineVersion": wanted.version,
        "DBInstanceClass": wanted.instance_class,
        "AllocatedStorage": wanted.storage,
        "StorageType": "gp3",
        "StorageEncrypted": True,
        "MultiAZ": wanted.multi_zone,
        "DBSubnetGroupName": name_of(wanted.subnet_group),
        "VpcSecurityGroupIds": list(wanted.groups),
        "PubliclyAccessible": wanted.public,
        "DBParameterGroupName": name_of(wanted.parameter_group),
        "Port": wanted.port,
        "MasterUsername": wanted.user,
        "ManageMasterUserPassword": True,
        "BackupRetentionPeriod": wanted.backup_retention,
        "AutoMinorVersionUpgrade": wanted.minor_upgrades,
        "CopyTagsToSnapshot": True,
        "DeletionProtection": wanted.guarded,
    }


def _phase(database: Mapping[str, Any]) -> Phase:
    """One that has failed is never told as such: it would be replaced, and its data lost."""
    status = database["DBInstanceStatus"]
    return "leaving" if status == LEAVING else "standing" if status in STANDING else "pending"


def _outputs(database: Mapping[str, Any]) -> dict[str, str]:
    told = {
        "address": database.get("Endpoint", {}).get("Address"),
        "port": database.get("Endpoint", {}).get("Port"),
        "secret": database.get("MasterUserSecret", {}).get("SecretArn"),
    }
    return {name: str(value) for name, value in told.items() if value}


def _note(key: str, database: Mapping[str, Any]) -> str:
    """What waits, for the window or for a restart."""
    said = []
    if waits := waiting(database):
        said.append(f"{key} waits for its window {database.get('PreferredMaintenanceWindow', '')}: {', '.join(waits)}.")
    if any(group.get("ParameterApplyStatus") == "pending-reboot" for group in database["DBParameterGroups"]):
        said.append(f"{key} waits for a restart: some of its parameters.")
    return " ".join(said)
