"""Databases by night: stopped, and started again."""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from tasks.data.database_listing import FAILED, LEAVING, STANDING, name_of, settled, standing_databases
from tasks.data.database_replicas import is_replica
from tasks.errors import CastraError, code_of
from tasks.scope import PART, PAUSED, Scope, as_list

STOPPED = "stopped"
RUNNING = STANDING - {STOPPED}
ON_ITS_WAY = frozenset({"stopping", "starting"})


def stoppable_databases(scope: Scope) -> Iterator[tuple[str, Mapping[str, Any], dict[str, str]]]:
    """ARN, database and tags of those that stand; of the replicas, too, which can't be stopped."""
    for database, tags in standing_databases(scope):
        if tags.get(PART, "").startswith(("database/", "database-replica/")) and database[
            "DBInstanceStatus"
        ] not in FAILED | {LEAVING}:
            yield database["DBInstanceArn"], database, tags


def pause_database(database: Mapping[str, Any], tags: Mapping[str, str]) -> tuple[bool, str]:
    """Whether it is to be stopped, and why or why not. AWS stops none that has replicas, nor those.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_StopInstance.html
    """
    if database.get("ReadReplicaDBInstanceIdentifiers"):
        return False, "it runs on: it has replicas, and AWS stops none that has"
    if is_replica(database):
        return False, "it runs on: AWS stops no replica"
    status = database["DBInstanceStatus"]
    return status != STOPPED and (status not in ON_ITS_WAY or PAUSED in tags), f"it is {status}"


def resume_database(database: Mapping[str, Any], tags: Mapping[str, str]) -> tuple[bool, str]:
    """Whether it is to be started, and why or why not. After seven days, AWS starts it by itself."""
    return PAUSED in tags, f"it is {database['DBInstanceStatus']}" if PAUSED in tags else "it isn't paused"


def stop_database(scope: Scope, arn: str) -> None:
    """Write down that it's paused, then stop it, once no change of it is under way."""
    rds = scope.client("rds")
    rds.add_tags_to_resource(ResourceName=arn, Tags=as_list({PAUSED: "running"}))
    _bring(scope, arn, STOPPED, rds.stop_db_instance)


def start_database(scope: Scope, arn: str) -> None:
    """Start it, then write down that it's no longer paused."""
    rds = scope.client("rds")
    _bring(scope, arn, "available", rds.start_db_instance)
    scope.go_ahead.check()
    rds.remove_tags_from_resource(ResourceName=arn, TagKeys=[PAUSED])


def _bring(scope: Scope, arn: str, goal: str, call: Any) -> None:
    name, there = name_of(arn), frozenset({STOPPED}) if goal == STOPPED else RUNNING
    if (status := _status(scope, name)) in there:
        return
    if status not in FAILED:
        scope.go_ahead.check()
        try:
            call(DBInstanceIdentifier=name)
        except ClientError as error:
            if code_of(error) != "InvalidDBInstanceState":  # somebody else was quicker, or its answer was lost
                raise
        status = _status(scope, name)
    if status not in there:
        raise CastraError(f"database {name}", f"it is {status}, and not {goal}", "Look at its events in RDS's console")


def _status(scope: Scope, name: str) -> str:
    """Its state, once no change of that is under way. Raises CastraError where it's gone."""
    database = settled(scope, name)
    if database is None:
        raise CastraError(f"database {name}", "it is gone", "Run the same command again")
    return str(database["DBInstanceStatus"])
