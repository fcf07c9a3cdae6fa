"""How a database goes: AWS's protection ended, a last snapshot taken, and both awaited."""

import secrets
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from tasks.data.database_listing import FAILED, GONE, LEAVING, STANDING, described, settled
from tasks.data.database_replicas import is_replica, own_replicas
from tasks.data.database_state import PROTECTED
from tasks.errors import Refused, code_of, gone_is_fine
from tasks.scope import ENVIRONMENT, KEPT, ON_REMOVAL, Scope, as_dict, as_list
from tasks.waiting import wait_for, wait_until

SOURCE = "castra:source"  # on a last snapshot: the ARN of the database that it is of
GONE_WITHIN = 7200.0  # seconds, with a last snapshot of all its data
ASKED_WITHIN = 900.0  # seconds for which something else may be under way
BUSY = "InvalidDBInstanceState"
WIPED = {"SkipFinalSnapshot": True}


def remove(scope: Scope, name: str) -> None:
    """Remove a database or a replica, and return once it's gone. Gone already is fine.

    The environment's replicas of it go first: AWS would make databases of them. Raises Refused for one that is
    protected, and where a last snapshot is to be taken, and AWS takes none.
    """
    database = settled(scope, name)
    if database is None:
        return
    if database["DBInstanceStatus"] != LEAVING:
        _let_go(scope, name, database)
    _await_end(scope, name)


def _let_go(scope: Scope, name: str, database: dict[str, Any]) -> None:
    tags = as_dict(database.get("TagList"))
    snapshot = tags.get(ON_REMOVAL, "snapshot") == "snapshot" and not is_replica(database)
    if PROTECTED in tags:
        way_out = "Set deletion_protection: false, raise that, and run this again"
        raise Refused(f"database {name}", "its deletion protection is on", way_out)
    if snapshot and (status := database["DBInstanceStatus"]) in FAILED:
        way_out = "Restore it by hand to a point in time; or set on_removal: wipe, raise that, and run this again"
        raise Refused(f"database {name}", f"it is {status}, and AWS takes no last snapshot of it then", way_out)
    replicas = [one["DBInstanceIdentifier"] for one in own_replicas(scope, database)]
    for replica in replicas:
        if (told := settled(scope, replica)) and told["DBInstanceStatus"] != LEAVING:
            _ask(scope, replica, WIPED)
    for replica in replicas:
        _await_end(scope, replica)
    if database.get("DeletionProtection"):
        _end_protection(scope, name, database)
    _ask(scope, name, _last(scope, database) if snapshot else WIPED)


def _await_end(scope: Scope, name: str) -> None:
    wait_for(scope, "rds", "db_instance_deleted", f"the end of database {name}", GONE_WITHIN, DBInstanceIdentifier=name)


def _end_protection(scope: Scope, name: str, database: dict[str, Any]) -> None:
    """AWS changes nothing of a stopped one: it's started for that."""
    rds = scope.client("rds")
    if database["DBInstanceStatus"] == "stopped":
        rds.start_db_instance(DBInstanceIdentifier=name)
        settled(scope, name, STANDING - {"stopped"} | FAILED)
    scope.go_ahead.check()

    def ended() -> bool:
        try:
            with gone_is_fine(GONE):
                rds.modify_db_instance(DBInstanceIdentifier=name, DeletionProtection=False)
        except ClientError as error:
            if code_of(error) != BUSY:
                raise
            if database["DBInstanceStatus"] in FAILED:
                why = f"it is {database['DBInstanceStatus']}, and AWS doesn't end its protection then"
                raise Refused(f"database {name}", why, "Ask AWS's support to") from error
            return False
        return True

    wait_until(scope, ended, f"database {name}", ASKED_WITHIN, lambda: "another change of it is under way")


def _last(scope: Scope, database: dict[str, Any]) -> dict[str, Any]:
    """What asks for a last snapshot, under a name that no other has.

    It is born with the database's tags, so that one that tells what it's of is set on that first.
    """
    arn, name = database["DBInstanceArn"], database["DBInstanceIdentifier"]
    whose = as_dict(database.get("TagList")).get(ENVIRONMENT, str(scope.environment))
    scope.client("rds").add_tags_to_resource(ResourceName=arn, Tags=as_list({KEPT: whose, SOURCE: arn}))
    return {"FinalDBSnapshotIdentifier": f"{name}-last-{scope.now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}"}


def _ask(scope: Scope, name: str, how: Mapping[str, Any]) -> None:
    """Ask for its end; sent twice, as when an answer was lost, it's on its way already."""
    delete = scope.client("rds").delete_db_instance

    def asked() -> bool:
        scope.go_ahead.check()
        try:
            with gone_is_fine(GONE):
                delete(DBInstanceIdentifier=name, **how)
        except ClientError as error:
            if code_of(error) != BUSY:
                raise
            there = described(scope, name)
            return there is None or there["DBInstanceStatus"] == LEAVING
        return True

    wait_until(scope, asked, f"database {name}", ASKED_WITHIN, lambda: "another change of it is under way")
