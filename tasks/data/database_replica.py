"""Read replicas of databases of RDS."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from blueprints.replicas import DatabaseReplica
from tasks.data.database_changes import STOPPED, change
from tasks.data.database_instance import (
    InstanceState,
    asked_tag,
    await_available,
    endpoint_of,
    note_of,
    phase_of,
    settings_of,
    told_of,
    wanted_of,
)
from tasks.data.database_listing import (
    TaggedByRds,
    beside,
    called,
    described,
    name_of,
    refuse_foreign,
    standing_databases,
)
from tasks.data.database_removal import remove
from tasks.data.database_replicas import is_replica
from tasks.errors import CastraError, Refused, code_of
from tasks.kind import AtBirth, Fixed, Found
from tasks.retry import when_released
from tasks.scope import Scope, as_dict, as_list


class DatabaseReplicaState(InstanceState):
    """https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html

    `source` is the ARN of the database that it follows; empty for one that was promoted, and follows none. Encryption,
    users and backups are that database's.
    """

    source: Fixed[str]
    zone: Fixed[str]
    maintenance_window: AtBirth[str]  # AWS's choice

    def uncompared(self) -> frozenset[str]:
        """Its zone is AWS's choice, where nothing is said of it."""
        return super().uncompared() | (set() if self.zone else {"zone"})


class DatabaseReplicaKind(TaggedByRds[DatabaseReplica, DatabaseReplicaState]):
    """Read replicas of databases of RDS."""

    name = "database-replica"
    holds = "its copy of the data"
    goes_first = True  # with a database that is replaced, its replicas have gone before
    actions = (
        "kms:CreateGrant",
        "kms:DescribeKey",
        "rds:AddTagsToResource",
        "rds:CreateDBInstanceReadReplica",
        "rds:CreateDBSnapshot",
        "rds:DeleteDBInstance",
        "rds:DescribeDBInstances",
        "rds:ModifyDBInstance",
        "rds:RemoveTagsFromResource",
    )

    def owned(self, scope: Scope) -> Iterator[Found[DatabaseReplicaState]]:
        """From the listing of all databases."""
        for database, tags in standing_databases(scope):
            if name := self.named_in(tags):
                promoted = f"a last snapshot of {database['DBInstanceIdentifier']}, which was promoted,"
                yield Found(
                    self.name,
                    name,
                    database["DBInstanceArn"],
                    _told_state(database, tags),
                    tags,
                    phase_of(database),
                    outputs=endpoint_of(database),
                    keeps="" if is_replica(database) else promoted,
                    note=f"{note_of(self.key(name), database)} {_lag(self.key(name), database)}".strip(),
                )

    def wanted(self, part: DatabaseReplica, ids: Mapping[str, str]) -> DatabaseReplicaState:
        """See the base."""
        own = {"source": ids[part.source], "zone": part.zone or "", "maintenance_window": ""}
        return DatabaseReplicaState(**wanted_of(part, ids), **own)

    def create(self, scope: Scope, name: str, wanted: DatabaseReplicaState) -> str:
        """Its name is unique, so it can't be made twice; one made by a call that got lost is taken."""
        replica, source = called(scope, name, variant=wanted.foundation), name_of(wanted.source)
        make = scope.client("rds").create_db_instance_read_replica
        asked = _asked(wanted, _source(scope, source))
        tags = as_list(self.birth_tags(scope, name, wanted) | asked_tag(wanted))
        try:
            made = when_released(f"database {source}", make, DBInstanceIdentifier=replica, Tags=tags, **asked)
            return str(made["DBInstance"]["DBInstanceArn"])
        except ClientError as error:
            if code_of(error) != "DBInstanceAlreadyExists":
                raise
        there = described(scope, replica) or {}
        refuse_foreign(scope, self.key(name), f"a database {replica}", as_dict(there.get("TagList")))
        return str(there["DBInstanceArn"])

    def ready(self, scope: Scope, id: str) -> None:
        """Ten minutes and more: it begins with a copy of all data."""
        await_available(scope, id)

    def update(self, scope: Scope, id: str, wanted: DatabaseReplicaState, changed: frozenset[str]) -> None:
        """As a database is: in one call, at once or in the maintenance window."""
        change(scope, name_of(id), wanted, changed, _told_state, lambda _, standing: settings_of(wanted, standing))
        self.tag(scope, id, asked_tag(wanted))

    def delete(self, scope: Scope, id: str) -> None:
        """AWS takes no snapshot of a replica; of one that was promoted, a last one stays."""
        remove(scope, name_of(id))


def _told_state(database: Mapping[str, Any], tags: Mapping[str, str]) -> DatabaseReplicaState:
    source = database.get("ReadReplicaSourceDBInstanceIdentifier")
    return DatabaseReplicaState(
        **told_of(database, tags),
        source=beside(database["DBInstanceArn"], "db", source) if source else "",
        zone=database.get("AvailabilityZone", ""),
    )


def _source(scope: Scope, name: str) -> dict[str, Any]:
    """The database that it's to follow. Raises Refused for one that is stopped, CastraError where it's gone."""
    source = described(scope, name)
    if source is None:
        raise CastraError(f"database {name}", "it is gone", "Run again: it will be made")
    if source["DBInstanceStatus"] == STOPPED:
        why = "it is stopped, and AWS makes replicas of none that is"
        raise Refused(f"database {name}", why, f"Start it (castra resume {scope.environment}), and run again")
    return source


def _asked(wanted: DatabaseReplicaState, source: Mapping[str, Any]) -> dict[str, Any]:
    """As CreateDBInstanceReadReplica takes it. What isn't said is as its source has it: there may be no fewer GiB."""
    maybe = {
        "AvailabilityZone": wanted.zone,
        "MaxAllocatedStorage": wanted.max_storage,
        "AllocatedStorage": wanted.storage if wanted.storage > source["AllocatedStorage"] else 0,
    }
    return {key: value for key, value in maybe.items() if value} | {
        "SourceDBInstanceIdentifier": name_of(wanted.source),
        "DBInstanceClass": wanted.instance_class,
        "MultiAZ": wanted.multi_zone,
        "VpcSecurityGroupIds": list(wanted.groups),
        "PubliclyAccessible": wanted.public,
        "Port": wanted.port,
        "AutoMinorVersionUpgrade": wanted.minor_upgrades,
    }


def _lag(key: str, database: Mapping[str, Any]) -> str:
    """That it follows its source no more, and why, where AWS says so."""
    wrong = [one for one in database.get("StatusInfos", ()) if not one.get("Normal", True)]
    said = [f"{one.get('Status')}{': ' if one.get('Message') else ''}{one.get('Message', '')}" for one in wrong]
    return f"{key} doesn't follow its database: {'; '.join(said)}." if said else ""
