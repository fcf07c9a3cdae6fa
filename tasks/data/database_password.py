"""The password of a database's master user: RDS's own, or from a secret of the environment; it is kept nowhere here."""

import json
from collections.abc import Mapping
from typing import Any

from tasks.data.database_changes import await_change
from tasks.data.database_state import SECRET, DatabaseState
from tasks.errors import CastraError
from tasks.scope import Scope

PASSWORD = frozenset({"managed_password", "secret"})


def asking_for(scope: Scope, wanted: DatabaseState, standing: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """As CreateDBInstance takes it, and ModifyDBInstance, for one that stands.

    RDS's own ends only beside a new one: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html
    """
    if wanted.managed_password:
        return {"ManageMasterUserPassword": True}
    ends = {"ManageMasterUserPassword": False} if "MasterUserSecret" in (standing or {}) else {}
    return {"MasterUserPassword": _from_secret(scope, wanted.secret), **ends}


def password_moved(scope: Scope, name: str, wanted: DatabaseState, changed: frozenset[str]) -> None:
    """Wait until it's as it was asked for, which AWS sees to at once, whatever else waits for the window."""

    def moved(database: Mapping[str, Any]) -> bool:
        pending = "MasterUserPassword" in database.get("PendingModifiedValues", {})
        return not pending and ("MasterUserSecret" in database) == wanted.managed_password

    if changed & PASSWORD:
        await_change(scope, name, moved)


def secret_of(database: Mapping[str, Any], tags: Mapping[str, str]) -> dict[str, str]:
    """The ARN of the secret that has it, as others are told it."""
    arn = database.get("MasterUserSecret", {}).get("SecretArn") or tags.get(SECRET)
    return {"secret": str(arn)} if arn else {}


def _from_secret(scope: Scope, arn: str) -> str:
    """The password in a secret. Raises CastraError where it's in another form; what it is, is told nowhere."""
    value = scope.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
    try:
        return str(json.loads(value)["password"])
    except (ValueError, TypeError, KeyError):
        pass
    raise CastraError(
        f"secret {arn}", "it has no JSON with a `password`", "Delete it, and raise again: it is made anew"
    )
