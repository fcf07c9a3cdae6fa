"""Who there is, in which groups, and when a key or a password was last used."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from tasks.each import each
from tasks.identity.access_key import key_in, keys_of, secrets_of
from tasks.identity.holding import details
from tasks.identity.home import home_at, part_at
from tasks.identity.keeping import LOGIN_OF, kept_under
from tasks.scope import Scope, as_dict

UNUSED = 90  # days: https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-8
COLUMNS = ("who", "what", "in", "status", "age", "used", "by", "kept in", "idle")


class Use(BaseModel):
    """A user, and one of its keys; without a key, its password, if it has one. Times are UTC; None is never.

    `since`: when the user was made, or its key. `idle`: it wasn't used for so many days; what was never used counts
    from when it was made.
    """

    model_config = ConfigDict(frozen=True)

    user: str
    groups: tuple[str, ...]
    password_used: datetime | None = None
    key: str = ""
    status: str = ""
    since: datetime
    used: datetime | None = None
    service: str = ""
    secret: str = ""
    idle: bool = False


class GroupUse(BaseModel):
    """A group, how many are in it, and when one of them last used anything. `idle`: nobody did for so many days."""

    model_config = ConfigDict(frozen=True)

    group: str
    members: int
    used: datetime | None
    idle: bool


class LastUsed(BaseModel):
    """Of an environment, at a moment: its people and its groups. `unused` are the days after which one is idle."""

    environment: str
    region: str
    moment: datetime
    unused: int
    people: tuple[Use, ...]
    groups: tuple[GroupUse, ...]
    calls: dict[str, int]

    @property
    def idle(self) -> int:
        """How many rows are marked."""
        return sum(one.idle for one in self.people) + sum(one.idle for one in self.groups)

    def rows(self) -> list[dict[str, str]]:
        """A table for people, by COLUMNS: users with their keys first, then groups."""
        told = [_row(self, one) for one in self.people]
        for group in self.groups:
            many = f"{group.members} {'user' if group.members == 1 else 'users'}"
            used = days_since(group.used, self.moment)
            told.append({"who": group.group, "what": "group", "in": many, "used": used, "idle": _mark(self, group)})
        return [{column: row.get(column, "") for column in COLUMNS} for row in told]


def last_used(scope: Scope, unused: int = UNUSED) -> LastUsed:
    """Every user of the environment with each of its keys, also those made by hand. A call a user and one a key."""
    scope.look_afresh()
    people = [one for one in details(scope, "User") if part_at(scope, one["Path"], as_dict(one.get("Tags")))]
    listed = {one["UserName"]: one for one in scope.pages("iam", "list_users", "Users")} if people else {}
    kept = {key_in(one): one.name for one in secrets_of(scope)}
    kept |= {one.tags[LOGIN_OF]: one.name for one in kept_under(scope, LOGIN_OF)}
    found = each(lambda one: keys_of(scope, str(one["UserName"])), people)
    before = scope.now - timedelta(days=unused)
    uses = tuple(_judged(use, before) for user, keys in found for use in _uses(scope, user, keys, listed, kept))
    return LastUsed(
        environment=str(scope.environment),
        region=scope.region,
        moment=scope.now,
        unused=unused,
        people=tuple(sorted(uses, key=lambda one: (one.user, one.key))),
        groups=tuple(sorted(_groups(scope, uses, before), key=lambda one: one.group)),
        calls=scope.calls.summary(),
    )


def days_since(moment: datetime | None, now: datetime) -> str:
    """`3 d`; `never` where there's none. A clock that is ahead of AWS's is no day."""
    return "never" if moment is None else f"{max((now - moment.astimezone(UTC)).days, 0)} d"


def _uses(
    scope: Scope, user: dict[str, Any], keys: list[dict[str, Any]], listed: dict[str, Any], kept: dict[str, str]
) -> Iterator[Use]:
    password = listed.get(user["UserName"], {}).get("PasswordLastUsed")
    groups = tuple(sorted(user.get("GroupList", [])))
    told = Use(
        user=user["UserName"],
        groups=groups,
        password_used=password,
        since=user["CreateDate"],
        secret=kept.get(user["Arn"], ""),
    )
    if not keys or password or told.secret:
        yield told
    for key in keys:
        asked = scope.iam.get_access_key_last_used(AccessKeyId=key["AccessKeyId"])["AccessKeyLastUsed"]
        yield told.model_copy(
            update={
                "key": key["AccessKeyId"],
                "status": key["Status"],
                "since": key["CreateDate"],
                "used": asked.get("LastUsedDate"),
                "service": "" if asked.get("ServiceName") == "N/A" else asked.get("ServiceName", ""),
                "secret": kept.get(key["AccessKeyId"], ""),
            }
        )


def _judged(use: Use, before: datetime) -> Use:
    last = (use.used if use.key else use.password_used) or use.since
    return use.model_copy(update={"idle": last < before})


def _groups(scope: Scope, uses: Iterable[Use], before: datetime) -> Iterator[GroupUse]:
    """Those of the environment. One that nobody is in is idle from the day on that it's too old."""
    for group in details(scope, "Group"):
        if home_at(scope, group["Path"]) is None:
            continue
        inside = [one for one in uses if group["GroupName"] in one.groups]
        moments = [moment for one in inside for moment in (one.used, one.password_used) if moment]
        used, members = max(moments, default=None), len({one.user for one in inside})
        yield GroupUse(
            group=group["GroupName"], members=members, used=used, idle=(used or group["CreateDate"]) < before
        )


def _row(report: LastUsed, use: Use) -> dict[str, str]:
    common = {"who": use.user, "in": ", ".join(use.groups), "age": days_since(use.since, report.moment)}
    if not use.key:
        used = days_since(use.password_used, report.moment)
        return common | {"what": "password", "used": used, "kept in": use.secret, "idle": _mark(report, use)}
    return common | {
        "what": f"key {use.key}",
        "status": use.status,
        "used": days_since(use.used, report.moment),
        "by": use.service,
        "kept in": use.secret or "by hand",
        "idle": _mark(report, use),
    }


def _mark(report: LastUsed, one: Use | GroupUse) -> str:
    return f"unused for {report.unused} days" if one.idle else ""
