"""Who there is, in which groups, and when a key or a password was last used."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel

from tasks.each import each
from tasks.identity.access_key import keys_of, secrets_of
from tasks.identity.holding import details
from tasks.identity.home import part_at
from tasks.scope import Scope, as_dict


class Use(BaseModel):
    """A user, and one of its keys; without a key, the user alone. Times are UTC; None is never."""

    user: str
    groups: tuple[str, ...]
    password_used: datetime | None = None
    key: str = ""
    status: str = ""
    made: datetime | None = None
    used: datetime | None = None
    service: str = ""
    secret: str = ""


def last_used(scope: Scope) -> list[Use]:
    """Every user of the environment with each of its keys, also those made by hand. A call a user and one a key."""
    scope.look_afresh()
    people = [one for one in details(scope, "User") if part_at(scope, one["Path"], as_dict(one.get("Tags")))]
    listed = {one["UserName"]: one for one in scope.pages("iam", "list_users", "Users")} if people else {}
    kept = {one.key: one.name for one in secrets_of(scope)}
    found = each(lambda one: keys_of(scope, str(one["UserName"])), people)
    return [use for user, keys in found for use in _uses(scope, user, keys, listed, kept)]


def _uses(
    scope: Scope, user: dict[str, Any], keys: list[dict[str, Any]], listed: dict[str, Any], kept: dict[str, str]
) -> Iterator[Use]:
    password = listed.get(user["UserName"], {}).get("PasswordLastUsed")
    told = Use(user=user["UserName"], groups=tuple(sorted(user.get("GroupList", []))), password_used=password)
    for key in keys:
        asked = scope.iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
        yield told.model_copy(
            update={
                "key": key["AccessKeyId"],
                "status": key["Status"],
                "made": key["CreateDate"],
                "used": asked.get("LastUsedDate"),
                "service": "" if asked.get("ServiceName") == "N/A" else asked.get("ServiceName", ""),
                "secret": kept.get(key["AccessKeyId"], ""),
            }
        )
    if not keys:
        yield told


def days_since(moment: datetime | None, now: datetime) -> str:
    """`3 d`; `never` where there's none."""
    return "never" if moment is None else f"{(now - moment.astimezone(UTC)).days} d"
