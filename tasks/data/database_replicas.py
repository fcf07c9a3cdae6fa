"""What a database's replicas ask of it: what can't be changed while it has any, and whose turn comes first."""

from collections.abc import Mapping
from typing import Any

from tasks.data.database_changes import ask, await_change
from tasks.data.database_instance import NOW, major
from tasks.data.database_listing import described, name_of, settled
from tasks.data.database_state import DatabaseState
from tasks.errors import Refused
from tasks.scope import PART, Scope, as_dict

REPLICAS_FIRST = ("mysql", "mariadb")
"""Engines whose replicas get a new major version before their source; those of PostgreSQL get it along with it.

https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_UpgradeDBInstance.MySQL.html
"""
HELD = frozenset({"managed_password", "backup_retention", "version"})  # fields that replicas have a word in


def make_way(scope: Scope, name: str, wanted: DatabaseState, changed: frozenset[str]) -> None:
    """Upgrade its replicas first, where AWS wants that. Raises Refused for what can't be while there are any."""
    if not changed & HELD or not (standing := settled(scope, name)):
        return
    if not standing.get("ReadReplicaDBInstanceIdentifiers"):
        return
    way_out = "Raise it without its replicas first"
    if "managed_password" in changed and wanted.managed_password:
        why = "it has replicas, and AWS keeps them of no database whose password RDS keeps"
        raise Refused(f"database {name}", why, f"{way_out}, and then with password: rds")
    if "backup_retention" in changed and not wanted.backup_retention:
        why = "it has replicas, and AWS keeps the backups of such a one"
        raise Refused(f"database {name}", why, f"{way_out}, and then with backup_retention: 0")
    if "version" in changed and wanted.apply == NOW and wanted.engine in REPLICAS_FIRST:
        _upgrade(scope, own_replicas(scope, standing), wanted)


def own_replicas(scope: Scope, database: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The replicas of a database that are the environment's, as AWS describes them. Those made by hand aren't."""
    told = [described(scope, name) for name in database.get("ReadReplicaDBInstanceIdentifiers", ())]
    return [one for one in told if one is not None and _ours(scope, as_dict(one.get("TagList")))]


def is_replica(database: Mapping[str, Any]) -> bool:
    """Whether it follows another one; promoted, it doesn't."""
    return bool(database.get("ReadReplicaSourceDBInstanceIdentifier"))


def _ours(scope: Scope, tags: Mapping[str, str]) -> bool:
    return scope.owns(tags) and tags.get(PART, "").startswith("database-replica/")


def _upgrade(scope: Scope, replicas: list[dict[str, Any]], wanted: DatabaseState) -> None:
    """All at once, with their parameters' group."""
    older = [one for one in replicas if major(wanted.engine, one["EngineVersion"]) != wanted.version]
    names = [one["DBInstanceIdentifier"] for one in older]
    for replica in names:
        scope.go_ahead.check()
        ask(
            scope,
            replica,
            EngineVersion=wanted.version,
            AllowMajorVersionUpgrade=True,
            DBParameterGroupName=name_of(wanted.parameter_group),
            ApplyImmediately=True,
        )
    for replica in names:
        await_change(scope, replica, lambda one: major(wanted.engine, one["EngineVersion"]) == wanted.version)
